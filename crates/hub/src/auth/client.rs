//! Clients: the applications that ask for tokens, and how they prove themselves.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use outport_api::auth::{
    names::{GLOBUS_CLI_TEMPLATES, OUTPORT_CLIENT},
    oauth_code,
};
use outport_types::{AccountId, ClientId, UnixTime};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, Set,
    sea_query::OnConflict,
};
use url::Url;

use super::scope::{ScopeError, ScopeRequest, resource_server};
use crate::{
    http::{AuthError, ClientAddress, FormFields, is_loopback_host},
    limiter::Attempt,
    random::{Secret, SecretHash},
    state::HubState,
    store::{
        Store, StoreError, Tx,
        entity::{client, client_secret},
    },
};

/// What kind of client it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientKind {
    /// Public: anybody can claim to be it.
    Public,
    /// Public, and the pattern of clients that installations make for themselves.
    Template,
    /// Made from a template by one installation; has a secret.
    Instance,
    /// Registered by an administrator; has a secret and an account of its own.
    Application,
}

impl ClientKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Template => "template",
            Self::Instance => "instance",
            Self::Application => "application",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Public, Self::Template, Self::Instance, Self::Application]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// Whether it has no secret, so that only PKCE ties a code to whoever asked for it.
    pub(crate) const fn is_public(self) -> bool {
        match self {
            Self::Public | Self::Template => true,
            Self::Instance | Self::Application => false,
        }
    }
}

/// A client that is in use.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) kind: ClientKind,
    pub(crate) name: String,
    pub(crate) template: Option<ClientId>,
    pub(crate) account: Option<AccountId>,
    redirect_uris: Vec<String>,
}

impl Client {
    /// The client with this id, unless there is none or it is closed.
    pub(crate) async fn find(store: &Store, id: ClientId) -> Result<Option<Self>, DbErr> {
        let found = client::Entity::find_by_id(id.uuid()).one(store.read()).await?;
        Ok(found.filter(|row| !row.disabled).and_then(Self::from_row))
    }

    /// Whether codes may be sent to this address.
    ///
    /// The clients that people run on their own computers listen on any port of it; everybody
    /// else names the exact address beforehand.
    pub(crate) fn allows_redirect(&self, uri: &str, own_page: &str) -> bool {
        if uri == own_page || self.redirect_uris.iter().any(|known| known == uri) {
            return true;
        }
        let Ok(url) = Url::parse(uri) else { return false };
        let plain = url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.scheme() == "http"
            && is_loopback_host(&url);
        match self.kind {
            ClientKind::Public | ClientKind::Template | ClientKind::Instance => plain,
            ClientKind::Application => false,
        }
    }

    fn from_row(row: client::Model) -> Option<Self> {
        Some(Self {
            id: ClientId::from_uuid(row.id),
            kind: ClientKind::from_word(&row.kind)?,
            name: row.name,
            template: row.template_id.map(ClientId::from_uuid),
            account: row.account_id.map(AccountId::from_uuid),
            redirect_uris: serde_json::from_str(&row.redirect_uris).ok()?,
        })
    }
}

/// A client to store.
#[derive(Clone, Debug)]
pub(crate) struct NewClient {
    pub(crate) id: ClientId,
    pub(crate) kind: ClientKind,
    pub(crate) name: String,
    pub(crate) template: Option<ClientId>,
    pub(crate) account: Option<AccountId>,
}

/// Stores a client.
pub(crate) async fn create(tx: &Tx, new: NewClient, now: UnixTime) -> Result<(), DbErr> {
    row(new, now).insert(tx).await?;
    Ok(())
}

/// Gives a client a secret.
pub(crate) async fn add_secret(
    tx: &Tx,
    client: ClientId,
    hash: SecretHash,
    now: UnixTime,
) -> Result<uuid::Uuid, DbErr> {
    let id = uuid::Uuid::new_v4();
    client_secret::ActiveModel {
        id: Set(id),
        client_id: Set(client.uuid()),
        secret_hash: Set(hash.to_vec()),
        name: Set("secret".to_owned()),
        created_at: Set(now.millis()),
    }
    .insert(tx)
    .await?;
    Ok(id)
}

/// Stores the clients that every hub has.
pub(crate) async fn ensure_built_in(store: &Store, now: UnixTime) -> Result<(), StoreError> {
    let write = store.write(move |tx| {
        Box::pin(async move {
            let own = NewClient {
                id: OUTPORT_CLIENT,
                kind: ClientKind::Public,
                name: "Outport".to_owned(),
                template: None,
                account: None,
            };
            let templates = GLOBUS_CLI_TEMPLATES.into_iter().map(|id| NewClient {
                id: ClientId::from_uuid(id),
                kind: ClientKind::Template,
                name: "Globus CLI".to_owned(),
                template: None,
                account: None,
            });
            let rows = std::iter::once(own).chain(templates).map(|new| row(new, now));
            client::Entity::insert_many(rows)
                .on_conflict(OnConflict::column(client::Column::Id).do_nothing().to_owned())
                .exec_without_returning(tx)
                .await?;
            Ok::<_, StoreError>(())
        })
    });
    write.await
}

