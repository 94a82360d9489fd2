//! The steps that bring a database to the present form, one file for each area.
//!
//! A step that was released is never changed; later changes are steps of their own.

mod m0001_accounts;
mod m0002_transfer;
mod m0003_differences;
mod m0004_route;
mod m0005_relay_uses;

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use super::StoreError;

/// All steps, in order.
pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Step),
            Box::new(m0002_transfer::Step),
            Box::new(m0003_differences::Step),
            Box::new(m0004_route::Step),
            Box::new(m0005_relay_uses::Step),
        ]
    }
}

/// Brings the database up to date, or refuses one that is ahead of this program.
pub(super) async fn run(connection: &DatabaseConnection) -> Result<(), StoreError> {
    Migrator::install(connection).await?;
    let known: BTreeSet<_> =
        Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = connection
        .query_all_raw(Statement::from_string(connection.get_database_backend(), sql))
        .await?;
    for row in rows {
        let migration: String = row.try_get("", "version")?;
        if !known.contains(&migration) {
            return Err(StoreError::Newer { migration });
        }
    }
    Ok(Migrator::up(connection, None).await?)
}
