//! What a tray, a window or a command holds of an agent.

use std::{io, sync::Arc, time::Duration};

use outport_types::{Code, Problem, UnixTime};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

mod questions;

use crate::{
    account::{Account, Secret, SignIn, Token},
    command::{Command, KeyPlace, Reply, SetUp},
    doctor::DoctorReport,
    folder::{Folder, FolderTest, NewFolder},
    handler::Handler,
    paths::Paths,
    server::program,
    snapshot::Snapshot,
    socket::{Stream, connect},
    wire::{
        self, ClientHello, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, Request, Response, ServerHello,
        VERSION, WireError,
    },
};

/// A conversation with an agent: over its socket, or with a [`Handler`] of this process.
#[derive(Debug)]
pub struct Client(Way);

enum Way {
    Socket(Stream),
    Memory(Arc<dyn Handler>),
}

/// Why there is no conversation with an agent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No agent listens for this profile.
    #[error("no agent is running for this profile")]
    NotRunning,
    /// The socket cannot be used.
    #[error("cannot connect to the agent")]
    Socket(#[source] io::Error),
    /// The agent said no, or something else answered.
    #[error("the agent does not take this client")]
    Hello(#[source] CallError),
}

impl ConnectError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::NotRunning | Self::Socket(_) => Problem::new(Code::AgentNotRunning, []),
            Self::Hello(error) => error.problem(),
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The agent says what is wrong.
    #[error("the agent refused")]
    Refused(#[source] Problem),
    /// The socket failed, or the agent ended.
    #[error("the connection to the agent broke")]
    Wire(#[source] WireError),
    /// An answer to another question.
    #[error("the agent answered something else than was asked")]
    Confused,
}

impl CallError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Wire(_) => Problem::new(Code::AgentNotRunning, []),
            Self::Confused => Problem::new(Code::Internal, [("request", "control".into())]),
        }
    }
}

impl Client {
    /// Connects to the agent that runs for a profile.
    ///
    /// # Errors
    /// When none runs, or it speaks another version.
    pub async fn connect(paths: &Paths) -> Result<Self, ConnectError> {
        let mut stream = match timeout(CONNECT_TIMEOUT, connect(paths)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if is_absence(&error) => return Err(ConnectError::NotRunning),
            Ok(Err(error)) => return Err(ConnectError::Socket(error)),
            Err(_) => return Err(ConnectError::Socket(io::ErrorKind::TimedOut.into())),
        };
        match timeout(CONNECT_TIMEOUT, greet(&mut stream)).await {
            Ok(greeted) => greeted.map_err(ConnectError::Hello)?,
            Err(_) => return Err(ConnectError::Socket(io::ErrorKind::TimedOut.into())),
        }
        Ok(Self(Way::Socket(stream)))
    }

    /// Speaks with a handler in this process: the agent that the desktop app hosts, or what a
    /// command can do itself when no agent runs.
    pub fn in_memory(handler: Arc<dyn Handler>) -> Self {
        Self(Way::Memory(handler))
    }

    /// The state now.
    ///
    /// # Errors
    /// As for every question: the agent refuses, or is gone.
    pub async fn status(&mut self) -> Result<Snapshot, CallError> {
        match &mut self.0 {
            Way::Memory(handler) => {
                let states = handler.snapshots().map_err(CallError::Refused)?;
                let now = Snapshot::clone(&states.borrow());
                Ok(now)
            }
            Way::Socket(stream) => {
                let Response::Snapshot(snapshot) = ask(stream, &Request::Status).await? else {
                    return Err(CallError::Confused);
                };
                Ok(*snapshot)
            }
        }
    }

    /// The state now and whenever it changes.
    ///
    /// # Errors
    /// As for every question.
    pub async fn subscribe(self) -> Result<Snapshots, CallError> {
        match self.0 {
            Way::Memory(handler) => {
                let mut states = handler.snapshots().map_err(CallError::Refused)?;
                states.mark_changed();
                Ok(Snapshots(SnapshotsWay::Memory(states)))
            }
            Way::Socket(mut stream) => {
                wire::write(&mut stream, &Request::Subscribe, REQUEST_BYTES_MAX)
                    .await
                    .map_err(CallError::Wire)?;
                Ok(Snapshots(SnapshotsWay::Socket(Box::new(stream))))
            }
        }
    }

    /// The last `lines` lines of the log, and with `follow` those that come.
    ///
    /// # Errors
    /// As for every question.
    pub async fn log(self, lines: u32, follow: bool) -> Result<LogLines, CallError> {
        match self.0 {
            Way::Memory(handler) => {
                let log = handler.log(lines as usize, follow).await.map_err(CallError::Refused)?;
                Ok(LogLines(LogWay::Memory(log)))
            }
            Way::Socket(mut stream) => {
                wire::write(&mut stream, &Request::Log { lines, follow }, REQUEST_BYTES_MAX)
                    .await
                    .map_err(CallError::Wire)?;
                Ok(LogLines(LogWay::Socket(Box::new(stream))))
            }
        }
    }

