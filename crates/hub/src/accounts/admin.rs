//! What an administrator does from the command line, straight on the data directory.
//!
//! It works while the hub runs as well: the database serves both.

use std::{io, path::PathBuf};

use outport_types::{AccountId, ClientId, Handle, IdentityId, UnixTime};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use tokio_util::task::TaskTracker;
use url::Url;

use super::{
    AccountKind, CLIENT_DOMAIN, CLIENT_PROVIDER, LOCAL_PROVIDER, Link, LinkPurpose, NewAccount,
    Password, PasswordError, Passwords, by_handle, create, display_text, end_sign_ins,
    identity_domain, set_disabled, set_password,
};
use crate::{
    auth::{
        client::{self, ClientKind},
        device,
        grant::NewGrant,
        scope::ScopeRequest,
    },
    clock::Clock,
    config::HubConfig,
    random::Secret,
    state,
    store::{
        Store, StoreError,
        entity::{account, client as client_row, identity},
    },
};

/// The data directory, opened for administration.
#[derive(Debug)]
pub struct Admin {
    config: HubConfig,
    base_url: Url,
    store: Store,
    passwords: Passwords,
    clock: Clock,
    workers: TaskTracker,
}

/// A person to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The handle, unique at the hub.
    pub handle: Handle,
    /// The name that pages show; empty for the handle.
    pub display_name: String,
    /// The address for notices.
    pub email: Option<String>,
    /// Whether the person may administer the hub.
    pub is_admin: bool,
    /// The password; without one, a link is made by which the person chooses it.
    pub password: Option<String>,
}

/// A person who was added.
#[derive(Clone, Debug)]
pub struct UserAdded {
    /// The name of the identity, `handle@domain`.
    pub username: String,
    /// Where the person chooses a password, if none was given. It works once.
    pub link: Option<String>,
}

/// An account, as lists show it.
#[derive(Clone, Debug)]
pub struct UserRow {
    pub handle: String,
    pub display_name: String,
    pub email: Option<String>,
    pub is_application: bool,
    pub is_admin: bool,
    pub disabled: bool,
    pub created_at: UnixTime,
}

/// An application that was added; its secret is shown this once.
#[derive(Clone)]
pub struct AppAdded {
    pub client_id: ClientId,
    pub secret: String,
    pub username: String,
    pub handle: String,
}

/// An application, as lists show it.
#[derive(Clone, Debug)]
pub struct AppRow {
    pub client_id: ClientId,
    pub name: String,
    pub handle: Option<String>,
    pub disabled: bool,
    pub created_at: UnixTime,
}

impl Admin {
    /// Opens the data directory of the settings, making it if there is none.
    ///
    /// # Errors
    /// When the directory or its database cannot be used.
    pub async fn open(config: HubConfig) -> Result<Self, AdminError> {
        let dir = config.data.clone();
        crate::secrets::make_private_dir(&dir)
            .map_err(|source| AdminError::Data { dir: dir.clone(), source })?;
        let workers = TaskTracker::new();
        let store = Store::open(&dir, &workers).await?;
        let base_url = state::base_url(&config, None);
        let passwords = Passwords::new();
        Ok(Self { config, base_url, store, passwords, clock: Clock::system(), workers })
    }

    /// Closes the database.
    pub async fn close(self) {
        let workers = self.workers.clone();
        drop(self);
        workers.close();
        workers.wait().await;
    }

