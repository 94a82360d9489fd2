//! Clients that installations of the official command make for themselves.

use std::marker::PhantomData;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use outport_api::auth::{ClientCreated, ClientCredential, ClientDocument, ClientIncluded};
use outport_types::ClientId;
use sea_orm::EntityTrait as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{self, Client, ClientKind, NewClient};
use crate::{
    accounts::display_text,
    http::{AuthError, AuthShape, ClientAddress, FormFields, JsonBody},
    limiter::Attempt,
    random::Secret,
    state::HubState,
    store::entity::client as client_row,
};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    client: WantedClient,
}

#[derive(Debug, Deserialize)]
struct WantedClient {
    template_id: Option<ClientId>,
    name: Option<String>,
}

/// `POST /v2/api/clients`: a client of its own for whoever asks, made from a template.
///
/// It proves nothing about who asks; it only keeps one installation's tokens apart from another's.
pub(super) async fn create(
    State(hub): State<HubState>,
    address: ClientAddress,
    JsonBody(wanted, PhantomData): JsonBody<Wanted, AuthShape>,
) -> Result<(StatusCode, Json<ClientCreated>), AuthError> {
    let Some(template_id) = wanted.client.template_id else {
        return Err(AuthError::forbidden(
            "Applications are registered by an administrator, with `outport hub app add`.",
        ));
    };
    let template = Client::find(&hub.store, template_id).await?;
    let Some(template) = template.filter(|client| client.kind == ClientKind::Template) else {
        return Err(AuthError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "No such template."));
    };
    hub.limiter.attempt(Attempt::AnonymousCreation, &address.key())?;
    let name = display_text(wanted.client.name.as_deref().unwrap_or_default(), &template.name);
    let (id, secret, now) = (ClientId::random(), Secret::random(), hub.clock.now());
    let (new_name, hash) = (name.clone(), secret.hash());
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            let new = NewClient {
                id,
                kind: ClientKind::Instance,
                name: new_name,
                template: Some(template_id),
                account: None,
            };
            client::create(tx, new, now).await?;
            Ok::<_, AuthError>(client::add_secret(tx, id, hash, now).await?)
        })
    });
    let credential = write.await?;
    let client = Client::find(&hub.store, id).await?;
    let client = client.ok_or_else(|| AuthError::internal("the new client is not there"))?;
    let client_credential = ClientCredential {
        client: id,
        secret: outport_api::Secret::new(secret.reveal()),
        id: credential.to_string(),
        name: "secret".to_owned(),
    };
    let answer = ClientCreated {
        client: document(&hub, &client),
        included: ClientIncluded { client_credential },
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `DELETE /v2/api/clients/{id}`, by the client itself.
pub(super) async fn delete(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    Path(id): Path<String>,
) -> Result<Json<Value>, AuthError> {
    let client = client::authenticate(&hub, &headers, &FormFields::default(), address).await?;
    let own = id.parse() == Ok(client.id) && client.kind == ClientKind::Instance;
    if !own {
        return Err(AuthError::forbidden("A client can remove itself only."));
    }
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            client_row::Entity::delete_by_id(client.id.uuid()).exec(tx).await?;
            Ok::<_, AuthError>(client)
        })
    });
    let client = write.await?;
    Ok(Json(json!({"client": document(&hub, &client)})))
}

fn document(hub: &HubState, client: &Client) -> ClientDocument {
    ClientDocument {
        id: client.id,
        name: client.name.clone(),
        parent_client: client.template,
        client_type: "confidential_client".to_owned(),
        public_client: client.kind.is_public(),
        redirect_uris: vec![hub.url("v2/web/auth-code")],
        scopes: Vec::new(),
    }
}
