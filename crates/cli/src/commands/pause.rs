//! `outport pause`

use std::time::Duration;

use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    human::{now, parse_duration},
};

/// Stop all transfers of this computer within a second, until resumed
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Resume without being told after this time: 30m, 2h, 1d
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let mut agent = context.agent().await?;
    let until = args
        .duration
        .map(|duration| now().plus_seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)));
    agent.pause(until).await?;
    context.printer.fact(&json!({ "paused": true, "until": until }), |printer| match until {
        Some(until) => printer.note(format!("Paused until {}.", printer.date(until))),
        None => printer.note("Paused. `outport resume` goes on."),
    });
    Ok(())
}