    /// Adds a person.
    ///
    /// # Errors
    /// When the handle is taken or the password is not accepted.
    pub async fn add_user(&self, user: NewUser) -> Result<UserAdded, AdminError> {
        let password = match &user.password {
            Some(text) => {
                let password = Password::chosen(text, user.handle.as_str())?;
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let username = format!("{}@{}", user.handle, identity_domain(&self.config, &self.base_url));
        let new = NewAccount {
            kind: AccountKind::Person,
            display_name: display_text(&user.display_name, user.handle.as_str()),
            email: user.email,
            is_admin: user.is_admin,
            identity: IdentityId::random(),
            username: username.clone(),
            provider: LOCAL_PROVIDER,
            handle: user.handle,
            password,
        };
        let (now, hours) = (self.clock.now(), self.config.tokens.link_hours);
        let handle = new.handle.clone();
        let wants_link = new.password.is_none();
        let key = self.store.write(move |tx| {
            Box::pin(async move {
                let account = create(tx, new, now).await?;
                if !wants_link {
                    return Ok(None);
                }
                let purpose = LinkPurpose::Password { account: account.uuid() };
                Ok::<_, StoreError>(Some(Link::create(tx, purpose, now, hours).await?))
            })
        });
        let key = key.await.map_err(|error| taken(error, &handle))?;
        Ok(UserAdded { username, link: key.map(|key| self.password_url(&key)) })
    }

    /// Every account.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn users(&self) -> Result<Vec<UserRow>, AdminError> {
        let rows = account::Entity::find()
            .order_by_asc(account::Column::Handle)
            .all(self.store.read())
            .await
            .map_err(StoreError::from)?;
        let show = |row: account::Model| UserRow {
            is_application: row.kind == AccountKind::Application.word(),
            handle: row.handle,
            display_name: row.display_name,
            email: row.email,
            is_admin: row.is_admin,
            disabled: row.disabled,
            created_at: UnixTime::from_millis(row.created_at),
        };
        Ok(rows.into_iter().map(show).collect())
    }

    /// Sets a person's password and signs the person out of every browser.
    ///
    /// # Errors
    /// When there is no such account, or the password is not accepted.
    pub async fn set_password(&self, handle: &Handle, text: &str) -> Result<(), AdminError> {
        let account = self.account(handle).await?;
        let hash = self.passwords.hash(Password::chosen(text, handle.as_str())?).await?;
        let write = self.store.write(move |tx| {
            Box::pin(async move { Ok::<_, StoreError>(set_password(tx, account.id, hash).await?) })
        });
        Ok(write.await?)
    }

    /// Makes a link by which a person chooses a new password, once.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn password_link(&self, handle: &Handle) -> Result<String, AdminError> {
        let account = self.account(handle).await?;
        let (now, hours) = (self.clock.now(), self.config.tokens.link_hours);
        let key = self.store.write(move |tx| {
            Box::pin(async move {
                let purpose = LinkPurpose::Password { account: account.id };
                Ok::<_, StoreError>(Link::create(tx, purpose, now, hours).await?)
            })
        });
        Ok(self.password_url(&key.await?))
    }

