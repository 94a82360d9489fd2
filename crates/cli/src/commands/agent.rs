//! `outport agent`

mod service;

use std::{
    net::{SocketAddr, UdpSocket},
    pin::pin,
};

use outport_agent::{
    ADVERTISED_MAX, Agent, AgentOptions, Config, EndError, StartError, advertised_address, holder,
    listen_address, log,
};
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
///
/// On a server with a public address, or behind a router that forwards a port to this computer, --listen
/// and --advertise let every other computer reach it straight. The config has the same for an agent
/// that starts by itself: `listen` and `advertise` in its table `[network]`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Option<ByItself>,
}

/// How other computers reach this one.
#[derive(Debug, clap::Args)]
struct Reach {
    /// The address and UDP port for transfers, such as `0.0.0.0:7441` or `[::]:7441`; any free port unless
    /// given here or in the config
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
    listen: Option<SocketAddr>,
    /// An address at which other computers reach this one from outside, such as 203.0.113.7:7441; for
    /// several give it several times. In the place of those in the config
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = advertised_address)]
    advertise: Vec<SocketAddr>,
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
    let given = args.reach.listen.is_some() || !args.reach.advertise.is_empty();
    match args.command {
        Some(_) if given => Err(Failure::new(Exit::Usage, FOR_THE_CONFIG)),
        Some(ByItself::Install) => service::install(context),
        Some(ByItself::Uninstall) => service::uninstall(context),
        None => host(args.reach, context).await,
    }
}

/// Runs the agent in this process.
async fn host(Reach { listen, advertise }: Reach, context: &Context) -> Result<(), Failure> {
    let printer = &context.printer;
    let paths = context.paths()?;
    if ADVERTISED_MAX < advertise.len() {
        let text = format!("--advertise can be given at most {ADVERTISED_MAX} times.");
        return Err(Failure::new(Exit::Usage, text));
    }
    if let Some(address) = listen.filter(|_| holder(&paths).is_none()) {
        can_listen(address)?;
    }
    let level = Config::load(&paths).map(|config| config.log_level).unwrap_or_default();
    let log = log::start(&paths, level, !printer.is_quiet())
        .map_err(|error| Failure::new(Exit::Failed, "The log cannot be written.").because(error))?;
    let profile = paths.profile.clone();
    let asked_to_stop = asked_to_stop();
    let options = AgentOptions { listen, advertise, ..AgentOptions::new(paths, Some(log)) };
    let agent = Agent::start(options).await.map_err(not_started)?;
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

/// Tries an address that was given by hand: whoever typed it wants to know at once. One in the config
/// may become free later.
fn can_listen(address: SocketAddr) -> Result<(), Failure> {
    let Err(error) = UdpSocket::bind(address) else { return Ok(()) };
    let text = format!(
        "Outport cannot listen at {address} (UDP): {error}. Name another address, or end the program that has this one."
    );
    Err(Failure::new(Exit::Failed, text).because(error))
}

fn ended_by_itself(error: EndError) -> Failure {
    Failure::new(Exit::Failed, "The agent had to end.").because(error)
}

fn not_started(error: StartError) -> Failure {
    Failure::from(error.problem()).because(error)
}

const FOR_THE_CONFIG: &str = "An agent that starts by itself takes `listen` and `advertise` from the table [network] of its config, not from the command line.";
