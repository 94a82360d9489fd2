//! The agent behind the app: in its own process, or one that runs already.

use std::{fmt, sync::Arc, time::Duration};

use outport_agent::{Agent, AgentOptions, Config, log};
use outport_control::{Client, Command, ConnectError, Handler, Paths, Snapshot};
use outport_types::{Chain, Code, Problem};
use tokio::{
    sync::{OnceCell, mpsc, watch},
    time::{Instant, sleep_until, timeout},
};

use crate::controller::Event;

/// How questions reach the agent.
#[derive(Clone)]
pub(crate) enum Link {
    Starting,
    None(Problem),
    /// It is in this process.
    Memory(Arc<dyn Handler>),
    /// It answers on the socket of the profile.
    Socket(Paths),
}

/// The agent as the app has it.
#[derive(Debug)]
pub(crate) enum Host {
    Starting,
    None(Problem),
    Own(Agent),
    Attached { paths: Paths, pid: u32 },
    Demo(Demo),
}

/// Invented data that answers like an agent.
#[derive(Clone)]
pub(crate) struct Demo(Arc<dyn Handler>);

impl fmt::Debug for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Demo")
    }
}

/// The one log of this process; `None` when it could not be written.
static LOG: OnceCell<Option<log::LogControl>> = OnceCell::const_new();

impl Host {
    /// An agent of invented data.
    pub(crate) fn demo(handler: Arc<dyn Handler>) -> Self {
        Self::Demo(Demo(handler))
    }

    /// Attaches to the agent that runs for the profile, or starts one here.
    pub(crate) async fn find(paths: &Paths) -> Self {
        match Client::connect(paths).await {
            Ok(client) => return Self::attach(paths, client).await,
            Err(ConnectError::NotRunning) => {}
            // Whatever answers there has the profile; a second agent would only fail on its lock.
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the agent that runs cannot be used");
                return Self::None(error.problem());
            }
        }
        let log = LOG.get_or_init(|| async { start_log(paths) }).await.clone();
        match Agent::start(AgentOptions::new(paths.clone(), log)).await {
            Ok(agent) => Self::Own(agent),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "the agent cannot be started");
                Self::None(error.problem())
            }
        }
    }

    async fn attach(paths: &Paths, mut client: Client) -> Self {
        match client.status().await {
            Ok(snapshot) => Self::Attached { paths: paths.clone(), pid: snapshot.pid },
            Err(error) => Self::None(error.problem()),
        }
    }

    /// How questions reach it.
    pub(crate) fn link(&self) -> Link {
        match self {
            Self::Starting => Link::Starting,
            Self::None(problem) => Link::None(problem.clone()),
            Self::Own(agent) => Link::Memory(agent.handler()),
            Self::Attached { paths, .. } => Link::Socket(paths.clone()),
            Self::Demo(Demo(handler)) => Link::Memory(Arc::clone(handler)),
        }
    }

    /// Ends an agent of this process; leaves any other alone.
    pub(crate) async fn end(self) {
        match self {
            Self::Own(agent) => {
                agent.handler().call(Command::Stop).await.ok(); // it may be ending already
                match timeout(END_LIMIT, agent.join()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::error!(error = %Chain(&error), "the agent ended by itself");
                    }
                    Err(_) => {
                        tracing::error!("the agent does not end; the program ends without it");
                    }
                }
            }
            Self::Starting | Self::None(_) | Self::Attached { .. } | Self::Demo(_) => {}
        }
    }
}

fn start_log(paths: &Paths) -> Option<log::LogControl> {
    let level = Config::load(paths).map(|config| config.log_level).unwrap_or_default();
    match log::start(paths, level, true) {
        Ok(log) => Some(log),
        Err(error) => {
            // The agent's own files are in the same place: its start will say what is wrong.
            tracing::error!(error = %Chain(&error), "no log");
            None
        }
    }
}

/// A conversation with the agent at the other end.
///
/// # Errors
/// When there is none.
pub(crate) async fn client(link: Link) -> Result<Client, Problem> {
    match link {
        Link::Starting => Err(Problem::new(Code::AgentNotRunning, [])),
        Link::None(problem) => Err(problem),
        Link::Memory(handler) => Ok(Client::in_memory(handler)),
        Link::Socket(paths) => Client::connect(&paths).await.map_err(|error| error.problem()),
    }
}

/// Hands every state of the agent to the controller, at most four a second, and its end.
pub(crate) async fn follow(link: Link, events: mpsc::Sender<Event>) {
    let problem = match states_of(link, &events).await {
        Ok(()) => Problem::new(Code::AgentNotRunning, []),
        Err(problem) => problem,
    };
    events.send(Event::AgentGone(problem)).await.ok();
}

async fn states_of(link: Link, events: &mpsc::Sender<Event>) -> Result<(), Problem> {
    let client = client(link).await?;
    let mut states = client.subscribe().await.map_err(|error| error.problem())?;
    let (latest, seen) = watch::channel(None);
    // Reading goes on while the controller waits for the next turn: old states must not pile up.
    let reading = async {
        while let Some(state) = states.next().await.map_err(|error| error.problem())? {
            latest.send_replace(Some(Box::new(state)));
        }
        Ok::<(), Problem>(())
    };
    tokio::select! {
        read = reading => read,
        () = forward(seen, events) => Ok(()),
    }
}

/// Hands on the latest state, then waits for its turn.
async fn forward(mut seen: watch::Receiver<Option<Box<Snapshot>>>, events: &mpsc::Sender<Event>) {
    while seen.changed().await.is_ok() {
        let next_at = Instant::now() + STATE_EVERY;
        let state = seen.borrow_and_update().clone();
        if let Some(state) = state
            && events.send(Event::Snapshot(state)).await.is_err()
        {
            return;
        }
        sleep_until(next_at).await;
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("Starting"),
            Self::None(problem) => f.debug_tuple("None").field(problem).finish(),
            Self::Memory(_) => f.write_str("Memory"),
            Self::Socket(paths) => f.debug_tuple("Socket").field(&paths.profile).finish(),
        }
    }
}

/// The agent takes at most ten seconds; a hanging disk may hold it up for longer.
const END_LIMIT: Duration = Duration::from_secs(10);
/// A screen that changes more often is only harder to read.
const STATE_EVERY: Duration = Duration::from_millis(250);
