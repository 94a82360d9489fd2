//! `outport resume`

use serde_json::json;

use crate::{context::Context, failure::Failure};

/// Go on after a pause
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    context.agent().await?.resume().await?;
    context.printer.fact(&json!({ "paused": false }), |printer| printer.note("Resumed."));
    Ok(())
}
