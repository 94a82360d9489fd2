//! Accounts and identities, and the one-time links that make or recover them.

mod admin;
mod link;
mod password;

use outport_types::{AccountId, Handle, IdentityId, UnixTime};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, Set,
};
use url::{Host, Url};
use uuid::Uuid;

pub use admin::{Admin, AdminError, AppAdded, AppRow, NewUser, UserAdded, UserRow};
pub(crate) use link::{Link, LinkPurpose};
pub(crate) use password::Passwords;
pub use password::{Password, PasswordError};

use crate::{
    config::HubConfig,
    store::{
        Tx,
        entity::{account, browser, grant, identity},
    },
};

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountKind {
    Person,
    Application,
}

impl AccountKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Application => "application",
        }
    }
}

/// What a new account is made of.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) kind: AccountKind,
    pub(crate) handle: Handle,
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    /// The hash of its password.
    pub(crate) password: Option<String>,
    pub(crate) is_admin: bool,
    /// Its first identity, which is the one that `sub` names.
    pub(crate) identity: IdentityId,
    pub(crate) username: String,
    pub(crate) provider: Uuid,
}

/// Stores a new account with its identity; a place-holder of that name becomes the identity.
pub(crate) async fn create(tx: &Tx, new: NewAccount, now: UnixTime) -> Result<AccountId, DbErr> {
    let account_id = AccountId::random();
    account::ActiveModel {
        id: Set(account_id.uuid()),
        kind: Set(new.kind.word().to_owned()),
        handle: Set(new.handle.to_string()),
        display_name: Set(new.display_name.clone()),
        email: Set(new.email.clone()),
        password: Set(new.password),
        is_admin: Set(new.is_admin),
        disabled: Set(false),
        created_at: Set(now.millis()),
    }
    .insert(tx)
    .await?;
    let waiting = identity::Entity::find()
        .filter(identity::Column::Username.eq(&new.username))
        .filter(identity::Column::AccountId.is_null())
        .one(tx)
        .await?;
    let row = identity::ActiveModel {
        id: Set(waiting.as_ref().map_or(new.identity.uuid(), |row| row.id)),
        account_id: Set(Some(account_id.uuid())),
        username: Set(new.username),
        name: Set(Some(new.display_name)),
        email: Set(new.email),
        organization: Set(None),
        provider: Set(new.provider),
        is_primary: Set(true),
        created_at: Set(now.millis()),
    };
    match waiting {
        Some(_) => row.update(tx).await?,
        None => row.insert(tx).await?,
    };
    Ok(account_id)
}

/// The account with this handle.
pub(crate) async fn by_handle(
    db: &impl ConnectionTrait,
    handle: &str,
) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find().filter(account::Column::Handle.eq(handle)).one(db).await
}

/// The account that somebody means who types a handle or an identity's name.
pub(crate) async fn by_login(
    db: &impl ConnectionTrait,
    login: &str,
) -> Result<Option<account::Model>, DbErr> {
    let login = login.trim().to_lowercase();
    if !login.contains('@') {
        return by_handle(db, &login).await;
    }
    let found =
        identity::Entity::find().filter(identity::Column::Username.eq(login)).one(db).await?;
    match found.and_then(|identity| identity.account_id) {
        Some(id) => account::Entity::find_by_id(id).one(db).await,
        None => Ok(None),
    }
}

/// The identities of an account, the primary one first.
pub(crate) async fn identities_of(
    db: &impl ConnectionTrait,
    account: Uuid,
) -> Result<Vec<identity::Model>, DbErr> {
    identity::Entity::find()
        .filter(identity::Column::AccountId.eq(account))
        .order_by_desc(identity::Column::IsPrimary)
        .order_by_asc(identity::Column::Username)
        .all(db)
        .await
}

/// Whether a person is there who may administer the hub.
pub(crate) async fn has_admin(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let admins = account::Entity::find()
        .filter(account::Column::IsAdmin.eq(true))
        .filter(account::Column::Kind.eq(AccountKind::Person.word()))
        .count(db)
        .await?;
    Ok(admins != 0)
}

/// Sets a new password, and ends every browser session of the account and every link to set
/// another; tokens live on.
pub(crate) async fn set_password(tx: &Tx, account: Uuid, hash: String) -> Result<(), DbErr> {
    account::ActiveModel { id: Set(account), password: Set(Some(hash)), ..Default::default() }
        .update(tx)
        .await?;
    Link::void_of(tx, account).await?;
    sign_out_everywhere(tx, account).await
}

/// Opens or closes an account; closing ends all its sessions and tokens.
pub(crate) async fn set_disabled(
    tx: &Tx,
    account: Uuid,
    disabled: bool,
    now: UnixTime,
) -> Result<(), DbErr> {
    account::ActiveModel { id: Set(account), disabled: Set(disabled), ..Default::default() }
        .update(tx)
        .await?;
    if disabled {
        Link::void_of(tx, account).await?;
        end_sign_ins(tx, account, now).await?;
    }
    Ok(())
}

/// Ends every sign-in of an account: browsers, and the tokens of commands and applications. Its
/// endpoints have keys of their own and stay.
pub(crate) async fn end_sign_ins(tx: &Tx, account: Uuid, now: UnixTime) -> Result<(), DbErr> {
    sign_out_everywhere(tx, account).await?;
    grant::Entity::update_many()
        .col_expr(grant::Column::RevokedAt, now.millis().into())
        .filter(grant::Column::AccountId.eq(account))
        .filter(grant::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

async fn sign_out_everywhere(tx: &Tx, account: Uuid) -> Result<(), DbErr> {
    browser::Entity::delete_many().filter(browser::Column::AccountId.eq(account)).exec(tx).await?;
    Ok(())
}

/// What stands after the `@` of the hub's own identities.
pub(crate) fn identity_domain(config: &HubConfig, base_url: &Url) -> String {
    if let Some(domain) = &config.identity_domain {
        return domain.to_lowercase();
    }
    match base_url.host() {
        Some(Host::Domain(name)) => name.to_lowercase(),
        Some(_) if crate::http::is_loopback_host(base_url) => "localhost".to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => "localhost".to_owned(),
    }
}

/// A name for people, made safe to show: one line, bounded.
pub(crate) fn display_text(text: &str, otherwise: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(DISPLAY_CHARS_MAX).collect();
    let text = text.trim();
    if text.is_empty() { otherwise.to_owned() } else { text.to_owned() }
}

/// The provider of identities that the hub itself vouches for.
pub(crate) const LOCAL_PROVIDER: Uuid = Uuid::from_u128(0x6f1d_8f0a_3a5c_4d27_9f52_51a3_0c8e_7b01);
/// The provider of the identities of applications.
pub(crate) const CLIENT_PROVIDER: Uuid = Uuid::from_u128(0x6f1d_8f0a_3a5c_4d27_9f52_51a3_0c8e_7b02);
/// What stands after the `@` of an application's identity, by custom.
pub(crate) const CLIENT_DOMAIN: &str = "clients.auth.globus.org";
/// Longer names would break every page that shows them.
const DISPLAY_CHARS_MAX: usize = 100;