    /// Stops all work within a second, until a moment or until resumed.
    ///
    /// # Errors
    /// As for every question.
    pub async fn pause(&mut self, until: Option<UnixTime>) -> Result<(), CallError> {
        self.done(Command::Pause { until }).await
    }

    /// Goes on after a pause.
    ///
    /// # Errors
    /// As for every question.
    pub async fn resume(&mut self) -> Result<(), CallError> {
        self.done(Command::Resume).await
    }

    /// Ends the agent and waits until it is gone.
    ///
    /// # Errors
    /// As for every question, or when it is still there long after the time that it may take.
    pub async fn stop(mut self) -> Result<(), CallError> {
        self.done(Command::Stop).await?;
        let Way::Socket(mut stream) = self.0 else { return Ok(()) };
        match timeout(STOP_TIMEOUT, wire::read::<Response>(&mut stream, RESPONSE_BYTES_MAX)).await {
            Ok(Ok(_)) => Err(CallError::Confused),
            Ok(Err(_)) => Ok(()),
            Err(_) => Err(CallError::Wire(WireError::Io(io::ErrorKind::TimedOut.into()))),
        }
    }

    /// The folders as they are.
    ///
    /// # Errors
    /// As for every question.
    pub async fn folders(&mut self) -> Result<Vec<Folder>, CallError> {
        self.folders_after(Command::FoldersList).await
    }

    /// Shares a folder, or changes one that is shared; answers with all folders.
    ///
    /// # Errors
    /// As for every question; [`Code::FolderNeedsConfirm`] when the owner must say yes first.
    pub async fn add_folder(&mut self, folder: NewFolder) -> Result<Vec<Folder>, CallError> {
        self.folders_after(Command::FoldersAdd(folder)).await
    }

    /// Stops sharing a folder; answers with the folders that are left.
    ///
    /// # Errors
    /// As for every question.
    pub async fn remove_folder(&mut self, path: String) -> Result<Vec<Folder>, CallError> {
        self.folders_after(Command::FoldersRemove { path }).await
    }

    /// What would be allowed at an absolute path of this computer.
    ///
    /// # Errors
    /// As for every question.
    pub async fn test_folder(&mut self, path: String) -> Result<FolderTest, CallError> {
        let Reply::FolderTest(test) = self.call(Command::FoldersTest { path }).await? else {
            return Err(CallError::Confused);
        };
        Ok(test)
    }

    /// Checks connection and folders.
    ///
    /// # Errors
    /// As for every question.
    pub async fn doctor(&mut self) -> Result<DoctorReport, CallError> {
        let Reply::Doctor(report) = self.call(Command::Doctor).await? else {
            return Err(CallError::Confused);
        };
        Ok(report)
    }

    /// Finds the ways to another computer of the account.
    ///
    /// # Errors
    /// As for every question.
    pub async fn doctor_to(&mut self, peer: String) -> Result<DoctorReport, CallError> {
        let Reply::Doctor(report) = self.call(Command::DoctorTo { peer }).await? else {
            return Err(CallError::Confused);
        };
        Ok(report)
    }

    /// Makes this computer the endpoint that a setup key names.
    ///
    /// # Errors
    /// As for every question.
    pub async fn set_up(&mut self, key: Secret, place: KeyPlace) -> Result<SetUp, CallError> {
        let Reply::SetUp(set_up) = self.call(Command::Setup { key, place }).await? else {
            return Err(CallError::Confused);
        };
        Ok(set_up)
    }

    /// Keeps this computer's key at another place from now on.
    ///
    /// # Errors
    /// As for every question; the key is then where it was.
    pub async fn move_key(&mut self, to: KeyPlace) -> Result<(), CallError> {
        self.done(Command::MoveKey { to }).await
    }

    /// Hands over a finished sign-in.
    ///
    /// # Errors
    /// As for every question.
    pub async fn sign_in(&mut self, sign_in: SignIn) -> Result<(), CallError> {
        self.done(Command::SignIn(sign_in)).await
    }

