//! `outport logout`

use serde_json::json;

use crate::{context::Context, failure::Failure};

/// Sign out: forget the sign-in here, and end it at the hub
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    let mut owner = context.owner().await?;
    let account = owner.account().await?;
    owner.sign_out().await?;
    let hub = account.map(|account| account.hub);
    let facts = json!({ "signed_out": hub.is_some(), "hub": hub });
    context.printer.fact(&facts, |printer| match &hub {
        Some(hub) => printer.note(format!("Signed out of {hub}.")),
        None => printer.note("Nobody was signed in."),
    });
    Ok(())
}
