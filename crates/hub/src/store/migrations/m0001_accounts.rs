//! Accounts, identities, applications, tokens and what stands around them.
//!
//! Moments are milliseconds since 1970; secrets are SHA-256 hashes; lists are JSON text.

use sea_orm_migration::{
    async_trait::async_trait,
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, boolean, pk_uuid, text, text_null, text_uniq,
        uuid, uuid_null,
    },
};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0001_accounts"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            accounts(),
            identities(),
            clients(),
            client_secrets(),
            browsers(),
            links(),
            consents(),
            grants(),
            codes(),
            device_codes(),
            tokens(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(*name).table(Alias::new(*table));
            for column in *columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn accounts() -> TableCreateStatement {
    Table::create()
        .table("accounts")
        .col(pk_uuid("id"))
        .col(text("kind"))
        .col(text_uniq("handle"))
        .col(text("display_name"))
        .col(text_null("email"))
        .col(text_null("password"))
        .col(boolean("is_admin"))
        .col(boolean("disabled"))
        .col(big_integer("created_at"))
        .take()
}

/// An identity without an account is a place-holder for somebody who has not come yet.
fn identities() -> TableCreateStatement {
    Table::create()
        .table("identities")
        .col(pk_uuid("id"))
        .col(uuid_null("account_id"))
        .col(text_uniq("username"))
        .col(text_null("name"))
        .col(text_null("email"))
        .col(text_null("organization"))
        .col(uuid("provider"))
        .col(boolean("is_primary"))
        .col(big_integer("created_at"))
        .foreign_key(&mut references("identities", "account_id", "accounts"))
        .take()
}

fn clients() -> TableCreateStatement {
    Table::create()
        .table("clients")
        .col(pk_uuid("id"))
        .col(text("kind"))
        .col(text("name"))
        .col(uuid_null("template_id"))
        .col(uuid_null("account_id"))
        .col(text("redirect_uris"))
        .col(boolean("disabled"))
        .col(big_integer("created_at"))
        .foreign_key(&mut references("clients", "account_id", "accounts"))
        .take()
}

fn client_secrets() -> TableCreateStatement {
    Table::create()
        .table("client_secrets")
        .col(pk_uuid("id"))
        .col(uuid("client_id"))
        .col(secret("secret_hash"))
        .col(text("name"))
        .col(big_integer("created_at"))
        .foreign_key(&mut references("client_secrets", "client_id", "clients"))
        .take()
}

/// Browsers in which somebody is signed in.
fn browsers() -> TableCreateStatement {
    Table::create()
        .table("browsers")
        .col(secret("cookie_hash").primary_key())
        .col(uuid("session_id"))
        .col(uuid("account_id"))
        .col(uuid("identity_id"))
        .col(big_integer("signed_in_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut references("browsers", "account_id", "accounts"))
        .take()
}

/// One-time links: the first administrator's, and those that reset a password.
fn links() -> TableCreateStatement {
    Table::create()
        .table("links")
        .col(secret("key_hash").primary_key())
        .col(text("purpose"))
        .col(uuid_null("account_id"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .foreign_key(&mut references("links", "account_id", "accounts"))
        .take()
}

fn consents() -> TableCreateStatement {
    Table::create()
        .table("consents")
        .col(big_pk_auto("id"))
        .col(uuid("client_id"))
        .col(uuid("identity_id"))
        .col(uuid("scope_id"))
        .col(text("scope_name"))
        .col(text("path"))
        .col(boolean("allows_refresh"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer("last_used_at"))
        .foreign_key(&mut references("consents", "client_id", "clients"))
        .foreign_key(&mut references("consents", "identity_id", "identities"))
        .take()
}

/// One act of consent: the family of all tokens that came of it.
fn grants() -> TableCreateStatement {
    Table::create()
        .table("grants")
        .col(pk_uuid("id"))
        .col(uuid("client_id"))
        .col(uuid("account_id"))
        .col(uuid("identity_id"))
        .col(uuid_null("session_id"))
        .col(uuid_null("signed_in_as"))
        .col(big_integer("signed_in_at"))
        .col(big_integer("created_at"))
        .col(big_integer_null("revoked_at"))
        .foreign_key(&mut references("grants", "client_id", "clients"))
        .foreign_key(&mut references("grants", "account_id", "accounts"))
        .foreign_key(&mut references("grants", "identity_id", "identities"))
        .take()
}

fn codes() -> TableCreateStatement {
    Table::create()
        .table("codes")
        .col(secret("code_hash").primary_key())
        .col(uuid("grant_id"))
        .col(text("redirect_uri"))
        .col(text("scope"))
        .col(text_null("challenge"))
        .col(text_null("nonce"))
        .col(text_null("state"))
        .col(boolean("offline"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .foreign_key(&mut references("codes", "grant_id", "grants"))
        .take()
}

fn device_codes() -> TableCreateStatement {
    Table::create()
        .table("device_codes")
        .col(secret("code_hash").primary_key())
        .col(text_uniq("user_code"))
        .col(uuid("client_id"))
        .col(text("scope"))
        .col(boolean("offline"))
        .col(text("answer"))
        .col(uuid_null("grant_id"))
        .col(big_integer("interval_ms"))
        .col(big_integer_null("polled_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut references("device_codes", "client_id", "clients"))
        .foreign_key(&mut references("device_codes", "grant_id", "grants"))
        .take()
}

fn tokens() -> TableCreateStatement {
    Table::create()
        .table("tokens")
        .col(secret("token_hash").primary_key())
        .col(text("kind"))
        .col(uuid("grant_id"))
        .col(text("resource_server"))
        .col(text("scope"))
        .col(ColumnDef::new("replaces").binary())
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("revoked_at"))
        .col(boolean("retired"))
        .foreign_key(&mut references("tokens", "grant_id", "grants"))
        .take()
}

fn secret(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).binary().not_null().take()
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
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

const INDEXES: &[(&str, &str, &[&str])] = &[
    ("identities_account", "identities", &["account_id"]),
    ("clients_account", "clients", &["account_id"]),
    ("client_secrets_client", "client_secrets", &["client_id"]),
    ("browsers_account", "browsers", &["account_id"]),
    ("browsers_expiry", "browsers", &["expires_at"]),
    ("consents_identity", "consents", &["identity_id", "client_id"]),
    ("grants_account", "grants", &["account_id"]),
    ("grants_client", "grants", &["client_id"]),
    ("codes_grant", "codes", &["grant_id"]),
    ("codes_expiry", "codes", &["expires_at"]),
    ("device_codes_expiry", "device_codes", &["expires_at"]),
    ("tokens_grant", "tokens", &["grant_id"]),
    ("tokens_expiry", "tokens", &["expires_at"]),
];
