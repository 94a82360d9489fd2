//! An endpoint: a computer that runs an agent.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoints")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) account_id: Uuid,
    pub(crate) identity_id: Uuid,
    pub(crate) name: String,
    pub(crate) folded: String,
    pub(crate) public: bool,
    pub(crate) settings: String,
    pub(crate) words: String,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) host: Option<String>,
    pub(crate) software: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) agent_directory: Option<String>,
    pub(crate) paused: bool,
    pub(crate) paused_until: Option<i64>,
    pub(crate) last_seen: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::AccountId",
        to = "super::account::Column::Id"
    )]
    Account,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
