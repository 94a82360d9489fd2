//! What the agents of a session are told at its start.

use outport_protocol::{
    control::{HubMessage, Peer, RelayOffer, Start},
    orders::{Orders, Work},
    report::Counts,
    ticket::{Grant, Party, Role, SignedTicket, Ticket},
};
use outport_types::{
    CanonicalName, CollectionPath, EndpointId, Extras, PublicKey, Purpose, SessionId, TaskId,
    TicketId, UnixTime,
};
use sea_orm::{DbErr, EntityTrait as _};

use crate::{
    endpoints::canonical_name,
    keys::KeyRing,
    store::{
        Store,
        entity::{account, endpoint, task, task_orders},
    },
};

/// A session to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) task: TaskId,
    pub(super) session: SessionId,
    pub(super) source: EndpointId,
    pub(super) destination: EndpointId,
    pub(super) issued: UnixTime,
    pub(super) expires: UnixTime,
}

/// Why a session cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("the database does not answer")]
    Store(#[from] DbErr),
    #[error("the orders in the database do not read")]
    Orders(#[from] serde_json::Error),
    #[error("the task or one of its endpoints is gone, or is no longer its owner's")]
    Rights,
}

struct Side {
    endpoint: EndpointId,
    key: PublicKey,
    name: CanonicalName,
}

/// Writes the messages that open a session, each with whom it is for.
pub(super) async fn open(
    store: &Store,
    keys: &KeyRing,
    opening: Opening,
    relays: &[RelayOffer],
) -> Result<Vec<(EndpointId, HubMessage)>, OpenError> {
    let db = store.read();
    let row = task::Entity::find_by_id(opening.task.uuid()).one(db).await?;
    let row = row.ok_or(OpenError::Rights)?;
    let orders = task_orders::Entity::find_by_id(opening.task.uuid()).one(db).await?;
    let orders: Orders = serde_json::from_str(&orders.ok_or(OpenError::Rights)?.orders)?;
    let source = side(store, opening.source, &row).await?;
    let destination = side(store, opening.destination, &row).await?;
    let (read, write) = grants(&orders.work);
    let party = |key, grants| Party { key, grants, gateway: false };
    let (sender, receiver) = match &orders.work {
        Work::Transfer(_) => (party(source.key, read), party(destination.key, write)),
        Work::Delete(_) => (party(source.key, write), party(source.key, Vec::new())),
    };
    let ticket = Ticket {
        id: TicketId::random(),
        hub: keys.root(),
        session: opening.session,
        task: opening.task,
        sender,
        receiver,
        orders: orders.digest(),
        issued: opening.issued,
        expires: opening.expires,
    };
    let ticket = SignedTicket::sign(&ticket, &keys.day().ticket);
    let reported = u64::try_from(row.reported).unwrap_or_default();
    let start = |role, peer: Option<&Side>| {
        HubMessage::Start(Box::new(Start {
            session: opening.session,
            role,
            ticket: ticket.clone(),
            orders: orders.clone(),
            peer: peer.map(|peer| Peer {
                key: peer.key,
                name: peer.name.clone(),
                candidates: Vec::new(),
            }),
            reported,
            relays: if peer.is_some() { relays.to_vec() } else { Vec::new() },
        }))
    };
    let alone = match &orders.work {
        Work::Delete(_) => Some(Role::Sender),
        Work::Transfer(_) if opening.source == opening.destination => Some(Role::Both),
        Work::Transfer(_) => None,
    };
    Ok(match alone {
        Some(role) => vec![(source.endpoint, start(role, None))],
        None => vec![
            (destination.endpoint, start(Role::Receiver, Some(&source))),
            (source.endpoint, start(Role::Sender, Some(&destination))),
        ],
    })
}

/// Whether the task's owner still has all of its endpoints, and whether they may work for it.
pub(super) async fn check_rights(
    store: &Store,
    task: TaskId,
    ends: &[EndpointId],
) -> Result<(), OpenError> {
    let row = task::Entity::find_by_id(task.uuid()).one(store.read()).await?;
    let row = row.ok_or(OpenError::Rights)?;
    for end in ends {
        side(store, *end, &row).await?;
    }
    Ok(())
}

/// One side, if the task's owner still has it.
async fn side(store: &Store, id: EndpointId, task: &task::Model) -> Result<Side, OpenError> {
    let found = endpoint::Entity::find_by_id(id.uuid())
        .find_also_related(account::Entity)
        .one(store.read())
        .await?;
    let Some((row, Some(owner))) = found else { return Err(OpenError::Rights) };
    let key = row.key.as_deref().and_then(|key| key.try_into().ok()).map(PublicKey);
    let allowed = row.account_id == task.account_id && row.deleted_at.is_none() && !owner.disabled;
    match key {
        Some(key) if allowed => {
            let name = canonical_name(&owner.handle, &row.name)?;
            Ok(Side { endpoint: id, key, name })
        }
        Some(_) | None => Err(OpenError::Rights),
    }
}

/// What the work may touch: where it reads, and where it writes or deletes.
fn grants(work: &Work) -> (Vec<Grant>, Vec<Grant>) {
    match work {
        Work::Transfer(transfer) => {
            let sources = transfer.items.iter().map(|item| item.source.clone());
            let reads = outermost(sources).into_iter().map(Grant::read).collect();
            if transfer.options.purpose == Purpose::Check {
                let destinations = transfer.items.iter().map(|item| item.destination.clone());
                return (reads, outermost(destinations).into_iter().map(Grant::read).collect());
            }
            // A file comes to be beside its place and is then moved there.
            let destinations = transfer.items.iter().map(|item| above(&item.destination));
            let mut writes: Vec<_> =
                outermost(destinations).into_iter().map(Grant::write).collect();
            if transfer.options.extras != Extras::Stay {
                let items = transfer.items.iter().map(|item| item.destination.clone());
                let all = |path| Grant { path, read: true, write: true, delete: true };
                writes.extend(outermost(items).into_iter().map(all));
            }
            (reads, writes)
        }
        Work::Delete(delete) => {
            let paths = delete.paths.iter().map(|path| match delete.globs {
                true => above(path),
                false => path.clone(),
            });
            let delete = |path| Grant { path, read: true, write: false, delete: true };
            (Vec::new(), outermost(paths).into_iter().map(delete).collect())
        }
    }
}

fn above(path: &CollectionPath) -> CollectionPath {
    path.parent().unwrap_or(CollectionPath::ROOT)
}

/// The paths without those that lie inside another one.
fn outermost(paths: impl Iterator<Item = CollectionPath>) -> Vec<CollectionPath> {
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    let mut kept: Vec<CollectionPath> = Vec::new();
    for path in paths {
        // Sorted by components, everything inside a path follows it.
        if !kept.last().is_some_and(|last| path.is_inside(last)) {
            kept.push(path);
        }
    }
    kept
}

/// The counts of a task as its row has them.
pub(crate) fn stored_counts(row: &task::Model) -> Counts {
    serde_json::from_str(&row.counts).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use outport_protocol::orders::{DeleteOrders, TransferItem, TransferOrders};
    use outport_types::TransferOptions;

    use super::*;

    #[test]
    fn a_transfer_reads_its_sources_and_writes_around_its_destinations() {
        let item = |source: &str, destination: &str| TransferItem {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            recursive: None,
            checksum: None,
        };
        let work = Work::Transfer(TransferOrders {
            source: EndpointId::random(),
            source_name: "a#a".into(),
            destination: EndpointId::random(),
            destination_name: "b#b".into(),
            items: vec![
                item("/data/a", "/in/a"),
                item("/data/a/b", "/in/b"),
                item("/data/ab", "/out/c"),
            ],
            options: TransferOptions::default(),
        });
        let (read, write) = grants(&work);
        assert_eq!(paths(&read), ["/data/a", "/data/ab"]);
        assert_eq!(paths(&write), ["/in", "/out"]);
        assert!(write.iter().all(|grant| grant.write && !grant.delete));
        assert!(read.iter().all(|grant| !grant.write && !grant.delete));
    }

    fn of_one_item(options: TransferOptions) -> TransferOrders {
        TransferOrders {
            source: EndpointId::random(),
            source_name: "a#a".into(),
            destination: EndpointId::random(),
            destination_name: "b#b".into(),
            items: vec![TransferItem {
                source: "/data/a".parse().unwrap(),
                destination: "/in/a".parse().unwrap(),
                recursive: None,
                checksum: None,
            }],
            options,
        }
    }

    #[test]
    fn a_transfer_may_delete_only_where_it_removes_extras_and_nowhere_above() {
        let mut transfer = of_one_item(TransferOptions::default());
        for extras in [Extras::Stay, Extras::Delete, Extras::Trash] {
            transfer.options.extras = extras;
            let (_, write) = grants(&Work::Transfer(transfer.clone()));
            let deletes = write.into_iter().filter(|grant| grant.delete).collect::<Vec<_>>();
            let expected: &[&str] = if extras == Extras::Stay { &[] } else { &["/in/a"] };
            assert_eq!(paths(&deletes), expected, "{extras}");
        }
    }

    #[test]
    fn a_check_may_only_read() {
        let options = TransferOptions { purpose: Purpose::Check, ..TransferOptions::default() };
        let work = Work::Transfer(of_one_item(options));
        let (from, to) = grants(&work);
        assert_eq!((paths(&from), paths(&to)), (vec!["/data/a".into()], vec!["/in/a".into()]));
        assert!(from.iter().chain(&to).all(|grant| !grant.write && !grant.delete));
    }

    #[test]
    fn a_deletion_may_delete_what_it_names() {
        let work = |globs| {
            Work::Delete(DeleteOrders {
                endpoint: EndpointId::random(),
                endpoint_name: "a#a".into(),
                paths: vec!["/x/old*".parse().unwrap()],
                recursive: true,
                ignore_missing: false,
                globs,
            })
        };
        assert_eq!(paths(&grants(&work(false)).1), ["/x/old*"]);
        assert_eq!(paths(&grants(&work(true)).1), ["/x"]);
    }

    fn paths(grants: &[Grant]) -> Vec<String> {
        grants.iter().map(|grant| grant.path.to_string()).collect()
    }
}
