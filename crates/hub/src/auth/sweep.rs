//! What has ended long ago is forgotten, so that the database does not grow without bound.

use std::time::Duration;

use outport_types::{Chain, UnixTime};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
};
use tokio::time::MissedTickBehavior;

use crate::{
    state::HubState,
    store::{
        StoreError, Tx,
        entity::{browser, code, device_code, grant, link, token},
    },
};

/// Sweeps every hour until the hub stops.
pub(crate) async fn sweep_forever(hub: HubState) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = hub.stop.cancelled() => return,
        }
        let now = hub.clock.now();
        let write = hub.store.write(move |tx| Box::pin(async move { sweep(tx, now).await }));
        if let Err(error) = write.await {
            tracing::warn!(error = %Chain(&error), "cannot sweep what has ended");
        }
    }
}

async fn sweep(tx: &Tx, now: UnixTime) -> Result<(), StoreError> {
    // A day later, so that "was used before" and "has expired" can still be told apart.
    let past = now.plus_seconds(-KEEP_SECONDS).millis();
    token::Entity::delete_many().filter(token::Column::ExpiresAt.lt(past)).exec(tx).await?;
    code::Entity::delete_many().filter(code::Column::ExpiresAt.lt(past)).exec(tx).await?;
    device_code::Entity::delete_many()
        .filter(device_code::Column::ExpiresAt.lt(past))
        .exec(tx)
        .await?;
    browser::Entity::delete_many().filter(browser::Column::ExpiresAt.lt(past)).exec(tx).await?;
    link::Entity::delete_many().filter(link::Column::ExpiresAt.lt(past)).exec(tx).await?;
    // Revoked, or nothing can come of it any more.
    let tokens = token::Entity::find().select_only().column(token::Column::GrantId).into_query();
    let codes = code::Entity::find().select_only().column(code::Column::GrantId).into_query();
    let devices = device_code::Entity::find()
        .select_only()
        .column(device_code::Column::GrantId)
        .filter(device_code::Column::GrantId.is_not_null())
        .into_query();
    let empty = Condition::all()
        .add(grant::Column::CreatedAt.lt(past))
        .add(grant::Column::Id.not_in_subquery(tokens))
        .add(grant::Column::Id.not_in_subquery(codes))
        .add(grant::Column::Id.not_in_subquery(devices));
    let ended = Condition::any().add(grant::Column::RevokedAt.lt(past)).add(empty);
    grant::Entity::delete_many().filter(ended).exec(tx).await?;
    Ok(())
}

const PERIOD: Duration = Duration::from_secs(3600);
const KEEP_SECONDS: i64 = 86_400;

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn an_empty_database_can_be_swept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &TaskTracker::new()).await.unwrap();
        let swept = store.write(|tx| Box::pin(sweep(tx, UnixTime::from_seconds(1))));
        swept.await.unwrap();
    }
}