    /// Forgets the sign-in, at the hub too.
    ///
    /// # Errors
    /// As for every question.
    pub async fn sign_out(&mut self) -> Result<(), CallError> {
        self.done(Command::SignOut).await
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// As for every question.
    pub async fn account(&mut self) -> Result<Option<Account>, CallError> {
        let Reply::Account(account) = self.call(Command::Account).await? else {
            return Err(CallError::Confused);
        };
        Ok(account)
    }

    /// An access token that is valid now.
    ///
    /// # Errors
    /// As for every question; [`Code::SignedOut`] when somebody must sign in first.
    pub async fn token(&mut self, resource_server: &str) -> Result<Token, CallError> {
        let resource_server = resource_server.to_owned();
        let Reply::Token(token) = self.call(Command::Token { resource_server }).await? else {
            return Err(CallError::Confused);
        };
        Ok(token)
    }

    /// Asks for a command to be carried out.
    ///
    /// # Errors
    /// As for every question.
    pub async fn call(&mut self, command: Command) -> Result<Reply, CallError> {
        match &mut self.0 {
            Way::Memory(handler) => handler.call(command).await.map_err(CallError::Refused),
            Way::Socket(stream) => {
                let Response::Reply(reply) = ask(stream, &Request::Call { command }).await? else {
                    return Err(CallError::Confused);
                };
                Ok(reply)
            }
        }
    }

    async fn done(&mut self, command: Command) -> Result<(), CallError> {
        let Reply::Done = self.call(command).await? else {
            return Err(CallError::Confused);
        };
        Ok(())
    }

    async fn folders_after(&mut self, command: Command) -> Result<Vec<Folder>, CallError> {
        let Reply::Folders(folders) = self.call(command).await? else {
            return Err(CallError::Confused);
        };
        Ok(folders)
    }
}

/// States of an agent, one after the other.
#[derive(Debug)]
pub struct Snapshots(SnapshotsWay);

#[derive(Debug)]
enum SnapshotsWay {
    Socket(Box<Stream>),
    Memory(watch::Receiver<Arc<Snapshot>>),
}

impl Snapshots {
    /// The next state; `None` when the agent is gone. States in between may be left out.
    ///
    /// # Errors
    /// When the agent refuses or the socket fails. Dropping the future half-way ends the stream.
    pub async fn next(&mut self) -> Result<Option<Snapshot>, CallError> {
        match &mut self.0 {
            SnapshotsWay::Memory(states) => {
                if states.changed().await.is_err() {
                    return Ok(None);
                }
                let now = Snapshot::clone(&states.borrow_and_update());
                Ok(Some(now))
            }
            SnapshotsWay::Socket(stream) => {
                let Some(response) = next_response(stream).await? else { return Ok(None) };
                let Response::Snapshot(snapshot) = response else {
                    return Err(CallError::Confused);
                };
                Ok(Some(*snapshot))
            }
        }
    }
}

/// Lines of the log, one batch after the other.
#[derive(Debug)]
pub struct LogLines(LogWay);

#[derive(Debug)]
enum LogWay {
    Socket(Box<Stream>),
    Memory(mpsc::Receiver<String>),
}

impl LogLines {
    /// The next lines; `None` when there are no more.
    ///
    /// # Errors
    /// When the agent refuses or the socket fails.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, CallError> {
        match &mut self.0 {
            LogWay::Memory(log) => Ok(log.recv().await.map(|line| vec![line])),
            LogWay::Socket(stream) => match next_response(stream).await? {
                Some(Response::Lines(lines)) => Ok(Some(lines)),
                Some(Response::End) | None => Ok(None),
                Some(Response::Snapshot(_) | Response::Reply(_) | Response::Failed(_)) => {
                    Err(CallError::Confused)
                }
            },
        }
    }
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Socket(_) => "Socket",
            Self::Memory(_) => "Memory",
        })
    }
}

async fn greet(stream: &mut Stream) -> Result<(), CallError> {
    let hello = ClientHello { versions: (VERSION, VERSION), program: program() };
    wire::write(stream, &hello, REQUEST_BYTES_MAX).await.map_err(CallError::Wire)?;
    match wire::read(stream, RESPONSE_BYTES_MAX).await.map_err(CallError::Wire)? {
        ServerHello::Welcome { .. } => Ok(()),
        ServerHello::Refused { problem } => Err(CallError::Refused(problem)),
    }
}

async fn ask(stream: &mut Stream, request: &Request) -> Result<Response, CallError> {
    wire::write(stream, request, REQUEST_BYTES_MAX).await.map_err(CallError::Wire)?;
    accept(wire::read(stream, RESPONSE_BYTES_MAX).await.map_err(CallError::Wire)?)
}

async fn next_response(stream: &mut Stream) -> Result<Option<Response>, CallError> {
    match wire::read(stream, RESPONSE_BYTES_MAX).await {
        Ok(response) => accept(response).map(Some),
        Err(WireError::Closed) => Ok(None),
        Err(error) => Err(CallError::Wire(error)),
    }
}

/// Takes a refusal for an error, whatever was asked.
fn accept(response: Response) -> Result<Response, CallError> {
    if let Response::Failed(problem) = response {
        return Err(CallError::Refused(problem));
    }
    Ok(response)
}

/// Whether nobody listens: no socket, a stale one, or no file that names the pipe.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// An agent answers at once unless the computer is starved.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The ten seconds that an agent may take to stop, and some.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
