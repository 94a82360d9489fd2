//! The documents of the Auth API, version 2.

mod client;
mod device;
mod discovery;
mod error;
mod identity;
pub mod names;
mod token;

pub use self::{
    client::{ClientCreated, ClientCredential, ClientDocument, ClientIncluded},
    device::{DeviceAnswer, DeviceRequest},
    discovery::{Jwk, JwkSet, OpenidConfiguration},
    error::{AuthError, AuthErrorItem, auth_code, oauth_code},
    identity::{Identities, Identity, LinkedIdentity, Userinfo},
    token::{Activity, Authentication, Introspection, SignInSession, Token, TokenAnswer},
};
