//! A sign-in of a device without a browser.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_codes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) code_hash: Vec<u8>,
    pub(crate) user_code: String,
    pub(crate) client_id: Uuid,
    pub(crate) scope: String,
    pub(crate) offline: bool,
    pub(crate) answer: String,
    pub(crate) grant_id: Option<Uuid>,
    pub(crate) interval_ms: i64,
    pub(crate) polled_at: Option<i64>,
    pub(crate) expires_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
