//! Endpoints as the API shows them.

use std::collections::BTreeMap;

use outport_api::transfer::{Endpoint, EndpointExtras, EntityType};
use outport_types::{EndpointId, IdentityId, PublicKey, UnixTime};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::{VARIABLES_MAX, canonical_name, settings::Settings};
use crate::{
    presence::{Presence, Seen},
    rights::Rights,
    store::{
        Store,
        entity::{account, endpoint, identity, task},
    },
};

/// Makes documents of rows, with what else they need.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    pub(crate) store: Store,
    pub(crate) presence: Presence,
}

impl Documents {
    /// The documents of endpoints, in the same order.
    pub(crate) async fn endpoints(
        &self,
        rows: Vec<(endpoint::Model, Rights)>,
    ) -> Result<Vec<Endpoint>, DbErr> {
        let ids = rows.iter().map(|(row, _)| EndpointId::from_uuid(row.id)).collect();
        let seen = self.presence.look(ids).await;
        let handles = self.handles(rows.iter().map(|(row, _)| row.account_id)).await?;
        let usernames = self.usernames(rows.iter().map(|(row, _)| row.identity_id)).await?;
        let busy = self.in_use(rows.iter().map(|(row, _)| row.id)).await?;
        let documents = rows.into_iter().map(|(row, rights)| {
            let handle = handles.get(&row.account_id).map_or("", String::as_str);
            let username = usernames.get(&row.identity_id).map_or("", String::as_str);
            let seen = seen.get(&EndpointId::from_uuid(row.id));
            let in_use = busy.contains(&row.id);
            document(&row, handle, username, seen, rights, in_use)
        });
        documents.collect()
    }

    /// The usernames of identities.
    pub(crate) async fn usernames(
        &self,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<BTreeMap<Uuid, String>, DbErr> {
        let mut names = BTreeMap::new();
        for some in distinct(ids).chunks(VARIABLES_MAX) {
            let rows = identity::Entity::find()
                .filter(identity::Column::Id.is_in(some.iter().copied()))
                .all(self.store.read())
                .await?;
            names.extend(rows.into_iter().map(|row| (row.id, row.username)));
        }
        Ok(names)
    }

    async fn handles(
        &self,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<BTreeMap<Uuid, String>, DbErr> {
        let mut names = BTreeMap::new();
        for some in distinct(ids).chunks(VARIABLES_MAX) {
            let rows = account::Entity::find()
                .filter(account::Column::Id.is_in(some.iter().copied()))
                .all(self.store.read())
                .await?;
            names.extend(rows.into_iter().map(|row| (row.id, row.handle)));
        }
        Ok(names)
    }

    /// Those of the endpoints that an active task uses.
    async fn in_use(&self, ids: impl Iterator<Item = Uuid>) -> Result<Vec<Uuid>, DbErr> {
        let mut busy = Vec::new();
        for some in distinct(ids).chunks(VARIABLES_MAX / 2) {
            let rows = task::Entity::find()
                .filter(task::Column::Status.eq("ACTIVE"))
                .filter(
                    task::Column::SourceId
                        .is_in(some.iter().copied())
                        .or(task::Column::DestinationId.is_in(some.iter().copied())),
                )
                .all(self.store.read())
                .await?;
            busy.extend(rows.iter().flat_map(|row| [row.source_id, row.destination_id]));
        }
        Ok(busy)
    }
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids.dedup();
    ids
}

fn document(
    row: &endpoint::Model,
    handle: &str,
    username: &str,
    seen: Option<&Seen>,
    rights: Rights,
    in_use: bool,
) -> Result<Endpoint, DbErr> {
    let settings = Settings::from_text(&row.settings);
    let name = canonical_name(handle, &row.name)?.to_string();
    let paused = seen.map_or(row.paused, |seen| seen.status.paused.is_some());
    let paused_until = match seen {
        Some(seen) => seen.status.paused.and_then(|paused| paused.until),
        None => row.paused_until.map(UnixTime::from_millis),
    };
    let key = row.key.as_deref().and_then(|key| key.try_into().ok()).map(PublicKey);
    let extras = EndpointExtras {
        fingerprint: key.map(|key| key.fingerprint().to_string()),
        software: row.software.clone(),
        system: row.system.clone(),
        last_seen: row.last_seen.map(UnixTime::from_millis),
        paused_until: paused_until.filter(|_| paused),
    };
    let id = EndpointId::from_uuid(row.id);
    let owner = IdentityId::from_uuid(row.identity_id);
    Ok(Endpoint {
        display_name: Some(row.name.clone()),
        canonical_name: Some(name.clone()),
        name: Some(name),
        description: settings.description,
        organization: settings.organization,
        department: settings.department,
        contact_email: settings.contact_email,
        contact_info: settings.contact_info,
        info_link: settings.info_link,
        keywords: settings.keywords,
        default_directory: settings.default_directory.or_else(|| row.agent_directory.clone()),
        user_message: settings.user_message,
        user_message_link: settings.user_message_link,
        public: row.public,
        gcp_connected: Some(seen.is_some()),
        gcp_paused: Some(paused),
        force_verify: settings.force_verify,
        disable_verify: settings.disable_verify,
        in_use,
        my_effective_roles: rights.roles(),
        // How a computer of somebody else is set up is nobody's business.
        outport: rights.manage.then_some(extras),
        ..Endpoint::new(id, EntityType::Mapped, owner, username)
    })
}
