//! `GET /outport/v1/measure`: where agents see what the HTTPS port and the relays carry for them.
//! [`outport_protocol::measure`] tells how.
//!
//! Only registered agents get so far, each so often, few at a time, for a second and some megabytes;
//! everything else is told "not now". What comes is dropped, and what goes means nothing. What goes
//! through a relay counts there for the agent's account, and the limits for it hold.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{State, WebSocketUpgrade, ws::WebSocket},
    response::Response,
};
use outport_protocol::{
    control::{CHANNEL_MESSAGE_BYTES_MAX, FrameError},
    measure::{
        COUNT_EVERY_MS, DayLeft, MEASURE_BYTES_MAX, MEASURE_MS, MeasureRequest, MeasureTerms,
        REQUEST_BYTES, RelayTerms, encode_count,
    },
};
use outport_types::{AccountId, Chain, EndpointId, SessionId};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, MissedTickBehavior, error::Elapsed, interval, timeout},
};

use crate::{
    http::ClientAddress,
    metrics::{Metrics, OutcomeLabels},
    presence::{HandshakeError, Place, come_back, shake_to_measure},
    sockets::take_up,
    state::HubState,
};

/// Takes an agent in that wants to measure, or says when to come back.
pub(crate) async fn connect(
    State(hub): State<HubState>,
    client: ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Response {
    if hub.stop.is_cancelled() {
        return come_back();
    }
    let Some(place) = hub.admission.enter(client.0) else {
        return come_back();
    };
    take_up(hub, upgrade, CHANNEL_MESSAGE_BYTES_MAX, async move |hub, socket| {
        let (outcome, bytes) = serve(&hub, socket, place).await.unwrap_or_else(|error| {
            tracing::debug!(error = %Chain(&error), "a measurement came to nothing");
            ("broken", 0)
        });
        count(&hub.metrics, outcome, bytes);
    })
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error("the agent took too long")]
    Slow(#[from] Elapsed),
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    #[error("the relays cannot be told")]
    Terms(#[from] FrameError),
}

/// Who measures, and who did a short while ago; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Measuring(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    places: Semaphore,
    recent: Mutex<BTreeMap<EndpointId, Recent>>,
}

/// How often an endpoint measured since a moment.
#[derive(Clone, Copy, Debug)]
struct Recent {
    since: Instant,
    times: u32,
}

impl Default for Measuring {
    fn default() -> Self {
        Self(Arc::new(Shared { places: Semaphore::new(PLACES), recent: Mutex::default() }))
    }
}

impl Measuring {
    /// A place, if there is one and this endpoint did not have too many of late.
    fn enter(&self, endpoint: EndpointId, now: Instant) -> Option<SemaphorePermit<'_>> {
        let place = self.0.places.try_acquire().ok()?;
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, recent| now < recent.since + PERIOD);
        let recent = recent.entry(endpoint).or_insert(Recent { since: now, times: 0 });
        recent.times += 1;
        (recent.times <= TIMES_MAX).then_some(place)
    }
}

async fn serve(
    hub: &HubState,
    socket: WebSocket,
    place: Place,
) -> Result<(&'static str, u64), MeasureError> {
    let (mut stream, registered) = shake_to_measure(hub, socket).await?;
    drop(place);
    let mut request = [0; REQUEST_BYTES];
    timeout(REQUEST_LIMIT, stream.read_exact(&mut request)).await??;
    let Some(request) = MeasureRequest::decode(&request) else { return Ok(("malformed", 0)) };
    if request == MeasureRequest::Relays {
        return lend(hub, stream, registered.endpoint, registered.account).await;
    }
    if request == MeasureRequest::Left {
        let left = hub.relay.left(registered.account);
        let bytes = left.map(|left| left.bytes);
        let left = DayLeft { bytes, until: left.map_or(0, |left| left.until) };
        stream.write_all(&left.encode()).await?;
        timeout(REQUEST_LIMIT, stream.shutdown()).await??;
        return Ok(("left", 0));
    }
    let place = hub.measuring.enter(registered.endpoint, Instant::now());
    let limits = hub.config.relay.limits();
    let rate_max = rate_max(hub);
    // Without a relay nothing ever goes this way.
    let bytes_max = match (&place, limits) {
        (Some(_), Some(_)) => rate_max.unwrap_or(MEASURE_BYTES_MAX).min(MEASURE_BYTES_MAX),
        (None, _) | (_, None) => 0,
    };
    stream.write_all(&MeasureTerms { bytes_max, rate_max }.encode()).await?;
    stream.flush().await?;
    if bytes_max == 0 {
        timeout(REQUEST_LIMIT, stream.shutdown()).await??;
        return Ok(("not_now", 0));
    }
    let flowing = async {
        match request {
            MeasureRequest::Inwards => send(&mut stream, bytes_max).await,
            MeasureRequest::Outwards => receive(&mut stream, bytes_max).await,
            MeasureRequest::Left | MeasureRequest::Relays => 0,
        }
    };
    Ok(("done", timeout(FLOW_LIMIT, flowing).await.unwrap_or(bytes_max)))
}

/// Bytes per second that a session may have through the hub's relay.
fn rate_max(hub: &HubState) -> Option<u64> {
    let limits = hub.config.relay.limits()?;
    [limits.rate, limits.session_rate, limits.user_rate].into_iter().flatten().min()
}

