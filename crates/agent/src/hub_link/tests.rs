//! What a pause does to answers that left the core already.

use std::sync::Arc;

use outport_control::{Paths, Profile};
use outport_protocol::control::{FileEntry, FileKind, Listing};
use outport_types::{CollectionPath, EndpointId, RequestId, UnixTime};
use tokio::io::DuplexStream;

use super::*;
use crate::config::Config;

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_under_way_is_cut_off_by_a_pause_within_a_second() {
    let mut rig = Rig::new();
    let (channel, mut hub) = rig.channel();
    let before = Shake::default();
    let asking = async {
        let out = connected(&mut rig.inbox).await;
        out.send(answer()).await.unwrap();
        hub.read_exact(&mut [0; 64]).await.unwrap(); // and then the line is slow
        rig.recall.send_replace(Some(paused()));
        Instant::now()
    };
    let (ended, since) = tokio::join!(rig.link.keep(channel, &before), asking);
    assert!(matches!(ended, ChannelError::Recalled), "{ended:?}");
    assert!(since.elapsed() <= Duration::from_secs(1), "{:?}", since.elapsed());
    let what_next = ended.what_next(&mut Backoff::default());
    assert_eq!(what_next, WhatNext::Retry(Duration::ZERO), "the hello says the rest");
}

#[tokio::test]
async fn an_answer_that_is_not_begun_becomes_a_refusal() {
    let mut rig = Rig::new();
    let (channel, mut hub) = rig.channel();
    let before = Shake::default();
    rig.recall.send_replace(Some(paused()));
    let asking = async {
        let out = connected(&mut rig.inbox).await;
        out.send(answer()).await.unwrap();
        let mut decoder = FrameDecoder::default();
        loop {
            if let Some(message) = decoder.poll::<AgentMessage>().unwrap() {
                return message;
            }
            let mut byte = [0];
            hub.read_exact(&mut byte).await.unwrap();
            decoder.push(&byte);
        }
    };
    let (ended, told) = tokio::join!(rig.link.keep(channel, &before), asking);
    let AgentMessage::Answer { outcome, .. } = told else { panic!("{told:?}") };
    assert_eq!(outcome, Outcome::Failed(paused()));
    assert!(matches!(ended, ChannelError::Stopped), "{ended:?}");
}

/// A link whose hub is one end of a pipe.
struct Rig {
    link: HubLink,
    inbox: mpsc::Receiver<HubEvent>,
    recall: watch::Sender<Option<Problem>>,
    _shake: watch::Sender<Shake>,
}

impl Rig {
    fn new() -> Self {
        let (events, inbox) = mpsc::channel(4);
        let (recall, shake) = (watch::Sender::new(None), watch::Sender::new(Shake::default()));
        let paths = Paths::below("/nowhere".as_ref(), Profile::default());
        let config = Arc::new(Config::nothing_shared(&paths));
        let link = HubLink {
            paths,
            hub: "http://127.0.0.1:1".parse().unwrap(),
            key: SecretKey::from_seed(&[5; 32]),
            config: watch::Sender::new(config).subscribe(),
            events,
            shakes: shake.subscribe(),
            recall: recall.subscribe(),
        };
        Self { link, inbox, recall, _shake: shake }
    }

    /// A channel on which the hub let the agent in.
    fn channel(&self) -> (Channel, DuplexStream) {
        let (ours, hub) = tokio::io::duplex(1024);
        let (reader, writer) = tokio::io::split(ours);
        let key = self.link.key.public();
        let time = UnixTime::from_seconds;
        let welcome = Welcome {
            version: CONTROL_VERSION,
            hub_time: time(0),
            endpoint: EndpointId::from_bytes([1; 16]),
            name: "smith#WorkPC".parse().unwrap(),
            owner: "smith@hub".to_owned(),
            udp: None,
            silence_seconds_max: 30,
            probes: false,
        };
        let statement = Statement {
            root: key,
            serial: 1,
            ticket_key: key,
            channel_key: key,
            not_before: time(0),
            not_after: time(1),
            successor: None,
        };
        let (reader, writer): (Reader, Writer) = (Box::new(reader), Box::new(writer));
        let decoder = FrameDecoder::default();
        (Channel { reader, writer, decoder, welcome, statement, local: None }, hub)
    }
}

async fn connected(inbox: &mut mpsc::Receiver<HubEvent>) -> mpsc::Sender<AgentMessage> {
    match inbox.recv().await {
        Some(HubEvent::Connected { out, .. }) => out,
        other => panic!("{other:?}"),
    }
}

/// A listing that does not fit the pipe.
fn answer() -> AgentMessage {
    let entry = FileEntry {
        name: None,
        kind: FileKind::File,
        size: 0,
        modified: UnixTime::from_seconds(0),
        mode: 0o644,
        user: "ann".to_owned(),
        group: "lab".to_owned(),
        link_target: None,
    };
    let listing = Listing { path: CollectionPath::ROOT, entries: vec![entry; 1000], total: 1000 };
    AgentMessage::Answer { request: RequestId::random(), outcome: Outcome::Listing(listing) }
}

fn paused() -> Problem {
    Problem::new(Code::EndpointPaused, [("endpoint", "smith#WorkPC".into())])
}
