//! What the hub offers to agents that see what its HTTPS port carries.

use std::time::Duration;

use outport_protocol::{
    measure::{
        COUNT_BYTES, DayLeft, MEASURE_BYTES_MAX, MEASURE_PATH, MeasureRequest, MeasureTerms,
        RelayTerms, TERMS_BYTES, decode_count,
    },
    relay::RelaySide,
    secret::SecretKey,
    tls::{ALPN_CONTROL, ALPN_MEASURE},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use crate::{
    agents::{Agent, ClientBytes, open_at, rand_seed, seal_for},
    relay::{bound, receive},
    support::TestHub,
};

#[tokio::test]
async fn an_agent_is_sent_as_much_as_the_terms_say_and_no_more() {
    let hub = TestHub::start_with(|config| config.relay.session_bytes_per_second = 100_000).await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let (terms, mut stream) = ask(&agent, MeasureRequest::Inwards).await;
    assert_eq!(terms, MeasureTerms { bytes_max: 100_000, rate_max: Some(100_000) });
    let mut all = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut all)).await.unwrap().ok(); // WebSockets end as they like
    assert!((100_000..120_000).contains(&all.len()), "{}", all.len());
    let metrics = hub.http.get(hub.url("metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("outport_hub_measured_bytes_total"), "{metrics}");
}

#[tokio::test]
async fn what_an_agent_sends_is_counted_and_dropped() {
    let hub = TestHub::start().await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let (terms, mut stream) = ask(&agent, MeasureRequest::Outwards).await;
    assert_eq!(terms, MeasureTerms { bytes_max: MEASURE_BYTES_MAX, rate_max: None });
    stream.write_all(&[7; 50_000]).await.unwrap();
    stream.flush().await.unwrap();
    let mut count = [0; COUNT_BYTES];
    let counting = async {
        while decode_count(count) < 50_000 {
            stream.read_exact(&mut count).await.unwrap();
        }
    };
    timeout(LIMIT, counting).await.unwrap();
    assert_eq!(decode_count(count), 50_000);
}

#[tokio::test]
async fn a_hub_that_relays_nothing_offers_nothing() {
    let hub = TestHub::start_with(|config| config.relay.enabled = false).await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let (terms, _) = ask(&agent, MeasureRequest::Inwards).await;
    assert_eq!(terms.bytes_max, 0);
}

#[tokio::test]
async fn who_asks_too_often_is_told_not_now() {
    let hub = TestHub::start_with(|config| config.relay.session_bytes_per_second = 16_384).await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let mut refused = 0;
    for _ in 0..20 {
        let (terms, mut stream) = ask(&agent, MeasureRequest::Inwards).await;
        refused += usize::from(terms.bytes_max == 0);
        timeout(LIMIT, stream.read_to_end(&mut Vec::new())).await.unwrap().ok();
    }
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn strangers_and_other_protocols_get_nothing() {
    let hub = TestHub::start().await;
    let mut agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let socket = open_at(&agent.url, MEASURE_PATH).await.unwrap();
    let control = seal_for(socket, &agent.key, agent.root, ALPN_CONTROL).await;
    if let Ok((mut stream, _)) = control {
        assert!(is_closed(&mut stream).await);
    }
    agent.key = SecretKey::from_seed(&rand_seed());
    let socket = open_at(&agent.url, MEASURE_PATH).await.unwrap();
    let (mut stream, _) = seal_for(socket, &agent.key, agent.root, ALPN_MEASURE).await.unwrap();
    stream.write_all(&MeasureRequest::Inwards.encode()).await.ok();
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn what_is_left_of_the_day_is_told_where_it_is_limited() {
    let hub = TestHub::start_with(|config| config.relay.user_bytes_per_day = 5_000).await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let left = ask_left(&agent).await;
    assert_eq!(left.bytes, Some(5_000));
    let now = hub.clock.now().seconds.unsigned_abs();
    assert!(now < left.until && left.until <= now + 86_400 && left.until % 86_400 == 0, "{left:?}");
    let hub = TestHub::start().await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    assert_eq!(ask_left(&agent).await.bytes, None);
}

#[tokio::test]
async fn an_agent_is_lent_both_sides_of_a_session_and_its_day_bounds_how_much_goes() {
    let hub = TestHub::start().await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let (terms, stream) = lent(&agent).await;
    assert_eq!(terms.bytes_max, MEASURE_BYTES_MAX);
    let [offer] = &terms.relays[..] else { panic!("{:?}", terms.relays) };
    let sender = bound(offer, terms.session, RelaySide::Sender).await;
    let receiver = bound(offer, terms.session, RelaySide::Receiver).await;
    sender.send(&[0x40; 1000]).await.unwrap();
    assert_eq!(receive(&receiver).await, [0x40; 1000]);
    let (other, _stream) = lent(&agent).await;
    assert_ne!(other.session, terms.session);
    drop(stream);

    for (left, bytes_max) in [(40 << 20, 2 << 20), (10 << 20, 0)] {
        let hub = TestHub::start_with(|config| config.relay.user_bytes_per_day = left).await;
        let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
        let (terms, _stream) = lent(&agent).await;
        assert_eq!((terms.bytes_max, terms.relays.len()), (bytes_max, usize::from(bytes_max != 0)));
    }
    let hub = TestHub::start_with(|config| config.relay.enabled = false).await;
    let agent = hub.agent(&hub.owner("smith").await, "WorkPC").await;
    let (terms, mut stream) = lent(&agent).await;
    assert!(terms.relays.is_empty() && is_closed(&mut stream).await);
}

async fn lent(agent: &Agent) -> (RelayTerms, TlsStream<ClientBytes>) {
    let mut stream = asked(agent, MeasureRequest::Relays).await;
    let reading = async {
        let mut terms = vec![0; stream.read_u32().await.unwrap() as usize];
        stream.read_exact(&mut terms).await.unwrap();
        RelayTerms::decode(&terms).unwrap()
    };
    let terms = timeout(LIMIT, reading).await.unwrap();
    (terms, stream)
}

async fn is_closed(stream: &mut TlsStream<ClientBytes>) -> bool {
    let read = timeout(LIMIT, stream.read(&mut [0; TERMS_BYTES])).await.unwrap();
    matches!(read, Ok(0) | Err(_))
}

/// What the relay still forwards for an agent's account today.
pub(crate) async fn ask_left(agent: &Agent) -> DayLeft {
    let (answer, _) = answered(agent, MeasureRequest::Left).await;
    DayLeft::decode(&answer).unwrap()
}

async fn ask(agent: &Agent, request: MeasureRequest) -> (MeasureTerms, TlsStream<ClientBytes>) {
    let (terms, stream) = answered(agent, request).await;
    (MeasureTerms::decode(&terms).unwrap(), stream)
}

async fn answered(
    agent: &Agent,
    request: MeasureRequest,
) -> ([u8; TERMS_BYTES], TlsStream<ClientBytes>) {
    let mut stream = asked(agent, request).await;
    let mut terms = [0; TERMS_BYTES];
    timeout(LIMIT, stream.read_exact(&mut terms)).await.unwrap().unwrap();
    (terms, stream)
}

async fn asked(agent: &Agent, request: MeasureRequest) -> TlsStream<ClientBytes> {
    let socket = open_at(&agent.url, MEASURE_PATH).await.unwrap();
    let sealed = seal_for(socket, &agent.key, agent.root, ALPN_MEASURE).await;
    let (mut stream, _) = sealed.unwrap();
    stream.write_all(&request.encode()).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

/// Longer than anything here takes, so that a hanging test fails.
const LIMIT: Duration = Duration::from_secs(30);
