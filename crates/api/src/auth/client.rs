//! The registration of a client from a template: what the official command does on first use.

use outport_types::ClientId;
use serde::{Deserialize, Serialize};

use crate::wire::Secret;

/// The 201 answer of `POST /v2/api/clients`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCreated {
    pub client: ClientDocument,
    pub included: ClientIncluded,
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDocument {
    pub id: ClientId,
    pub name: String,
    /// The template that it was made from.
    pub parent_client: Option<ClientId>,
    /// `confidential_client`.
    pub client_type: String,
    pub public_client: bool,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// What came into being with the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientIncluded {
    pub client_credential: ClientCredential,
}

/// The client's secret, shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCredential {
    pub client: ClientId,
    pub secret: Secret,
    pub id: String,
    pub name: String,
}
