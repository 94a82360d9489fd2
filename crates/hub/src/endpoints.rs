//! Endpoints and their mapped collections: what the store knows of them.

mod documents;
mod error;
mod routes;
mod search;
mod settings;
mod setup;

use std::collections::{BTreeMap, BTreeSet};

use outport_protocol::control::AgentStatus;
use outport_types::{
    AccountId, Arg, CanonicalName, Chain, Code, EndpointId, EndpointName, EndpointRef, Language,
    Problem, PublicKey,
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, Set,
};
use uuid::Uuid;

pub(crate) use self::{
    documents::Documents,
    error::EndpointError,
    routes::{done, outport_routes, parse_id, transfer_routes},
};
use crate::{
    clock::Clock,
    events::{Change, Events},
    store::{
        Store, StoreError,
        entity::{account, agent_key, endpoint},
    },
};

/// What the store knows of endpoints; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    store: Store,
    clock: Clock,
    events: Events,
}

/// What a key stands for.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    Registered(Registered),
    Refused(Problem),
}

/// The endpoint that a key is registered for.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) endpoint: EndpointId,
    pub(crate) account: AccountId,
    pub(crate) name: CanonicalName,
    /// The owner's e-mail or name.
    pub(crate) owner: String,
}

impl Endpoints {
    pub(crate) fn new(store: Store, clock: Clock, events: Events) -> Self {
        Self { store, clock, events }
    }

    /// What a key stands for.
    pub(crate) async fn standing_of(&self, key: &PublicKey) -> Result<Standing, StoreError> {
        let db = self.store.read();
        let Some(bound) = agent_key::Entity::find_by_id(key.0.to_vec()).one(db).await? else {
            return Ok(Standing::Refused(Problem::new(Code::KeyUnknown, [])));
        };
        let found = endpoint::Entity::find_by_id(bound.endpoint_id).one(db).await?;
        let owner = match &found {
            Some(row) => account::Entity::find_by_id(row.account_id).one(db).await?,
            None => None,
        };
        let (Some(row), Some(owner)) = (found, owner) else {
            return Ok(Standing::Refused(Problem::new(Code::KeyUnknown, [])));
        };
        let name = canonical_name(&owner.handle, &row.name)?;
        let refuse =
            |code| Standing::Refused(Problem::new(code, [("endpoint", name.to_string().into())]));
        Ok(if row.deleted_at.is_some() || owner.disabled {
            refuse(Code::EndpointRemoved)
        } else if row.key.as_deref() != Some(&key.0) {
            refuse(Code::KeyReplaced)
        } else {
            let shown = owner.email.filter(|email| !email.is_empty());
            let owner = shown.unwrap_or(owner.display_name);
            Standing::Registered(Registered {
                endpoint: EndpointId::from_uuid(row.id),
                account: AccountId::from_uuid(row.account_id),
                name,
                owner,
            })
        })
    }

    /// Notes that an agent came, and what it said about itself.
    pub(crate) async fn arrived(
        &self,
        id: EndpointId,
        software: &str,
        system: &str,
        status: &AgentStatus,
    ) {
        let row = endpoint::ActiveModel {
            id: Set(id.uuid()),
            software: Set(Some(bounded(software))),
            system: Set(Some(bounded(system))),
            last_seen: Set(Some(self.clock.now().millis())),
            ..status_columns(status)
        };
        self.update(row).await;
    }

    /// Notes a pause, a resume, or another default directory.
    pub(crate) async fn status(&self, id: EndpointId, status: &AgentStatus) {
        self.update(endpoint::ActiveModel { id: Set(id.uuid()), ..status_columns(status) }).await;
    }

    /// Notes that an agent is gone.
    pub(crate) async fn left(&self, id: EndpointId) {
        let last_seen = Set(Some(self.clock.now().millis()));
        self.update(endpoint::ActiveModel { id: Set(id.uuid()), last_seen, ..Default::default() })
            .await;
    }

    /// Tells the owner's listeners that the endpoint changed.
    pub(crate) async fn changed(&self, id: EndpointId) {
        if !self.events.is_heard() {
            return;
        }
        match endpoint::Entity::find_by_id(id.uuid()).one(self.store.read()).await {
            Ok(Some(row)) => {
                let owner = AccountId::from_uuid(row.account_id);
                self.events.publish(Change::Endpoint { owner, endpoint: id });
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %Chain(&error), "cannot read an endpoint"),
        }
    }