    /// Closes an account, ending all its sessions and tokens, or opens it again.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn set_disabled(&self, handle: &Handle, disabled: bool) -> Result<(), AdminError> {
        let account = self.account(handle).await?;
        let now = self.clock.now();
        let write = self.store.write(move |tx| {
            Box::pin(async move {
                Ok::<_, StoreError>(set_disabled(tx, account.id, disabled, now).await?)
            })
        });
        Ok(write.await?)
    }

    /// Ends every sign-in of a person, in browsers, commands and applications; the person's computers
    /// stay endpoints.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn sign_out(&self, handle: &Handle) -> Result<(), AdminError> {
        let account = self.account(handle).await?;
        let now = self.clock.now();
        let write = self.store.write(move |tx| {
            Box::pin(async move { Ok::<_, StoreError>(end_sign_ins(tx, account.id, now).await?) })
        });
        Ok(write.await?)
    }

    /// Adds an application with an account and an identity of its own.
    ///
    /// # Errors
    /// When no handle can be made of the name, or it is taken.
    pub async fn add_app(&self, name: &str) -> Result<AppAdded, AdminError> {
        let name = display_text(name, "app");
        let handle =
            handle_for(&name).ok_or_else(|| AdminError::NoHandle { name: name.clone() })?;
        let client_id = ClientId::random();
        let username = format!("{client_id}@{CLIENT_DOMAIN}");
        let secret = Secret::random();
        let (new_handle, new_username, hash) = (handle.clone(), username.clone(), secret.hash());
        let now = self.clock.now();
        let write = self.store.write(move |tx| {
            Box::pin(async move {
                let account = create(
                    tx,
                    NewAccount {
                        kind: AccountKind::Application,
                        handle: new_handle,
                        display_name: name.clone(),
                        email: None,
                        password: None,
                        is_admin: false,
                        identity: IdentityId::from_uuid(client_id.uuid()),
                        username: new_username,
                        provider: CLIENT_PROVIDER,
                    },
                    now,
                )
                .await?;
                let new = client::NewClient {
                    id: client_id,
                    kind: ClientKind::Application,
                    name,
                    template: None,
                    account: Some(account),
                };
                client::create(tx, new, now).await?;
                client::add_secret(tx, client_id, hash, now).await?;
                Ok::<_, StoreError>(())
            })
        });
        write.await.map_err(|error| taken(error, &handle))?;
        let secret = secret.reveal().to_owned();
        Ok(AppAdded { client_id, secret, username, handle: handle.to_string() })
    }

    /// Every application.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn apps(&self) -> Result<Vec<AppRow>, AdminError> {
        let rows = client_row::Entity::find()
            .filter(client_row::Column::Kind.eq(ClientKind::Application.word()))
            .find_also_related(account::Entity)
            .order_by_asc(client_row::Column::Name)
            .all(self.store.read())
            .await
            .map_err(StoreError::from)?;
        let show = |(row, owner): (client_row::Model, Option<account::Model>)| AppRow {
            client_id: ClientId::from_uuid(row.id),
            name: row.name,
            disabled: row.disabled || owner.as_ref().is_some_and(|owner| owner.disabled),
            handle: owner.map(|owner| owner.handle),
            created_at: UnixTime::from_millis(row.created_at),
        };
        Ok(rows.into_iter().map(show).collect())
    }

    /// Removes an application: its secrets and tokens end at once.
    /// Its account stays, closed, because tasks and rights name it.
    ///
    /// # Errors
    /// When there is no such application.
    pub async fn remove_app(&self, id: ClientId) -> Result<(), AdminError> {
        let found = client_row::Entity::find_by_id(id.uuid()).one(self.store.read()).await;
        let row = found
            .map_err(StoreError::from)?
            .filter(|row| row.kind == ClientKind::Application.word())
            .ok_or(AdminError::NoApp { id })?;
        let now = self.clock.now();
        let write = self.store.write(move |tx| {
            Box::pin(async move {
                if let Some(account) = row.account_id {
                    set_disabled(tx, account, true, now).await?;
                }
                client_row::Entity::delete_by_id(row.id).exec(tx).await?;
                Ok::<_, StoreError>(())
            })
        });
        Ok(write.await?)
    }

    /// Signs a computer in for a person: answers the code that it shows, as the person would in a
    /// browser. For computers that nobody sits at, set up by whoever runs the hub.
    ///
    /// # Errors
    /// When there is no such account, or no computer waits with this code.
    pub async fn approve_device(&self, handle: &Handle, code: &str) -> Result<(), AdminError> {
        let account = self.account(handle).await?;
        let identity = identity::Entity::find()
            .filter(identity::Column::AccountId.eq(account.id))
            .filter(identity::Column::IsPrimary.eq(true))
            .one(self.store.read())
            .await
            .map_err(StoreError::from)?
            .ok_or_else(|| AdminError::NoUser { handle: handle.clone() })?;
        let now = self.clock.now();
        let row = device::find_waiting(self.store.read(), code, now).await;
        let row = row.map_err(StoreError::from)?.ok_or(AdminError::NoDevice)?;
        let scopes = ScopeRequest::parse(&row.scope).map_err(|_| AdminError::NoDevice)?;
        let new = NewGrant {
            client: ClientId::from_uuid(row.client_id),
            account: AccountId::from_uuid(account.id),
            identity: IdentityId::from_uuid(identity.id),
            session: None,
            signed_in_at: now,
        };
        let write = self.store.write(move |tx| {
            Box::pin(async move {
                Ok::<_, StoreError>(device::allow(tx, row, &scopes, new, now).await?)
            })
        });
        if write.await? { Ok(()) } else { Err(AdminError::NoDevice) }
    }

    async fn account(&self, handle: &Handle) -> Result<account::Model, AdminError> {
        let found =
            by_handle(self.store.read(), handle.as_str()).await.map_err(StoreError::from)?;
        found.ok_or_else(|| AdminError::NoUser { handle: handle.clone() })
    }

    fn password_url(&self, key: &Secret) -> String {
        format!("{}outport/password?key={}", self.base_url, key.reveal())
    }
}

/// Why an act of administration failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    #[error("cannot use the data directory {}", dir.display())]
    Data { dir: PathBuf, source: io::Error },
    #[error("cannot use the database")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the handle {handle} is taken")]
    Taken { handle: Handle },
    #[error("there is no account {handle}")]
    NoUser { handle: Handle },
    #[error("there is no application {id}")]
    NoApp { id: ClientId },
    #[error("no computer waits with this code; it may have expired")]
    NoDevice,
    #[error("`{name}` has no letter or digit to make a handle of")]
    NoHandle { name: String },
}

impl std::fmt::Debug for AppAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppAdded").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

fn taken(error: StoreError, handle: &Handle) -> AdminError {
    match error.is_conflict() {
        true => AdminError::Taken { handle: handle.clone() },
        false => AdminError::Store(error),
    }
}

/// `Nightly Backup (lab 3)` becomes `nightly-backup-lab-3`.
fn handle_for(name: &str) -> Option<Handle> {
    let plain = name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let words: Vec<_> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let handle: String = words.join("-").chars().take(39).collect();
    handle.trim_end_matches('-').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications_have_handles_of_their_names() {
        let handle = |name: &str| handle_for(name).map(|handle| handle.to_string());
        assert_eq!(handle("Nightly Backup (lab 3)").as_deref(), Some("nightly-backup-lab-3"));
        let long = "long ".repeat(20);
        assert_eq!(handle(&long).map(|h| h.len() <= 39), Some(true));
        assert_eq!(handle("***"), None);
    }
}
