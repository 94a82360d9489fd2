//! The lists of previews and checks.

use sea_orm_migration::{async_trait::async_trait, prelude::*};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0003_differences"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// The committed lengths of a task's list of differences, as of its other lists.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite takes no more.
        for name in ["differences_bytes", "differences_blocks", "differences_records"] {
            let column = ColumnDef::new(name).big_integer().not_null().default(0).take();
            let table = Table::alter().table("tasks").add_column(column).take();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
