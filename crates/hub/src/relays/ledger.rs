//! Keeps over a restart of the hub what its relay forwarded today for whom.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use outport_relay::{DayUses, Relay};
use outport_types::{AccountId, Chain};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set, sea_query::OnConflict};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::store::{Store, StoreError, entity::relay_use};

/// Between a relay and the store; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    relay: Relay,
    store: Store,
    /// Before that, what the relay says is not all.
    restored: Arc<AtomicBool>,
}

impl Ledger {
    pub(crate) fn new(relay: Relay, store: Store) -> Self {
        Self { relay, store, restored: Arc::default() }
    }

    /// Tells the relay what is stored, then stores what changes, until this is dropped.
    pub(crate) async fn keep(self) {
        while let Err(error) = self.restore().await {
            tracing::error!(error = %Chain(&error), "cannot read what was relayed today");
            sleep(STORE_PAUSE).await;
        }
        let mut saves = interval(SAVE_EVERY);
        saves.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            saves.tick().await;
            self.save().await;
        }
    }

    async fn restore(&self) -> Result<(), StoreError> {
        let rows = relay_use::Entity::find().all(self.store.read()).await?;
        let day = rows.iter().map(|row| row.day).max().unwrap_or_default();
        let of_day = rows.into_iter().filter(|row| row.day == day);
        let bytes = |row: relay_use::Model| {
            (AccountId::from_uuid(row.account_id), u64::try_from(row.bytes).unwrap_or_default())
        };
        let day = u64::try_from(day).unwrap_or_default();
        self.relay.restore(DayUses { day, bytes: of_day.map(bytes).collect() }).await;
        self.restored.store(true, Ordering::Release);
        Ok(())
    }

    /// Stores what changed since the last time. What a broken store does not take comes with the
    /// user's next change.
    pub(crate) async fn save(&self) {
        if !self.restored.load(Ordering::Acquire) {
            return;
        }
        let DayUses { day, bytes } = self.relay.uses();
        if bytes.is_empty() {
            return;
        }
        let day = i64::try_from(day).unwrap_or(i64::MAX);
        let row = |(user, bytes): (AccountId, u64)| relay_use::ActiveModel {
            account_id: Set(user.uuid()),
            day: Set(day),
            bytes: Set(i64::try_from(bytes).unwrap_or(i64::MAX)),
        };
        let rows: Vec<_> = bytes.into_iter().map(row).collect();
        let saved = self.store.write(move |tx| {
            Box::pin(async move {
                let past = relay_use::Column::Day.ne(day);
                relay_use::Entity::delete_many().filter(past).exec(tx).await?;
                for some in rows.chunks(ROWS_AT_ONCE) {
                    let mut newer = OnConflict::column(relay_use::Column::AccountId);
                    newer.update_columns([relay_use::Column::Day, relay_use::Column::Bytes]);
                    let insert = relay_use::Entity::insert_many(some.to_vec()).on_conflict(newer);
                    insert.exec_without_returning(tx).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        if let Err(error) = saved.await {
            tracing::warn!(error = %Chain(&error), "cannot store what was relayed today");
        }
    }
}

/// How much of a day a crash of the hub forgets; one that stops in order forgets nothing.
const SAVE_EVERY: Duration = Duration::from_secs(10);
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Rows of one statement, each with three variables.
const ROWS_AT_ONCE: usize = crate::endpoints::VARIABLES_MAX / 3;
