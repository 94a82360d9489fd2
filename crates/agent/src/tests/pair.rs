//! Two agents that move files between them, told so by one fake hub each.

#[cfg(target_os = "linux")]
mod background;
mod closing;
mod limits;
mod whereabouts;

use outport_protocol::{
    control::{Peer, RevokeReason, Start},
    ticket::{Party, SignedTicket, Ticket},
};
use outport_types::{RateLimit, Route, TicketId};

use super::*;

#[tokio::test]
async fn two_agents_move_a_tree_and_only_the_receiver_reports() {
    let mut pair = Pair::new().await;
    fs::create_dir_all(pair.left.folder().join("a/sub/empty")).unwrap();
    for n in 0..20 {
        let file = pair.left.folder().join(format!("a/sub/{n}"));
        fs::write(file, vec![n; usize::from(n) * 100_000]).unwrap();
    }
    pair.begin("a", "b").await;
    let reports = pair.to_right.reports(pair.task);
    let sent = async {
        loop {
            match pair.to_left.hear().await.unwrap() {
                AgentMessage::Session { state: SessionState::Done, .. } => break,
                AgentMessage::Reports { .. } | AgentMessage::Progress { .. } => {
                    panic!("the sender is not the authority")
                }
                _ => {}
            }
        }
    };
    let (reports, ()) = tokio::join!(reports, sent);
    assert_eq!(reports.len(), 21);
    let Some(Report::Finished(finished)) = reports.last() else { panic!() };
    assert_eq!(finished.failure, None);
    assert_eq!(fs::read(pair.right.folder().join("b/sub/19")).unwrap(), vec![19; 1_900_000]);
    assert!(pair.right.folder().join("b/sub/empty").is_dir());
    pair.end().await;
}

#[tokio::test]
async fn a_pause_at_either_end_stops_within_a_second_and_goes_on_later() {
    let mut pair = Pair::new().await;
    pair.write_large().await;
    for pauses_left in [false, true] {
        let session = pair.begin("large", "copy").await;
        pair.wait_until_moving(session).await;
        let rig = if pauses_left { &pair.left } else { &pair.right };
        let pausing = tokio::time::Instant::now();
        rig.client().await.pause(None).await.unwrap();
        assert!(pausing.elapsed() < Duration::from_secs(1), "{:?}", pausing.elapsed());
        let (paused, other) = if pauses_left {
            (&mut pair.to_left, &mut pair.to_right)
        } else {
            (&mut pair.to_right, &mut pair.to_left)
        };
        assert_eq!(paused.end_of(session).await, SessionState::Stopped);
        // The hub hears of it from who paused, and tells the other.
        let reason = RevokeReason::PeerAway;
        other.say(&HubMessage::Revoke { session, reason }).await;
        assert_eq!(other.end_of(session).await, SessionState::Stopped);
        assert!(!pair.right.folder().join("copy").exists(), "no half file");
        let rig = if pauses_left { &pair.left } else { &pair.right };
        rig.client().await.resume().await.unwrap();
    }
    let session = pair.begin("large", "copy").await;
    let task = pair.task;
    let reports = pair.to_right.reports(task).await;
    assert!(matches!(reports.last(), Some(Report::Finished(end)) if end.failure.is_none()));
    assert_eq!(pair.to_left.end_of(session).await, SessionState::Done);
    let [sent, received] = [pair.left.folder().join("large"), pair.right.folder().join("copy")];
    let same = crate::blocking(move || fs::read(sent).unwrap() == fs::read(received).unwrap());
    assert!(same.await);
    pair.end().await;
}

#[tokio::test]
async fn a_folder_that_is_removed_ends_its_sessions_within_a_second_and_says_why() {
    let mut pair = Pair::new().await;
    pair.write_large().await;
    let session = pair.begin("large", "copy").await;
    pair.wait_until_moving(session).await;
    let removing = tokio::time::Instant::now();
    let folder = pair.left.folder().display().to_string();
    pair.left.client().await.remove_folder(folder).await.unwrap();
    let state = pair.to_left.end_of(session).await;
    assert!(removing.elapsed() < Duration::from_secs(1), "{:?}", removing.elapsed());
    let SessionState::Refused { problem, retry: false } = state else { panic!("{state:?}") };
    assert_eq!(problem.code, Code::FolderRemoved);
    pair.end().await;
}

