//! What the relay forwarded for each account today.

use sea_orm_migration::{async_trait::async_trait, prelude::*};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0005_relay_uses"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// One row for each account and the last day on which anything was forwarded for it.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("relay_uses")
            .col(ColumnDef::new("account_id").uuid().not_null().primary_key())
            .col(ColumnDef::new("day").big_integer().not_null())
            .col(ColumnDef::new("bytes").big_integer().not_null())
            .take();
        manager.create_table(table).await
    }
}
