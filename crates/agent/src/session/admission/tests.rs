//! Every way in which an order can be wrong.

use outport_mover::rules::{FolderRule, RuleList, Rules};
use outport_protocol::{
    control::Peer,
    orders::{Orders, TransferItem, TransferOrders},
    secret::SecretKey,
    ticket::{Grant, SignedTicket},
};
use outport_types::{Access, CollectionPath, SessionId, TaskId, TicketId, TransferOptions};

use super::*;

#[test]
fn what_the_hub_orders_in_full_is_admitted() {
    let world = World::new();
    let admitted = world.admit().unwrap();
    assert_eq!(admitted.role, Role::Sender);
    assert_eq!(admitted.ticket.session, world.ticket.session);
}

#[test]
fn orders_that_their_ticket_does_not_cover_are_refused_for_good() {
    type Spoil = fn(&mut World);
    let wrong: [(&str, Spoil); 9] = [
        ("another hub's root", |world| world.ticket.hub = PublicKey([9; 32])),
        ("somebody else's signature", |world| world.ticket_key = key(99)),
        ("other orders", |world| world.ticket.orders = [0; 32]),
        ("other agents", |world| world.ticket.sender.key = key(50).public()),
        ("another session", |world| world.session = SessionId::random()),
        ("another task", |world| world.ticket.task = TaskId::random()),
        ("another role", |world| world.role = Role::Receiver),
        ("another peer", |world| world.peer = Some(key(51).public())),
        ("no peer", |world| world.peer = None),
    ];
    for (what, spoil) in wrong {
        let mut world = World::new();
        spoil(&mut world);
        let refusal = world.admit().unwrap_err();
        assert!(!refusal.retry(), "{what}: {refusal:?}");
        assert_eq!(refusal.problem("a#b").code, Code::BadTicket, "{what}");
    }
}

#[test]
fn a_ticket_is_good_at_the_endpoint_that_it_names_only() {
    let mut world = World::new();
    world.source = EndpointId::from_bytes([77; 16]);
    assert_eq!(world.admit().unwrap_err(), Refusal::Mismatch("endpoint"));
}

#[test]
fn time_and_repetition_are_a_new_tickets_matter() {
    let mut world = World::new();
    world.now = UnixTime::from_seconds(1901);
    let expired = world.admit().unwrap_err();
    assert!(matches!(expired, Refusal::Ticket(TicketError::Expired { .. })));
    assert!(expired.retry());
    world.now = UnixTime::from_seconds(100_001);
    let old_key = world.admit().unwrap_err();
    assert!(matches!(old_key, Refusal::Ticket(TicketError::KeyExpired { .. })));

    let mut world = World::new();
    world.seen.insert(world.ticket.session);
    assert_eq!(world.admit().unwrap_err(), Refusal::Replayed);
}

#[test]
fn a_paused_or_busy_computer_declines_for_now() {
    let mut world = World::new();
    world.paused = true;
    let paused = world.admit().unwrap_err();
    assert_eq!(paused.problem("a#b").code, Code::EndpointPaused);
    assert!(paused.retry());
    let mut world = World::new();
    world.running = 4;
    let busy = world.admit().unwrap_err();
    assert_eq!(busy.problem("a#b").code, Code::EndpointBusy);
    assert!(busy.retry());
}

#[test]
fn a_gateway_works_under_its_own_rules_or_not_at_all() {
    let mut world = World::new();
    world.ticket.receiver.gateway = true;
    assert_eq!(world.admit().unwrap_err(), Refusal::NoGateway);
    world.gateway_rules = rules("/for-gateways");
    let admitted = world.admit().unwrap();
    let path: CollectionPath = "/data/x".parse().unwrap();
    assert_eq!(admitted.rules.far.now().explain(&path).access, None);
    let path: CollectionPath = "/for-gateways/x".parse().unwrap();
    assert_eq!(admitted.rules.far.now().explain(&path).access, Some(Access::ReadOnly));
}

