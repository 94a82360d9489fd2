//! Grants and the tokens that come of them.
//!
//! A refresh token of a public client is replaced at every use. The one before it stays good until
//! the new one is used, so that a client that crashed before it stored the new one loses nothing;
//! after that, whoever presents the old one, or another one that came of it, has stolen it or been
//! robbed, and the grant ends.
//! A confidential client keeps its refresh token, because its secret protects it.

use outport_api::{
    self as document,
    auth::{
        Token, TokenAnswer,
        names::{scope, server},
    },
};
use outport_types::{AccountId, ClientId, IdentityId, UnixTime};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _,
    QueryFilter as _, Set,
};
use uuid::Uuid;

use super::{
    client::Client,
    scope::{ScopeGroup, ScopeRequest},
};
use crate::{
    config::TokenLifetimes,
    random::{Secret, SecretHash},
    store::{
        Tx,
        entity::{account, grant, token},
    },
};

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

impl TokenKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// For whom tokens are made, and how the person signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewGrant {
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    /// What `sub` says.
    pub(crate) identity: IdentityId,
    /// The browser's session; none for an application.
    pub(crate) session: Option<Uuid>,
    pub(crate) signed_in_at: UnixTime,
}

/// Stores a grant.
pub(crate) async fn create(tx: &Tx, new: NewGrant, now: UnixTime) -> Result<Uuid, DbErr> {
    let id = Uuid::new_v4();
    grant::ActiveModel {
        id: Set(id),
        client_id: Set(new.client.uuid()),
        account_id: Set(new.account.uuid()),
        identity_id: Set(new.identity.uuid()),
        session_id: Set(new.session),
        signed_in_as: Set(new.session.map(|_| new.identity.uuid())),
        signed_in_at: Set(new.signed_in_at.millis()),
        created_at: Set(now.millis()),
        revoked_at: Set(None),
    }
    .insert(tx)
    .await?;
    Ok(id)
}

/// Ends a grant and every token of it.
pub(crate) async fn revoke(tx: &Tx, grant: Uuid, now: UnixTime) -> Result<(), DbErr> {
    grant::ActiveModel {
        id: Set(grant),
        revoked_at: Set(Some(now.millis())),
        ..Default::default()
    }
    .update(tx)
    .await?;
    Ok(())
}

/// The tokens for one resource server, as one answer tells them.
#[derive(Debug)]
pub(crate) struct Issued {
    resource_server: String,
    scope: String,
    access: Secret,
    refresh: Option<Secret>,
    expires_in: u32,
}

impl Issued {
    /// Makes the tokens for every resource server of a request.
    pub(crate) async fn for_all(
        tx: &Tx,
        grant: Uuid,
        groups: Vec<ScopeGroup>,
        offline: bool,
        lifetimes: &TokenLifetimes,
        now: UnixTime,
    ) -> Result<Vec<Self>, DbErr> {
        let mut all = Vec::with_capacity(groups.len());
        for group in groups {
            let scope = group.names.join(" ");
            let slot = Slot { grant, server: &group.resource_server, scope: &scope };
            let access = slot.access(tx, lifetimes, now).await?;
            let refresh = match offline {
                true => Some(slot.refresh(tx, None, lifetimes, now).await?),
                false => None,
            };
            let expires_in = lifetimes.access_seconds;
            let resource_server = group.resource_server;
            all.push(Self { resource_server, scope, access, refresh, expires_in });
        }
        Ok(all)
    }

    /// The tokens as the answer tells them.
    pub(crate) fn document(&self) -> Token {
        Token {
            access_token: document::Secret::new(self.access.reveal()),
            scope: self.scope.clone(),
            resource_server: self.resource_server.clone(),
            expires_in: self.expires_in.into(),
            token_type: "Bearer".to_owned(),
            refresh_token: self.refresh.as_ref().map(|it| document::Secret::new(it.reveal())),
        }
    }

    /// Whether the answer should bring an identity token along.
    pub(crate) fn has_openid(&self) -> bool {
        self.resource_server == server::AUTH
            && self.scope.split(' ').any(|name| name == scope::OPENID)
    }
}

/// What the token endpoint answers: the first resource server's tokens, the others within.
///
/// `None` if there are no tokens, which no request comes to: each names a scope.
pub(crate) fn answer(
    issued: &[Issued],
    id_token: Option<String>,
    state: Option<String>,
) -> Option<TokenAnswer> {
    let mut documents = issued.iter().map(Issued::document);
    Some(TokenAnswer {
        first: documents.next()?,
        id_token: id_token.map(document::Secret::new),
        state,
        other_tokens: documents.collect(),
    })
}

/// One resource server's place in a grant.
struct Slot<'a> {
    grant: Uuid,
    server: &'a str,
    scope: &'a str,
}

impl Slot<'_> {
    async fn access(
        &self,
        tx: &Tx,
        lifetimes: &TokenLifetimes,
        now: UnixTime,
    ) -> Result<Secret, DbErr> {
        let until = now.plus_seconds(lifetimes.access_seconds.into());
        self.token(tx, TokenKind::Access, None, until, now).await
    }

    async fn refresh(
        &self,
        tx: &Tx,
        replaces: Option<Vec<u8>>,
        lifetimes: &TokenLifetimes,
        now: UnixTime,
    ) -> Result<Secret, DbErr> {
        let until = refresh_until(lifetimes, now);
        self.token(tx, TokenKind::Refresh, replaces, until, now).await
    }

    async fn token(
        &self,
        tx: &Tx,
        kind: TokenKind,
        replaces: Option<Vec<u8>>,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<Secret, DbErr> {
        let secret = Secret::random();
        token::ActiveModel {
            token_hash: Set(secret.hash().to_vec()),
            kind: Set(kind.word().to_owned()),
            grant_id: Set(self.grant),
            resource_server: Set(self.server.to_owned()),
            scope: Set(self.scope.to_owned()),
            replaces: Set(replaces),
            created_at: Set(now.millis()),
            expires_at: Set(until.millis()),
            revoked_at: Set(None),
            retired: Set(false),
        }
        .insert(tx)
        .await?;
        Ok(secret)
    }
}

