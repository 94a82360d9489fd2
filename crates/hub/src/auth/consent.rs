//! What people allowed: a tree of scopes for each client and identity.

use outport_types::{ClientId, IdentityId, UnixTime};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, Set,
};
use serde_json::{Value, json};

use super::scope::{ScopeItem, scope_id};
use crate::store::{Tx, entity::consent};

/// Remembers that an identity allows a client what it asks for.
pub(crate) async fn record(
    tx: &Tx,
    client: ClientId,
    identity: IdentityId,
    items: &[ScopeItem],
    offline: bool,
    now: UnixTime,
) -> Result<(), DbErr> {
    let known = of_client(tx, client, identity).await?;
    let mut tree = Tree { client, identity, offline, now, known };
    // Walked without recursion: each entry is a scope and the path of its parent.
    let mut open: Vec<(&ScopeItem, Vec<i64>)> =
        items.iter().rev().map(|item| (item, Vec::new())).collect();
    while let Some((item, parent)) = open.pop() {
        let path = tree.put(tx, item, &parent).await?;
        open.extend(item.dependents.iter().map(|child| (child, path.clone())));
    }
    Ok(())
}

/// Every consent of an identity to a client.
pub(crate) async fn of_client(
    db: &impl ConnectionTrait,
    client: ClientId,
    identity: IdentityId,
) -> Result<Vec<consent::Model>, DbErr> {
    consent::Entity::find()
        .filter(consent::Column::IdentityId.eq(identity.uuid()))
        .filter(consent::Column::ClientId.eq(client.uuid()))
        .order_by_asc(consent::Column::Id)
        .all(db)
        .await
}

/// Every consent of an identity.
pub(crate) async fn of_identity(
    db: &impl ConnectionTrait,
    identity: IdentityId,
) -> Result<Vec<consent::Model>, DbErr> {
    consent::Entity::find()
        .filter(consent::Column::IdentityId.eq(identity.uuid()))
        .order_by_asc(consent::Column::Id)
        .all(db)
        .await
}

/// The ids from the root of a consent's tree to itself.
pub(crate) fn path_of(row: &consent::Model) -> Vec<i64> {
    serde_json::from_str(&row.path).unwrap_or_default()
}

/// The document of a consent.
pub(crate) fn json(row: &consent::Model) -> Value {
    json!({
        "id": row.id,
        "client": row.client_id,
        "scope": row.scope_id,
        "scope_name": row.scope_name,
        "effective_identity": row.identity_id,
        "dependency_path": path_of(row),
        "created": UnixTime::from_millis(row.created_at),
        "updated": UnixTime::from_millis(row.updated_at),
        "last_used": UnixTime::from_millis(row.last_used_at),
        "status": "approved",
        "allows_refresh": row.allows_refresh,
        "auto_approved": false,
        "atomically_revocable": false,
    })
}

struct Tree {
    client: ClientId,
    identity: IdentityId,
    offline: bool,
    now: UnixTime,
    known: Vec<consent::Model>,
}

impl Tree {
    /// Stores one scope below `parent`, or marks it as used again, and returns its path.
    async fn put(&mut self, tx: &Tx, item: &ScopeItem, parent: &[i64]) -> Result<Vec<i64>, DbErr> {
        let now = self.now.millis();
        let found = self.known.iter().find(|row| {
            row.scope_name == item.name
                && path_of(row).split_last().map(|(_, up)| up) == Some(parent)
        });
        if let Some(row) = found {
            let path = path_of(row);
            let allows_refresh = row.allows_refresh || self.offline;
            let mut row: consent::ActiveModel = row.clone().into();
            row.last_used_at = Set(now);
            row.allows_refresh = Set(allows_refresh);
            row.update(tx).await?;
            return Ok(path);
        }
        let row = consent::ActiveModel {
            client_id: Set(self.client.uuid()),
            identity_id: Set(self.identity.uuid()),
            scope_id: Set(scope_id(&item.name)),
            scope_name: Set(item.name.clone()),
            path: Set("[]".to_owned()),
            allows_refresh: Set(self.offline),
            created_at: Set(now),
            updated_at: Set(now),
            last_used_at: Set(now),
            ..Default::default()
        }
        .insert(tx)
        .await?;
        let mut path = parent.to_vec();
        path.push(row.id);
        let mut row: consent::ActiveModel = row.into();
        row.path = Set(json!(path).to_string());
        let row = row.update(tx).await?;
        self.known.push(row);
        Ok(path)
    }
}