#[tokio::test]
async fn a_peer_with_another_ticket_moves_nothing() {
    let mut pair = Pair::new().await;
    fs::write(pair.left.folder().join("a"), b"x").unwrap();
    let mut ticket = pair.ticket("a", "b");
    let session = ticket.0.session;
    pair.start(false, &ticket).await;
    ticket.0.id = TicketId::random(); // the same session, but not the same bytes
    pair.start(true, &ticket).await;
    let state = pair.to_right.end_of(session).await;
    let SessionState::Broken { problem, .. } = state else { panic!("{state:?}") };
    assert_eq!(problem.code, Code::PeerViolation);
    assert!(!pair.right.folder().join("b").exists());
    pair.end().await;
}

/// A left agent that sends and a right one that receives. Each has a hub of its own with the same
/// keys, and is the only endpoint of its hub.
struct Pair {
    left: Rig,
    right: Rig,
    to_left: Channel,
    to_right: Channel,
    task: TaskId,
    /// How fast the task may go.
    limit: Option<RateLimit>,
    /// Whether it is to give way to others.
    background: bool,
}

impl Pair {
    async fn new() -> Self {
        let (left, right) = tokio::join!(Rig::new(), Rig::new());
        let (to_left, to_right) = tokio::join!(left.hub.accept(), right.hub.accept());
        Self {
            left,
            right,
            to_left,
            to_right,
            task: TaskId::random(),
            limit: None,
            background: false,
        }
    }

    /// Writes a file that takes long enough to be stopped in the middle.
    async fn write_large(&self) {
        let file = self.left.folder().join("large");
        crate::blocking(move || {
            let content: Vec<u8> = (0..LARGE_BYTES / 8).flat_map(u64::to_le_bytes).collect();
            fs::write(file, content).unwrap();
        })
        .await;
    }

    fn ticket(&self, source: &str, destination: &str) -> (Ticket, Orders) {
        let mut sample = self.left.sample(source, destination);
        let Work::Transfer(orders) = &mut sample.orders.work else { panic!() };
        orders.destination = ENDPOINT;
        let item = &mut orders.items[0];
        item.destination =
            self.right.folder().join(destination).display().to_string().parse().unwrap();
        orders.source = ENDPOINT;
        orders.options.limit = self.limit;
        orders.options.background = self.background;
        sample.orders.task = self.task;
        sample.ticket.task = self.task;
        sample.ticket.orders = sample.orders.digest();
        sample.ticket.receiver = Party { key: self.right.key, ..sample.ticket.receiver };
        (sample.ticket, sample.orders)
    }

    async fn begin(&mut self, source: &str, destination: &str) -> SessionId {
        let ticket = self.ticket(source, destination);
        self.start(false, &ticket).await;
        self.start(true, &ticket).await;
        ticket.0.session
    }

    async fn start(&mut self, right: bool, (ticket, orders): &(Ticket, Orders)) {
        let peer = |key, name: &str| Peer { key, name: name.parse().unwrap(), candidates: vec![] };
        let (rig, channel, role, peer) = if right {
            let peer = peer(self.left.key, "smith#Left");
            (&self.right, &mut self.to_right, Role::Receiver, peer)
        } else {
            let peer = peer(self.right.key, "smith#Right");
            (&self.left, &mut self.to_left, Role::Sender, peer)
        };
        let start = Start {
            session: ticket.session,
            role,
            ticket: SignedTicket::sign(ticket, &rig.hub.ticket_key),
            orders: orders.clone(),
            peer: Some(peer),
            reported: 0,
            relays: Vec::new(),
        };
        channel.say(&HubMessage::Start(Box::new(start))).await;
        let session = ticket.session;
        let candidates = channel
            .hear_until(|message| match message {
                AgentMessage::Candidates { session: of, candidates } if *of == session => {
                    Some(candidates.clone())
                }
                _ => None,
            })
            .await;
        let other = if right { &mut self.to_left } else { &mut self.to_right };
        other.say(&HubMessage::PeerCandidates { session, candidates }).await;
    }

    /// Waits until content arrives, and says on which route.
    async fn wait_until_moving(&mut self, session: SessionId) -> Route {
        let route =
            self.to_right
                .hear_until(|message| match message {
                    AgentMessage::Session {
                        session: of,
                        state: SessionState::Connected { route },
                    } if *of == session => Some(*route),
                    _ => None,
                })
                .await;
        assert!(matches!(route, Route::Lan | Route::Direct | Route::Tcp), "{route}");
        self.to_right
            .hear_until(|message| match message {
                AgentMessage::Progress { counts, .. } if 0 < counts.bytes_received => Some(()),
                _ => None,
            })
            .await;
        route
    }

    async fn end(self) {
        let Self { left, right, to_left, to_right, .. } = self;
        tokio::join!(left.end(to_left), right.end(to_right));
    }
}

const LARGE_BYTES: u64 = 400 * 1024 * 1024;
