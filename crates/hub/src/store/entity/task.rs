//! A transfer or deletion.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) account_id: Uuid,
    pub(crate) identity_id: Uuid,
    pub(crate) submission_id: Uuid,
    pub(crate) submission_digest: Vec<u8>,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) label: Option<String>,
    pub(crate) source_id: Uuid,
    pub(crate) destination_id: Uuid,
    pub(crate) options: String,
    pub(crate) requested_at: i64,
    pub(crate) deadline: i64,
    pub(crate) completed_at: Option<i64>,
    pub(crate) failure: Option<String>,
    pub(crate) counts: String,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) session_expires: Option<i64>,
    pub(crate) reported: i64,
    pub(crate) events: i64,
    pub(crate) transferred_bytes: i64,
    pub(crate) transferred_blocks: i64,
    pub(crate) transferred_records: i64,
    pub(crate) skipped_bytes: i64,
    pub(crate) skipped_blocks: i64,
    pub(crate) skipped_records: i64,
    pub(crate) differences_bytes: i64,
    pub(crate) differences_blocks: i64,
    pub(crate) differences_records: i64,
    pub(crate) route: Option<String>,
    pub(crate) holder: Option<Uuid>,
    pub(crate) held_until: Option<i64>,
    pub(crate) fence: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