/// A token that was found, with its grant.
#[derive(Clone, Debug)]
pub(crate) struct FoundToken {
    pub(crate) token: token::Model,
    pub(crate) grant: grant::Model,
}

impl FoundToken {
    /// The token behind a secret, good or not.
    pub(crate) async fn find(
        db: &impl ConnectionTrait,
        hash: SecretHash,
    ) -> Result<Option<Self>, DbErr> {
        let Some(token) = token::Entity::find_by_id(hash.to_vec()).one(db).await? else {
            return Ok(None);
        };
        let grant = grant::Entity::find_by_id(token.grant_id).one(db).await?;
        Ok(grant.map(|grant| Self { token, grant }))
    }

    /// Whether it can still be used, its account included.
    pub(crate) async fn is_active(
        &self,
        db: &impl ConnectionTrait,
        now: UnixTime,
    ) -> Result<bool, DbErr> {
        let alive = self.token.revoked_at.is_none()
            && self.grant.revoked_at.is_none()
            && now.millis() < self.token.expires_at;
        if !alive {
            return Ok(false);
        }
        let account = account::Entity::find_by_id(self.grant.account_id).one(db).await?;
        Ok(account.is_some_and(|account| !account.disabled))
    }

    /// Ends this token; with a refresh token, the access tokens that came of it as well.
    pub(crate) async fn revoke(self, tx: &Tx, now: UnixTime) -> Result<(), DbErr> {
        let mut end = token::Entity::update_many()
            .col_expr(token::Column::RevokedAt, now.millis().into())
            .filter(token::Column::RevokedAt.is_null());
        end = if self.token.kind == TokenKind::Refresh.word() {
            end.filter(token::Column::GrantId.eq(self.token.grant_id))
                .filter(token::Column::ResourceServer.eq(self.token.resource_server))
        } else {
            end.filter(token::Column::TokenHash.eq(self.token.token_hash))
        };
        end.exec(tx).await?;
        Ok(())
    }
}

/// How the use of a refresh token ended.
#[derive(Debug)]
pub(crate) enum Refreshed {
    Issued {
        issued: Issued,
        grant: Uuid,
    },
    /// Unknown, expired, revoked or another client's.
    Refused,
    /// Used after it was replaced: the whole grant has just ended.
    Stolen,
}

/// Uses a refresh token.
pub(crate) async fn refresh(
    tx: &Tx,
    client: &Client,
    presented: &Secret,
    lifetimes: &TokenLifetimes,
    now: UnixTime,
) -> Result<Refreshed, DbErr> {
    let Some(found) = FoundToken::find(tx, presented.hash()).await? else {
        return Ok(Refreshed::Refused);
    };
    let fits =
        found.token.kind == TokenKind::Refresh.word() && found.grant.client_id == client.id.uuid();
    if fits && found.token.retired && found.grant.revoked_at.is_none() {
        revoke(tx, found.grant.id, now).await?;
        return Ok(Refreshed::Stolen);
    }
    if !fits || !found.is_active(tx, now).await? {
        return Ok(Refreshed::Refused);
    }
    let FoundToken { token, grant } = found;
    if let Some(before) = &token.replaces {
        token::Entity::update_many()
            .col_expr(token::Column::Retired, true.into())
            .col_expr(token::Column::RevokedAt, now.millis().into())
            .filter(token::Column::GrantId.eq(token.grant_id))
            .filter(token::Column::TokenHash.ne(token.token_hash.clone()))
            .filter(
                // Whoever else used the old one has a successor of it as well: only one may live.
                Condition::any()
                    .add(token::Column::TokenHash.eq(before.clone()))
                    .add(token::Column::Replaces.eq(before.clone())),
            )
            .exec(tx)
            .await?;
    }
    let slot = Slot { grant: grant.id, server: &token.resource_server, scope: &token.scope };
    let access = slot.access(tx, lifetimes, now).await?;
    let refresh = if client.kind.is_public() {
        slot.refresh(tx, Some(token.token_hash.clone()), lifetimes, now).await?
    } else {
        let until = refresh_until(lifetimes, now);
        if token.expires_at < until.plus_seconds(-86_400).millis() {
            let mut row: token::ActiveModel = token.clone().into();
            row.expires_at = Set(until.millis());
            row.update(tx).await?;
        }
        presented.clone()
    };
    let issued = Issued {
        resource_server: token.resource_server,
        scope: token.scope,
        access,
        refresh: Some(refresh),
        expires_in: lifetimes.access_seconds,
    };
    Ok(Refreshed::Issued { issued, grant: grant.id })
}

fn refresh_until(lifetimes: &TokenLifetimes, now: UnixTime) -> UnixTime {
    now.plus_seconds(i64::from(lifetimes.refresh_days) * 86_400)
}

/// What an authorization or device code stores of its request: what there is to grant.
pub(crate) fn scope_text(request: &ScopeRequest) -> String {
    request.names().join(" ")
}
