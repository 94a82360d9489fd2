//! One-time links: whoever holds one may do one thing, once.

use outport_types::UnixTime;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    QueryFilter as _, Set,
};
use uuid::Uuid;

use crate::{
    random::Secret,
    store::{Tx, entity::link},
};

/// What a link allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkPurpose {
    /// To make the first administrator.
    FirstAdmin,
    /// To choose a password for an account.
    Password { account: Uuid },
}

/// A link that is still good.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) purpose: LinkPurpose,
    row: link::Model,
}

impl LinkPurpose {
    const fn word(self) -> &'static str {
        match self {
            Self::FirstAdmin => "first-admin",
            Self::Password { .. } => "password",
        }
    }

    fn account(self) -> Option<Uuid> {
        match self {
            Self::FirstAdmin => None,
            Self::Password { account } => Some(account),
        }
    }
}

impl Link {
    /// Makes a link, and voids those made before for the same purpose.
    pub(crate) async fn create(
        tx: &Tx,
        purpose: LinkPurpose,
        now: UnixTime,
        hours: u32,
    ) -> Result<Secret, DbErr> {
        let mut void = link::Entity::delete_many()
            .filter(link::Column::Purpose.eq(purpose.word()))
            .filter(link::Column::UsedAt.is_null());
        if let Some(account) = purpose.account() {
            void = void.filter(link::Column::AccountId.eq(account));
        }
        void.exec(tx).await?;
        let key = Secret::random();
        link::ActiveModel {
            key_hash: Set(key.hash().to_vec()),
            purpose: Set(purpose.word().to_owned()),
            account_id: Set(purpose.account()),
            created_at: Set(now.millis()),
            expires_at: Set(now.plus_seconds(i64::from(hours) * 3600).millis()),
            used_at: Set(None),
        }
        .insert(tx)
        .await?;
        Ok(key)
    }

    /// Voids the links of an account that nobody used yet.
    pub(crate) async fn void_of(tx: &Tx, account: Uuid) -> Result<(), DbErr> {
        link::Entity::delete_many()
            .filter(link::Column::AccountId.eq(account))
            .filter(link::Column::UsedAt.is_null())
            .exec(tx)
            .await?;
        Ok(())
    }

    /// The link behind a key, if it is still good.
    pub(crate) async fn find(
        db: &impl ConnectionTrait,
        key: &Secret,
        now: UnixTime,
    ) -> Result<Option<Self>, DbErr> {
        let found = link::Entity::find_by_id(key.hash().to_vec()).one(db).await?;
        let good = |row: &link::Model| row.used_at.is_none() && now.millis() < row.expires_at;
        Ok(found.filter(good).and_then(|row| {
            let purpose = match (row.purpose.as_str(), row.account_id) {
                ("first-admin", None) => LinkPurpose::FirstAdmin,
                ("password", Some(account)) => LinkPurpose::Password { account },
                (_, _) => return None,
            };
            Some(Self { purpose, row })
        }))
    }

    /// Uses the link up.
    pub(crate) async fn spend(self, tx: &Tx, now: UnixTime) -> Result<(), DbErr> {
        let mut row: link::ActiveModel = self.row.into();
        row.used_at = Set(Some(now.millis()));
        row.update(tx).await?;
        Ok(())
    }
}
