//! `outport logout`

use outport_agent::TokenStore;
use outport_control::{Client as Control, ConnectError};
use serde_json::json;

use crate::{context::Context, failure::Failure};

/// Sign out: forget the sign-in here, and end it at the hub
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    let paths = context.paths()?;
    let store = TokenStore::new(&paths);
    let account = store.account().await.ok().flatten();
    match Control::connect(&paths).await {
        Ok(mut agent) => agent.sign_out().await?,
        Err(ConnectError::NotRunning) => {
            store.sign_out().await.map_err(|error| Failure::from(error.problem()).because(error))?
        }
        Err(error) => return Err(error.into()),
    }
    let hub = account.as_ref().map(|account| account.hub.clone());
    context.printer.fact(&json!({ "signed_out": account.is_some(), "hub": hub }), |printer| {
        match &hub {
            Some(hub) => printer.note(format!("Signed out of {hub}.")),
            None => printer.note("Nobody was signed in."),
        }
    });
    Ok(())
}
