//! `outport agent`

mod service;

use std::pin::pin;

use outport_agent::{Agent, AgentOptions, Config, EndError, StartError, log};
use outport_control::Command;
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Text},
    signals::asked_to_stop,
};

/// Run the agent: make this computer reachable, until Ctrl-C or `outport stop`
///
/// It stays in the foreground and says on standard error what happens; `outport log` shows the same.
/// It needs no open port and no administrator rights.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<ByItself>,
}

/// Whether the agent starts without being asked to.
#[derive(Debug, clap::Subcommand)]
enum ByItself {
    /// Let the agent start whenever you sign in to this computer, and start it now
    Install,
    /// Let the agent no longer start by itself, and end it
    Uninstall,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Some(ByItself::Install) => service::install(context),
        Some(ByItself::Uninstall) => service::uninstall(context),
        None => host(context).await,
    }
}

/// Runs the agent in this process.
async fn host(context: &Context) -> Result<(), Failure> {
    let printer = &context.printer;
    let paths = context.paths()?;
    let level = Config::load(&paths).map(|config| config.log_level).unwrap_or_default();
    let log = log::start(&paths, level, !printer.is_quiet())
        .map_err(|error| Failure::new(Exit::Failed, "The log cannot be written.").because(error))?;
    let profile = paths.profile.clone();
    let asked_to_stop = asked_to_stop();
    let agent = Agent::start(AgentOptions { paths, log: Some(log) }).await.map_err(not_started)?;
    let handler = agent.handler();
    let facts = json!({ "running": true, "pid": std::process::id(), "profile": profile.as_str() });
    printer.fact(&facts, |printer| {
        let text = Text::new().add(Paint::Good, "The agent runs.");
        printer.note(text.plain(" `outport status` shows what it does; Ctrl-C ends it."));
    });
    let mut ended = pin!(agent.join());
    tokio::select! {
        ended = &mut ended => return ended.map_err(ended_by_itself),
        asked = asked_to_stop => asked.map_err(|error| {
            Failure::new(Exit::Failed, "Signals cannot be listened for.").because(error)
        })?,
    }
    printer.note("Stopping: what runs is kept for the next start.");
    handler.call(Command::Stop).await.ok(); // it may be ending already
    ended.await.map_err(ended_by_itself)
}

fn ended_by_itself(error: EndError) -> Failure {
    Failure::new(Exit::Failed, "The agent had to end.").because(error)
}

fn not_started(error: StartError) -> Failure {
    Failure::from(error.problem()).because(error)
}
