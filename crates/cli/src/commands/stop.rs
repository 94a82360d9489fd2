//! `outport stop`

use serde_json::json;

use crate::{context::Context, failure::Failure};

/// End the agent of this computer; transfers go on when it is started again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    context.agent().await?.stop().await?;
    context.printer.fact(&json!({ "running": false }), |printer| {
        printer.note("The agent has stopped.");
    });
    Ok(())
}