/// Lends an agent both sides of a session at the relays, until it goes or its time is over.
async fn lend(
    hub: &HubState,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    endpoint: EndpointId,
    account: AccountId,
) -> Result<(&'static str, u64), MeasureError> {
    let place = hub.measuring.enter(endpoint, Instant::now());
    let bytes_max = if place.is_some() { bytes_to_relay(hub, account) } else { 0 };
    let session = SessionId::random();
    let relays = match bytes_max {
        0 => Vec::new(),
        _ => hub.relays.open_for(session, account, LENT_SECONDS).await,
    };
    let is_lent = !relays.is_empty();
    let saying = async {
        stream.write_all(&RelayTerms { session, bytes_max, relays }.encode()?).await?;
        stream.flush().await?;
        Ok::<_, MeasureError>(())
    };
    let said = saying.await;
    if is_lent && said.is_ok() {
        let gone = timeout(Duration::from_secs(LENT_SECONDS), stream.read_u8());
        hub.stop.run_until_cancelled(gone).await;
    }
    if is_lent {
        hub.relays.own.close(session).await;
    }
    said?;
    timeout(REQUEST_LIMIT, stream.shutdown()).await.ok(); // the agent may be gone
    Ok((if is_lent { "relayed" } else { "not_now" }, 0))
}

/// How much a measurement may send through a relay: no more than a small part of what is left today.
fn bytes_to_relay(hub: &HubState, account: AccountId) -> u64 {
    let most = rate_max(hub).unwrap_or(MEASURE_BYTES_MAX).min(MEASURE_BYTES_MAX);
    match hub.relay.left(account).map(|left| left.bytes / DAY_PARTS) {
        Some(part) if part < DAY_PART_MIN => 0,
        Some(part) => part.min(most),
        None => most,
    }
}

/// Sends until there is enough or the time is over or the agent has gone; how much.
async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes_max: u64) -> u64 {
    let (block, began) = (vec![0; BLOCK_BYTES], Instant::now());
    let mut sent = 0;
    while sent < bytes_max && began.elapsed() < Duration::from_millis(MEASURE_MS) {
        let Ok(bytes) = stream.write(&block).await else { return sent };
        sent += u64::try_from(bytes).unwrap_or(u64::MAX);
    }
    stream.shutdown().await.ok(); // the agent may have seen enough
    sent
}

/// Takes what comes, and says how much, until there is enough or the agent has gone; how much.
async fn receive(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes_max: u64) -> u64 {
    let (mut block, mut came) = (vec![0; BLOCK_BYTES], 0);
    let mut tell = interval(Duration::from_millis(COUNT_EVERY_MS));
    tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while came < bytes_max {
        let told: io::Result<()> = tokio::select! {
            read = stream.read(&mut block) => match read {
                Ok(0) | Err(_) => return came,
                Ok(bytes) => {
                    came += u64::try_from(bytes).unwrap_or(u64::MAX);
                    Ok(())
                }
            },
            _ = tell.tick() => async {
                stream.write_all(&encode_count(came)).await?;
                stream.flush().await
            }.await,
        };
        if told.is_err() {
            return came;
        }
    }
    stream.write_all(&encode_count(came)).await.ok();
    stream.shutdown().await.ok();
    came
}

fn count(metrics: &Metrics, outcome: &'static str, bytes: u64) {
    metrics.measurements.get_or_create(&OutcomeLabels { outcome }).inc();
    metrics.measured_bytes.inc_by(bytes);
}

/// At once: more would measure each other.
const PLACES: usize = 4;
/// A check measures three times, once each way and once through a relay; so many checks in a while are
/// enough for a person.
const TIMES_MAX: u32 = 18;
const PERIOD: Duration = Duration::from_secs(60);
/// For how long a session is lent: to find the relay, and for bytes to flow.
const LENT_SECONDS: u64 = 15;
/// A check takes this part at most of what an account may still have relayed today.
const DAY_PARTS: u64 = 20;
/// Less than this says nothing of a line.
const DAY_PART_MIN: u64 = 1024 * 1024;
/// How long an agent may take for its request, and to hear that it cannot be.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);
/// Longer than bytes flow, as what is on the way takes its time on a slow line.
const FLOW_LIMIT: Duration = Duration::from_millis(2 * MEASURE_MS);
/// What TLS seals at once.
const BLOCK_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endpoint_measures_so_often_and_others_still_can() {
        let measuring = Measuring::default();
        let (one, other) = (EndpointId::random(), EndpointId::random());
        let now = Instant::now();
        let taken = (0..100).filter(|_| measuring.enter(one, now).is_some()).count();
        assert_eq!(taken, TIMES_MAX as usize);
        assert!(measuring.enter(other, now).is_some());
        assert!(measuring.enter(one, now + PERIOD).is_some());
    }

    #[tokio::test]
    async fn only_so_many_measure_at_once() {
        let measuring = Measuring::default();
        let now = Instant::now();
        let held: Vec<_> =
            (0..10).filter_map(|_| measuring.enter(EndpointId::random(), now)).collect();
        assert_eq!(held.len(), PLACES);
        drop(held);
        assert!(measuring.enter(EndpointId::random(), now).is_some());
    }

    #[tokio::test]
    async fn what_is_sent_and_taken_is_bounded() {
        let (mut hub, mut agent) = tokio::io::duplex(BLOCK_BYTES);
        let reading = async {
            let mut all = Vec::new();
            agent.read_to_end(&mut all).await.unwrap();
            all.len() as u64
        };
        let (sent, came) = tokio::join!(send(&mut hub, 100_000), reading);
        assert!(100_000 <= sent && sent < 100_000 + BLOCK_BYTES as u64, "{sent}");
        assert_eq!(sent, came);

        let (mut hub, mut agent) = tokio::io::duplex(1 << 20);
        agent.write_all(&[0; 200_000]).await.unwrap();
        let came = receive(&mut hub, 100_000).await;
        assert!(100_000 <= came && came < 100_000 + BLOCK_BYTES as u64, "{came}");
        drop(hub);
        let mut told = Vec::new();
        agent.read_to_end(&mut told).await.unwrap();
        assert_eq!(told[told.len() - 8..], encode_count(came));
    }
}
