//! How the content of a task travelled.

use sea_orm_migration::{async_trait::async_trait, prelude::*};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0004_route"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// The route of a task's last session, in the API's word for it.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("route").text().take();
        manager.alter_table(Table::alter().table("tasks").add_column(column).take()).await
    }
}