/// The client of a request to the token endpoint: proven by its secret, or public.
pub(crate) async fn authenticate(
    hub: &HubState,
    headers: &HeaderMap,
    form: &FormFields,
    address: ClientAddress,
) -> Result<Client, AuthError> {
    let Some(presented) = Presented::read(headers, form) else {
        return Err(not_proven("This needs a client id."));
    };
    let client = Client::find(&hub.store, presented.id).await?;
    let Some(secret) = presented.secret else {
        return match client {
            Some(client) if client.kind.is_public() => Ok(client),
            Some(_) | None => Err(not_proven("The client is unknown, or its secret is missing.")),
        };
    };
    let key = match &client {
        // Together with the address, so that nobody can slow down others who share either.
        Some(client) => format!("{} {}", address.key(), client.id),
        // Made-up ids must not make a key each.
        None => address.key(),
    };
    hub.limiter.attempt(Attempt::ClientSecret, &key)?;
    let secrets = client_secret::Entity::find()
        .filter(client_secret::Column::ClientId.eq(presented.id.uuid()))
        .all(hub.store.read())
        .await?;
    let hash = secret.hash();
    let right = secrets.iter().filter(|row| hash.matches(&row.secret_hash)).count() != 0;
    match client.filter(|client| right && !client.kind.is_public()) {
        Some(client) => {
            hub.limiter.take_back(Attempt::ClientSecret, &key);
            Ok(client)
        }
        None => Err(not_proven("The client id or its secret is wrong.")),
    }
}

/// A scope of a client that anybody can be or make, if there is one in the request.
///
/// Such a client serves nobody; it would only collect what people allow.
pub(crate) async fn find_unserved(
    store: &Store,
    scopes: &ScopeRequest,
) -> Result<Option<ScopeError>, DbErr> {
    let owner_of =
        |name: &str| resource_server(name).and_then(|owner| uuid::Uuid::try_parse(&owner).ok());
    let names = scopes.names_in_full();
    let owners: BTreeSet<uuid::Uuid> = names.iter().filter_map(|name| owner_of(name)).collect();
    if owners.is_empty() {
        return Ok(None);
    }
    let bad: BTreeSet<uuid::Uuid> = client::Entity::find()
        .filter(client::Column::Id.is_in(owners))
        .filter(client::Column::Kind.ne(ClientKind::Application.word()))
        .all(store.read())
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    let found = names.into_iter().find(|name| owner_of(name).is_some_and(|id| bad.contains(&id)));
    Ok(found.map(|name| ScopeError::Unknown { name: name.to_owned() }))
}

/// The client that a form merely names, for revocation.
pub(crate) fn named(headers: &HeaderMap, form: &FormFields) -> Option<ClientId> {
    Presented::read(headers, form).map(|presented| presented.id)
}

/// What a request shows about its client.
struct Presented {
    id: ClientId,
    secret: Option<Secret>,
}

impl Presented {
    fn read(headers: &HeaderMap, form: &FormFields) -> Option<Self> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let (scheme, code) = value.to_str().ok()?.split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("basic") {
                return None;
            }
            let text = String::from_utf8(STANDARD.decode(code.trim()).ok()?).ok()?;
            let (id, secret) = text.split_once(':')?;
            return Some(Self { id: id.parse().ok()?, secret: Some(Secret::presented(secret)) });
        }
        let id = form.get("client_id")?.parse().ok()?;
        Some(Self { id, secret: form.get("client_secret").map(Secret::presented) })
    }
}

fn not_proven(message: &str) -> AuthError {
    AuthError::unauthenticated(message).oauth(oauth_code::INVALID_CLIENT)
}

fn row(new: NewClient, now: UnixTime) -> client::ActiveModel {
    client::ActiveModel {
        id: Set(new.id.uuid()),
        kind: Set(new.kind.word().to_owned()),
        name: Set(new.name),
        template_id: Set(new.template.map(ClientId::uuid)),
        account_id: Set(new.account.map(AccountId::uuid)),
        redirect_uris: Set("[]".to_owned()),
        disabled: Set(false),
        created_at: Set(now.millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(kind: ClientKind) -> Client {
        Client {
            id: OUTPORT_CLIENT,
            kind,
            name: String::new(),
            template: None,
            account: None,
            redirect_uris: vec!["https://app.example/back".to_owned()],
        }
    }

    #[test]
    fn codes_go_to_this_computer_the_hubs_own_page_or_an_address_known_before() {
        let page = "https://hub.example/v2/web/auth-code";
        let instance = client(ClientKind::Instance);
        for good in [
            page,
            "http://localhost:53124",
            "http://127.0.0.1:9/x?y=1",
            "http://[::1]:9/",
            "https://app.example/back",
        ] {
            assert!(instance.allows_redirect(good, page), "{good}");
        }
        for bad in [
            "https://evil.example/",
            "http://localhost.evil.example:1/",
            "http://localhost@evil.example/",
            "http://user@localhost:1/",
            "http://127.0.0.1:1/#x",
            "https://localhost:1/",
            "javascript:alert(1)",
            "https://app.example/back/../x",
            "https://hub.example/v2/web/auth-code/",
            "//evil.example",
            "",
        ] {
            assert!(!instance.allows_redirect(bad, page), "{bad}");
        }
        assert!(!client(ClientKind::Application).allows_redirect("http://localhost:1", page));
    }
}