#[test]
fn what_is_for_the_local_network_only_is_found_by_what_is_asked_for_here() {
    let mut world = World::new();
    assert_eq!(world.admit().unwrap().local_only, None);
    world.far_rules = LiveRules::new(Rules::default());
    let admitted = world.admit().unwrap();
    assert_eq!(admitted.local_only, Some("/data/x".parse().unwrap()));
    assert!(admitted.rules.differ());
    world.ticket.receiver.gateway = true;
    world.gateway_rules = rules("/for-gateways");
    assert_eq!(world.admit().unwrap().local_only, None, "its rules are those of who is elsewhere");
}

struct World {
    statement: Statement,
    ticket_key: SecretKey,
    ticket: Ticket,
    session: SessionId,
    role: Role,
    peer: Option<PublicKey>,
    source: EndpointId,
    now: UnixTime,
    paused: bool,
    running: usize,
    seen: SeenSessions,
    far_rules: LiveRules,
    gateway_rules: LiveRules,
}

impl World {
    fn new() -> Self {
        let statement = Statement {
            root: key(1).public(),
            serial: 1,
            ticket_key: key(2).public(),
            channel_key: key(3).public(),
            not_before: UnixTime::from_seconds(0),
            not_after: UnixTime::from_seconds(100_000),
            successor: None,
        };
        let party = |n| Party {
            key: key(n).public(),
            grants: vec![Grant::all(CollectionPath::ROOT)],
            gateway: false,
        };
        let session = SessionId::random();
        let ticket = Ticket {
            id: TicketId::random(),
            hub: statement.root,
            session,
            task: TaskId::from_bytes([5; 16]),
            sender: party(10),
            receiver: party(11),
            orders: orders(HERE).digest(),
            issued: UnixTime::from_seconds(1000),
            expires: UnixTime::from_seconds(1900),
        };
        Self {
            statement,
            ticket_key: key(2),
            ticket,
            session,
            role: Role::Sender,
            peer: Some(key(11).public()),
            source: HERE,
            now: UnixTime::from_seconds(1100),
            paused: false,
            running: 0,
            seen: SeenSessions::default(),
            far_rules: rules("/data"),
            gateway_rules: LiveRules::new(Rules::default()),
        }
    }

    fn admit(&self) -> Result<Admitted, Refusal> {
        let orders = orders(self.source);
        let mut ticket = self.ticket.clone();
        if self.source != HERE {
            ticket.orders = orders.digest(); // the ticket is right, the place is wrong
        }
        let start = Start {
            session: self.session,
            role: self.role,
            ticket: SignedTicket::sign(&ticket, &self.ticket_key),
            orders,
            peer: self.peer.map(|key| Peer {
                key,
                name: "ann#Cluster".parse().unwrap(),
                candidates: vec![],
            }),
            reported: 0,
            relays: Vec::new(),
        };
        let gate = Gate {
            statement: &self.statement,
            now: self.now,
            own: &key(10).public(),
            endpoint: HERE,
            paused: self.paused,
            seen: &self.seen,
            running: self.running,
            sessions_max: 4,
            rules: &rules("/data"),
            far_rules: &self.far_rules,
            gateway_rules: &self.gateway_rules,
        };
        admit(&start, &gate)
    }
}

fn orders(source: EndpointId) -> Orders {
    let item = TransferItem {
        source: "/data/x".parse().unwrap(),
        destination: "/data/y".parse().unwrap(),
        recursive: None,
        checksum: None,
    };
    let transfer = TransferOrders {
        source,
        source_name: "ann#WorkPC".to_owned(),
        destination: EndpointId::from_bytes([8; 16]),
        destination_name: "ann#Cluster".to_owned(),
        items: vec![item],
        options: TransferOptions::default(),
    };
    Orders { task: TaskId::from_bytes([5; 16]), work: Work::Transfer(transfer) }
}

fn rules(path: &str) -> LiveRules {
    let folder = FolderRule { path: path.into(), access: Access::ReadOnly, shareable: false };
    let list = RuleList { folders: vec![folder], ..RuleList::default() };
    LiveRules::new(Rules::new(&list).unwrap())
}

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

const HERE: EndpointId = EndpointId::from_bytes([7; 16]);
