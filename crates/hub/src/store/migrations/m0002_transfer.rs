//! Endpoints, their keys, and tasks with all that belongs to them.
//!
//! Moments are milliseconds since 1970; secrets are SHA-256 hashes; documents are JSON text.
//! Active tasks name the hub process that drives them, under a lease and a fencing number that
//! grows with every change of hands: a process that lost a task cannot write to it any more.

use sea_orm_migration::{
    async_trait::async_trait,
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, boolean, pk_uuid, text, text_null, uuid,
        uuid_null,
    },
};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0002_transfer"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [endpoints(), agent_keys(), setup_keys(), tasks(), task_orders(), events()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns, unique) in INDEXES {
            let mut index = Index::create();
            index.name(*name).table(Alias::new(*table));
            for column in *columns {
                index.col(Alias::new(*column));
            }
            if *unique {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// `folded` is the name in lower case, which is unique among an account's endpoints; a deleted
/// endpoint has its id appended to it, so that its name is free again.
fn endpoints() -> TableCreateStatement {
    Table::create()
        .table("endpoints")
        .col(pk_uuid("id"))
        .col(uuid("account_id"))
        .col(uuid("identity_id"))
        .col(text("name"))
        .col(text("folded"))
        .col(boolean("public"))
        .col(text("settings"))
        .col(text("words"))
        .col(blob_null("key"))
        .col(text_null("host"))
        .col(text_null("software"))
        .col(text_null("system"))
        .col(text_null("agent_directory"))
        .col(boolean("paused"))
        .col(big_integer_null("paused_until"))
        .col(big_integer_null("last_seen"))
        .col(big_integer("created_at"))
        .col(big_integer_null("deleted_at"))
        .foreign_key(&mut references("endpoints", "account_id", "accounts"))
        .foreign_key(&mut references("endpoints", "identity_id", "identities"))
        .take()
}

/// Every key that was ever bound, so that an agent whose key holds no more can be told why.
fn agent_keys() -> TableCreateStatement {
    Table::create()
        .table("agent_keys")
        .col(blob("key").primary_key())
        .col(uuid("endpoint_id"))
        .col(text("host"))
        .col(big_integer("bound_at"))
        .col(big_integer_null("replaced_at"))
        .foreign_key(&mut references("agent_keys", "endpoint_id", "endpoints"))
        .take()
}

fn setup_keys() -> TableCreateStatement {
    Table::create()
        .table("setup_keys")
        .col(blob("secret_hash").primary_key())
        .col(uuid("endpoint_id"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .foreign_key(&mut references("setup_keys", "endpoint_id", "endpoints"))
        .take()
}

/// `reported` is the number of the last report that was applied; `*_bytes`, `*_blocks` and
/// `*_records` are the committed lengths of the task's list files.
fn tasks() -> TableCreateStatement {
    Table::create()
        .table("tasks")
        .col(pk_uuid("id"))
        .col(uuid("account_id"))
        .col(uuid("identity_id"))
        .col(uuid("submission_id"))
        .col(blob("submission_digest"))
        .col(text("kind"))
        .col(text("status"))
        .col(text_null("label"))
        .col(uuid("source_id"))
        .col(uuid("destination_id"))
        .col(text("options"))
        .col(big_integer("requested_at"))
        .col(big_integer("deadline"))
        .col(big_integer_null("completed_at"))
        .col(text_null("failure"))
        .col(text("counts"))
        .col(uuid_null("session_id"))
        .col(big_integer_null("session_expires"))
        .col(big_integer("reported"))
        .col(big_integer("events"))
        .col(big_integer("transferred_bytes"))
        .col(big_integer("transferred_blocks"))
        .col(big_integer("transferred_records"))
        .col(big_integer("skipped_bytes"))
        .col(big_integer("skipped_blocks"))
        .col(big_integer("skipped_records"))
        .col(uuid_null("holder"))
        .col(big_integer_null("held_until"))
        .col(big_integer("fence"))
        .foreign_key(&mut references("tasks", "account_id", "accounts"))
        .foreign_key(&mut references("tasks", "source_id", "endpoints"))
        .foreign_key(&mut references("tasks", "destination_id", "endpoints"))
        .take()
}

/// What the agents are told, apart from the tasks because it can be long.
fn task_orders() -> TableCreateStatement {
    Table::create()
        .table("task_orders")
        .col(pk_uuid("task_id"))
        .col(text("orders"))
        .foreign_key(&mut references("task_orders", "task_id", "tasks"))
        .take()
}

fn events() -> TableCreateStatement {
    Table::create()
        .table("task_events")
        .col(big_pk_auto("id"))
        .col(uuid("task_id"))
        .col(text("code"))
        .col(boolean("is_error"))
        .col(big_integer("time"))
        .col(text("description"))
        .col(text("details"))
        .foreign_key(&mut references("task_events", "task_id", "tasks"))
        .take()
}

fn blob(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).binary().not_null().take()
}

fn blob_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).binary().null().take()
}

fn references(
    table: &'static str,
    column: &'static str,
    target: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(target, "id")
        .take()
}

/// Name, table, columns, and whether two rows may not be equal.
const INDEXES: &[(&str, &str, &[&str], bool)] = &[
    ("endpoints_by_name", "endpoints", &["account_id", "folded"], true),
    ("endpoints_by_key", "endpoints", &["key"], true),
    ("agent_keys_by_endpoint", "agent_keys", &["endpoint_id"], false),
    ("setup_keys_by_endpoint", "setup_keys", &["endpoint_id"], false),
    ("tasks_by_submission", "tasks", &["account_id", "submission_id"], true),
    ("tasks_by_account", "tasks", &["account_id", "requested_at"], false),
    ("tasks_by_status", "tasks", &["status"], false),
    ("tasks_by_source", "tasks", &["source_id"], false),
    ("tasks_by_destination", "tasks", &["destination_id"], false),
    ("task_events_by_task", "task_events", &["task_id", "id"], false),
];
