//! `outport log`

use crate::{context::Context, failure::Failure, signals::asked_to_stop};

/// Show the agent's log
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines to show
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    lines: u32,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let printer = &context.printer;
    let mut log = context.owner().await?.log(args.lines, args.follow).await?;
    while !printer.is_closed() {
        let lines = tokio::select! {
            lines = log.next() => lines?,
            _ = asked_to_stop() => break,
        };
        let Some(lines) = lines else { break };
        for line in lines {
            if printer.is_json() {
                printer.json_line(&line);
            } else {
                printer.line(line);
            }
        }
    }
    Ok(())
}
