//! The agent's side of the control socket.

use std::{sync::Arc, time::Duration};

use outport_types::{Chain, Code, Problem};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    handler::Handler,
    snapshot::Snapshot,
    socket::Listener,
    wire::{
        self, ClientHello, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, Request, Response, ServerHello,
        VERSION, WireError,
    },
};

/// Answers clients until `stop`; then the socket is removed and connections are closed, which is
/// how a client that asked the agent to stop sees that it is gone.
pub async fn serve(
    listener: Listener,
    handler: Arc<dyn Handler>,
    tracker: TaskTracker,
    stop: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let accepted = match stop.run_until_cancelled(listener.accept()).await {
            Some(accepted) => accepted,
            None => return,
        };
        match accepted {
            Ok(stream) => {
                let (handler, stop) = (Arc::clone(&handler), stop.clone());
                tracker.spawn(async move {
                    stop.run_until_cancelled(serve_stream(stream, &*handler)).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely; accepting again at once would only spin.
                tracing::warn!(error = %Chain(&error), "cannot accept a control client");
                if stop.run_until_cancelled(sleep(ACCEPT_PAUSE)).await.is_none() {
                    return;
                }
            }
        }
    }
}

/// Answers one client until it closes or breaks the rules.
pub(crate) async fn serve_stream<S>(stream: S, handler: &dyn Handler)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    match converse(&mut reader, &mut writer, handler).await {
        Ok(()) | Err(WireError::Closed) => {}
        Err(error) => tracing::debug!(error = %Chain(&error), "closed a control connection"),
    }
}

async fn converse<R, W>(
    reader: &mut R,
    writer: &mut W,
    handler: &dyn Handler,
) -> Result<(), WireError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Ok(hello) =
        timeout(HELLO_TIMEOUT, wire::read::<ClientHello>(reader, HELLO_BYTES_MAX)).await
    else {
        return Err(WireError::Closed);
    };
    let hello = hello?;
    let answer = greet(&hello);
    let welcome = matches!(answer, ServerHello::Welcome { .. });
    wire::write(writer, &answer, RESPONSE_BYTES_MAX).await?;
    if !welcome {
        return Ok(());
    }
    loop {
        match wire::read(reader, REQUEST_BYTES_MAX).await? {
            Request::Status => {
                let response = match handler.snapshots() {
                    Ok(states) => snapshot_of(&states.borrow()),
                    Err(problem) => Response::Failed(problem),
                };
                wire::write(writer, &response, RESPONSE_BYTES_MAX).await?;
            }
            Request::Call { command } => {
                let response = match handler.call(command).await {
                    Ok(reply) => Response::Reply(reply),
                    Err(problem) => Response::Failed(problem),
                };
                wire::write(writer, &response, RESPONSE_BYTES_MAX).await?;
            }
            Request::Subscribe => return until_closed(reader, push_states(writer, handler)).await,
            Request::Log { lines, follow } => {
                let lines = (lines as usize).min(LOG_LINES_MAX);
                let push = push_lines(writer, handler, lines, follow);
                if follow {
                    return until_closed(reader, push).await;
                }
                push.await?;
            }
        }
    }
}

fn greet(hello: &ClientHello) -> ServerHello {
    let (oldest, newest) = hello.versions;
    if (oldest..=newest).contains(&VERSION) {
        return ServerHello::Welcome { version: VERSION, program: program() };
    }
    let problem = Problem::new(
        Code::VersionUnsupported,
        [("ours", program().into()), ("theirs", shorten(&hello.program).into())],
    );
    ServerHello::Refused { problem }
}

async fn push_states<W>(writer: &mut W, handler: &dyn Handler) -> Result<(), WireError>
where
    W: AsyncWrite + Unpin,
{
    let mut states = match handler.snapshots() {
        Ok(states) => states,
        Err(problem) => {
            return wire::write(writer, &Response::Failed(problem), RESPONSE_BYTES_MAX).await;
        }
    };
    loop {
        let response = snapshot_of(&states.borrow_and_update());
        wire::write(writer, &response, RESPONSE_BYTES_MAX).await?;
        if states.changed().await.is_err() {
            return Ok(());
        }
    }
}

async fn push_lines<W>(
    writer: &mut W,
    handler: &dyn Handler,
    lines: usize,
    follow: bool,
) -> Result<(), WireError>
where
    W: AsyncWrite + Unpin,
{
    let mut log = match handler.log(lines, follow).await {
        Ok(log) => log,
        Err(problem) => {
            return wire::write(writer, &Response::Failed(problem), RESPONSE_BYTES_MAX).await;
        }
    };
    let mut batch = Vec::new();
    while log.recv_many(&mut batch, LINES_PER_FRAME).await != 0 {
        let lines = Response::Lines(std::mem::take(&mut batch));
        wire::write(writer, &lines, RESPONSE_BYTES_MAX).await?;
    }
    wire::write(writer, &Response::End, RESPONSE_BYTES_MAX).await
}

/// Runs `push` until the client closes; a client that speaks again breaks the rules.
async fn until_closed<R>(
    reader: &mut R,
    push: impl Future<Output = Result<(), WireError>>,
) -> Result<(), WireError>
where
    R: AsyncRead + Unpin,
{
    let mut byte = [0];
    tokio::select! {
        result = push => result,
        _ = reader.read(&mut byte) => Err(WireError::Closed),
    }
}

fn snapshot_of(snapshot: &Arc<Snapshot>) -> Response {
    Response::Snapshot(Box::new(Snapshot::clone(snapshot)))
}

/// What this side calls itself in the first frame.
pub(crate) fn program() -> String {
    concat!("outport ", env!("CARGO_PKG_VERSION")).to_owned()
}

fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// A tray, a window and a few commands; more is a fault of some script.
const CONNECTIONS_MAX: usize = 32;
/// A client says hello at once.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);
/// A hello is two numbers and a name.
const HELLO_BYTES_MAX: usize = 4 * 1024;
/// Long enough for some connections to end when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Lines of the log that one question may ask for.
const LOG_LINES_MAX: usize = 100_000;
/// Lines that travel in one frame: a line has at most 8 KiB, so 512 of them always fit.
const LINES_PER_FRAME: usize = 512;