    /// The row of an endpoint, deleted ones too.
    pub(crate) async fn find(&self, id: EndpointId) -> Result<Option<endpoint::Model>, DbErr> {
        endpoint::Entity::find_by_id(id.uuid()).one(self.store.read()).await
    }

    /// The row of an endpoint that an account names; of deleted ones only by their ids.
    pub(crate) async fn find_named(
        &self,
        own: AccountId,
        named: &EndpointRef,
    ) -> Result<Option<endpoint::Model>, DbErr> {
        let db = self.store.read();
        let (owner, name) = match named {
            EndpointRef::Id(id) => return self.find(*id).await,
            EndpointRef::Own(name) => (Some(own.uuid()), name),
            EndpointRef::Canonical(CanonicalName { owner, endpoint }) => {
                let handle = account::Column::Handle.eq(owner.as_str());
                let owner = account::Entity::find().filter(handle).one(db).await?;
                (owner.map(|owner| owner.id), endpoint)
            }
        };
        let Some(owner) = owner else { return Ok(None) };
        endpoint::Entity::find()
            .filter(endpoint::Column::AccountId.eq(owner))
            .filter(endpoint::Column::Folded.eq(name.folded()))
            .one(db)
            .await
    }

    /// The full names of endpoints, deleted ones too.
    pub(crate) async fn names(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<BTreeMap<Uuid, CanonicalName>, DbErr> {
        let ids: BTreeSet<Uuid> = ids.into_iter().collect();
        let mut names = BTreeMap::new();
        let ids: Vec<_> = ids.into_iter().collect();
        for some in ids.chunks(VARIABLES_MAX) {
            let rows = endpoint::Entity::find()
                .find_also_related(account::Entity)
                .filter(endpoint::Column::Id.is_in(some.iter().copied()))
                .all(self.store.read())
                .await?;
            for (row, owner) in rows {
                if let Some(owner) = owner {
                    names.insert(row.id, canonical_name(&owner.handle, &row.name)?);
                }
            }
        }
        Ok(names)
    }

    /// What an agent says about itself is no reason to end its channel: what cannot be noted is
    /// left out.
    async fn update(&self, row: endpoint::ActiveModel) {
        let updated = self.store.write(move |tx| {
            Box::pin(async move {
                row.update(tx).await?;
                Ok::<_, StoreError>(())
            })
        });
        if let Err(error) = updated.await {
            tracing::warn!(error = %Chain(&error), "cannot note what an agent said");
        }
    }
}

fn status_columns(status: &AgentStatus) -> endpoint::ActiveModel {
    let AgentStatus { paused, default_directory, probes: _ } = status;
    endpoint::ActiveModel {
        paused: Set(paused.is_some()),
        paused_until: Set(paused.and_then(|paused| paused.until).map(|until| until.millis())),
        agent_directory: Set(default_directory.as_ref().map(ToString::to_string)),
        ..Default::default()
    }
}

/// `owner#name`, of what the store holds.
pub(crate) fn canonical_name(handle: &str, name: &str) -> Result<CanonicalName, DbErr> {
    let bad = |error| DbErr::Type(format!("a name in the database: {error}"));
    let endpoint: EndpointName = name.parse().map_err(bad)?;
    Ok(CanonicalName { owner: handle.parse().map_err(bad)?, endpoint })
}

/// The problem with names where it has the ids of endpoints.
pub(crate) fn with_names(problem: Problem, names: &BTreeMap<Uuid, String>) -> Problem {
    let named = |arg: &Arg| match arg {
        Arg::Text(text) => {
            let name = Uuid::try_parse(text).ok().and_then(|id| names.get(&id));
            name.map_or_else(|| arg.clone(), |name| Arg::Text(name.clone()))
        }
        Arg::Number(_) => arg.clone(),
    };
    let args = problem.args.iter().map(|(key, arg)| (key.clone(), named(arg))).collect();
    let named = Problem { args, ..problem };
    let message = named.text(Language::En);
    Problem { message, ..named }
}

/// What an agent says of itself, short enough to show.
fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SELF_DESCRIPTION_CHARS_MAX).collect()
}

/// Variables of one statement; SQLite takes more, PostgreSQL too.
pub(crate) const VARIABLES_MAX: usize = 500;
const SELF_DESCRIPTION_CHARS_MAX: usize = 100;
