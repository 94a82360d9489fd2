use super::*;

#[test]
fn packets_go_between_the_two_addresses_that_were_proved_and_nowhere_else() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    assert_eq!(rig.forward(LEFT, 1000), None, "the other side is not there");
    rig.bind(session, RelaySide::Receiver, RIGHT);
    assert_eq!(rig.forward(LEFT, 1000), Some((address(RIGHT), 1000)));
    assert_eq!(rig.forward(RIGHT, 1000), Some((address(LEFT), 1000)));
    assert_eq!(rig.forward(STRANGER, 1000), None);
    let counted = rig.counts.now();
    assert_eq!((counted.dropped_alone, counted.dropped_strangers, counted.bound), (1, 1, 2));
}

#[test]
fn nobody_is_bound_without_the_sessions_own_token() {
    let mut rig = Rig::new(RelayLimits::default());
    let (session, other) = (rig.open(1), rig.open(1));
    let unknown = SessionId::from_bytes([99; 16]);
    assert_eq!(rig.hello(unknown, RelaySide::Sender, LEFT), None, "not even an answer");
    let answer = rig.hello(session, RelaySide::Sender, LEFT).unwrap();
    assert!(!answer.bound);
    let prove = |token: &RelayToken, session| {
        token.prove(session, RelaySide::Sender, answer.nonce, answer.observed)
    };
    let wrong = RelayToken::from_bytes([7; 32]);
    for proof in [
        prove(&wrong, session),
        prove(&token(other), session),
        prove(&token(other), other),
        RelayProof { mac: [0; 32], ..prove(&token(session), session) },
        RelayProof { side: RelaySide::Receiver, ..prove(&token(session), session) },
        RelayProof { nonce: [0; 24], ..prove(&token(session), session) },
    ] {
        assert_eq!(rig.prove(&proof, LEFT), None);
    }
    assert_eq!(rig.counts.now().bound, 0);
    assert_eq!(rig.counts.now().proofs_refused, 7);
    assert!(rig.prove(&prove(&token(session), session), LEFT).unwrap().bound);
}

#[test]
fn a_proof_that_somebody_repeats_from_another_address_is_worth_nothing() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    let proof = rig.proof(session, RelaySide::Sender, LEFT);
    assert_eq!(rig.prove(&proof, STRANGER), None);
    assert!(rig.prove(&proof, LEFT).unwrap().bound);
    assert_eq!(rig.prove(&proof, STRANGER), None);
    assert_eq!(rig.counts.now().bound, 1);
}

#[test]
fn a_side_that_moved_is_not_moved_back_by_a_repeated_proof() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    let old = rig.proof(session, RelaySide::Sender, LEFT);
    rig.prove(&old, LEFT).unwrap();
    rig.now += Duration::from_millis(5);
    assert!(!rig.hello(session, RelaySide::Sender, MOVED).unwrap().bound);
    rig.bind(session, RelaySide::Sender, MOVED);
    assert_eq!(rig.forward(LEFT, 1200), None, "the old address is no longer a side's");
    assert_eq!(rig.forward(RIGHT, 1200), Some((address(MOVED), 1200)));
    assert_eq!(rig.prove(&old, LEFT), None);
    assert_eq!(rig.forward(RIGHT, 1200), Some((address(MOVED), 1200)));
}

#[test]
fn a_proof_comes_in_time_or_not_at_all() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    let proof = rig.proof(session, RelaySide::Sender, LEFT);
    rig.now += Duration::from_millis(NONCE_MILLIS + 1);
    assert_eq!(rig.prove(&proof, LEFT), None);
    let other_relay = NonceKey::from_bytes([9; 32]);
    let time = rig.now.as_millis() as u64;
    let nonce = other_relay.issue(time, session, RelaySide::Sender, address(LEFT));
    let proof = token(session).prove(session, RelaySide::Sender, nonce, address(LEFT));
    assert_eq!(rig.prove(&proof, LEFT), None);
}

#[test]
fn an_answer_that_got_lost_can_be_asked_for_again() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    let proof = rig.proof(session, RelaySide::Sender, LEFT);
    assert!(rig.prove(&proof, LEFT).unwrap().bound);
    assert!(rig.prove(&proof, LEFT).unwrap().bound);
    assert!(rig.hello(session, RelaySide::Sender, LEFT).unwrap().bound);
    assert!(!rig.hello(session, RelaySide::Receiver, LEFT).unwrap().bound);
    assert_eq!(rig.counts.now().proofs, 1);
}

#[test]
fn an_address_is_one_side_of_one_session() {
    let mut rig = Rig::new(RelayLimits::default());
    let (first, second) = (rig.open(1), rig.open(1));
    rig.bind(first, RelaySide::Sender, LEFT);
    rig.bind(first, RelaySide::Receiver, RIGHT);
    rig.now += Duration::from_millis(1);
    rig.bind(second, RelaySide::Sender, LEFT);
    assert_eq!(rig.forward(LEFT, 1200), None);
    assert_eq!(rig.forward(RIGHT, 1200), None);
    rig.bind(second, RelaySide::Receiver, LEFT);
    assert_eq!(rig.forward(LEFT, 1200), None, "nothing goes back to where it came from");
}

#[test]
fn a_side_that_is_silent_loses_its_address_and_one_that_says_hello_keeps_it() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    rig.now += IDLE / 2;
    assert!(rig.hello(session, RelaySide::Sender, LEFT).unwrap().bound);
    rig.now += IDLE / 2;
    assert_eq!(rig.forward(LEFT, 1200), None, "the right one is idle");
    rig.sweep();
    assert_eq!(rig.counts.now().bound, 1);
    assert!(!rig.hello(session, RelaySide::Receiver, RIGHT).unwrap().bound);
}

#[test]
fn a_session_that_ended_lingers_and_goes() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    rig.table.close(session, rig.now);
    rig.sweep();
    assert!(rig.forward(LEFT, 1200).is_some(), "its agents part");
    rig.now += LINGER;
    rig.sweep();
    assert_eq!(rig.forward(LEFT, 1200), None);
    assert_eq!(rig.hello(session, RelaySide::Sender, LEFT), None);
    let counted = rig.counts.now();
    assert_eq!((counted.sessions, counted.bound), (0, 0));
}

#[test]
fn too_many_sessions_take_the_place_of_the_one_unused_for_longest() {
    let mut rig = Rig::new(RelayLimits::default());
    let used = rig.open(1);
    rig.now += Duration::from_millis(1);
    let unused = rig.open(1);
    for _ in 2..SESSIONS_MAX {
        rig.now += Duration::from_millis(1);
        rig.open(1);
    }
    rig.bind(used, RelaySide::Sender, LEFT);
    rig.open(1);
    let counted = rig.counts.now();
    assert_eq!((counted.sessions, counted.evicted), (SESSIONS_MAX as u64, 1));
    assert_eq!(rig.hello(unused, RelaySide::Sender, RIGHT), None);
    assert!(rig.hello(used, RelaySide::Sender, LEFT).unwrap().bound);
}

#[test]
fn a_source_that_sends_too_many_hellos_gets_no_more_answers() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    let mut ask = || rig.hello(session, RelaySide::Sender, LEFT).is_some();
    assert_eq!((0..3 * ANSWERS_MAX).filter(|_| ask()).count(), ANSWERS_MAX as usize);
    assert!(rig.hello(session, RelaySide::Receiver, RIGHT).is_some(), "others still do");
}

#[test]
fn each_limit_is_kept() {
    let none = RelayLimits::default();
    let rate = Some(1_000_000);
    for limits in [
        RelayLimits { rate, ..none },
        RelayLimits { session_rate: rate, ..none },
        RelayLimits { user_rate: rate, ..none },
    ] {
        let moved = Rig::new(limits).move_for_ten_seconds(1);
        assert!((9_500_000..10_500_000).contains(&moved), "{limits:?}: {moved}");
    }
    let day = RelayLimits { user_bytes_per_day: Some(3_000_000), ..none };
    assert_eq!(Rig::new(day).move_for_ten_seconds(1), 3_000_000);
    assert_eq!(Rig::new(none).move_for_ten_seconds(1), 100_000_000);
}

#[test]
fn sessions_of_one_user_share_that_users_limits_and_others_do_not() {
    let rate = Some(1_000_000);
    let user = RelayLimits { user_rate: rate, ..RelayLimits::default() };
    let moved = Rig::new(user).move_for_ten_seconds(3);
    assert!((9_500_000..10_500_000).contains(&moved), "{moved}");
    let session = RelayLimits { session_rate: rate, ..RelayLimits::default() };
    let moved = Rig::new(session).move_for_ten_seconds(3);
    assert!((28_500_000..31_500_000).contains(&moved), "{moved}");
}

#[test]
fn what_was_used_up_is_there_again_the_next_day() {
    let limits = RelayLimits { user_bytes_per_day: Some(10_000), ..RelayLimits::default() };
    let mut rig = Rig::new(limits);
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    assert!(rig.forward(LEFT, 10_000).is_some());
    assert_eq!(rig.forward(LEFT, 1_000), None);
    let again = rig.open(1);
    rig.bind(again, RelaySide::Sender, STRANGER);
    rig.bind(again, RelaySide::Receiver, MOVED);
    assert_eq!(rig.forward(STRANGER, 1_000), None, "another session does not help");
    rig.day += 1;
    rig.sweep();
    assert!(rig.forward(LEFT, 1_000).is_some());
}

#[test]
fn who_is_bound_is_told_that_the_day_is_used_up_and_nobody_else() {
    let limits = RelayLimits { user_bytes_per_day: Some(10_000), ..RelayLimits::default() };
    let mut rig = Rig::new(limits);
    rig.sweep();
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    let used_up =
        |rig: &mut Rig, session, from| rig.hello(session, RelaySide::Sender, from).unwrap().used_up;
    assert_eq!(used_up(&mut rig, session, LEFT), None);
    rig.forward(LEFT, 10_000);
    assert_eq!(used_up(&mut rig, session, LEFT), Some(61), "minutes, rounded up");
    assert_eq!(used_up(&mut rig, session, STRANGER), None);
    rig.now += Duration::from_millis(1);
    let proof = rig.proof(session, RelaySide::Sender, MOVED);
    assert_eq!(rig.prove(&proof, MOVED).unwrap().used_up, Some(61), "with the proof already");
    let other = rig.open(2);
    rig.bind(other, RelaySide::Sender, STRANGER);
    assert_eq!(used_up(&mut rig, other, STRANGER), None, "somebody else's day");
    rig.day += 1;
    rig.sweep();
    assert_eq!(used_up(&mut rig, session, MOVED), None);
}

#[test]
fn second_seats_lead_to_each_other_and_leave_the_first_ones_alone() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    rig.bind(session, RelaySide::SenderAgain, MOVED);
    assert_eq!(rig.forward(MOVED, 1_000), None, "nobody is on the seat that belongs to it");
    rig.bind(session, RelaySide::ReceiverAgain, STRANGER);
    assert_eq!(rig.forward(MOVED, 1_000), Some((address(STRANGER), 1_000)));
    assert_eq!(rig.forward(STRANGER, 1_000), Some((address(MOVED), 1_000)));
    assert_eq!(rig.forward(LEFT, 1_000), Some((address(RIGHT), 1_000)));
    assert_eq!(rig.forward(RIGHT, 1_000), Some((address(LEFT), 1_000)));
    let first = rig.proof(session, RelaySide::Sender, LEFT);
    let as_second = RelayProof { side: RelaySide::SenderAgain, ..first };
    assert_eq!(rig.prove(&as_second, LEFT), None, "a proof is for one seat");
    rig.table.close(session, rig.now);
    rig.now += LINGER;
    rig.sweep();
    assert_eq!(rig.counts.now().bound, 0);
}

#[test]
fn what_users_had_is_told_once_and_counts_after_a_restart() {
    let limits = RelayLimits { user_bytes_per_day: Some(10_000), ..RelayLimits::default() };
    let mut rig = Rig::new(limits);
    rig.sweep();
    let session = rig.open(1);
    rig.bind(session, RelaySide::Sender, LEFT);
    rig.bind(session, RelaySide::Receiver, RIGHT);
    rig.forward(LEFT, 6_000);
    rig.sweep();
    let user = AccountId::from_bytes([1; 16]);
    let told = rig.table.uses().changed();
    assert_eq!(told, DayUses { day: rig.day, bytes: vec![(user, 6_000)] });
    assert_eq!(rig.table.uses().changed().bytes, [], "nothing changed since");

    let mut next = Rig::new(limits);
    next.sweep();
    let session = next.open(1);
    next.bind(session, RelaySide::Sender, LEFT);
    next.bind(session, RelaySide::Receiver, RIGHT);
    next.forward(LEFT, 3_000);
    next.table.restore(&told);
    assert_eq!(next.table.uses().of(user), 9_000);
    assert!(next.forward(LEFT, 1_000).is_some());
    assert_eq!(next.forward(LEFT, 1_000), None);
    assert_eq!(next.table.uses().of(user), 10_000, "who has nothing left is told at once");
    assert_eq!(next.table.uses().day_ends(), (rig.day + 1) * 86_400);

    next.day += 1;
    next.sweep();
    next.table.restore(&told);
    assert_eq!((next.table.uses().of(user), next.forward(LEFT, 1_000).is_some()), (0, true));
}

#[test]
fn a_pass_lets_both_sides_in_until_it_is_over() {
    let mut rig = Rig::new(RelayLimits::default());
    rig.table.let_in_by_pass(SECRET);
    let (session, pass) = (SessionId::from_bytes([7; 16]), pass(CLOCK + 100));
    assert!(rig.pass(session, &pass, RelaySide::Sender, LEFT).unwrap().bound);
    assert!(rig.pass(session, &pass, RelaySide::Receiver, RIGHT).unwrap().bound);
    assert_eq!(rig.forward(LEFT, 1000), Some((address(RIGHT), 1000)));
    rig.now += Duration::from_secs(94);
    rig.bind_with(&RelayToken::of_pass(&SECRET, session, &pass), session, LEFT);
    rig.sweep();
    assert_eq!(rig.counts.now().sessions, 1);
    rig.now += Duration::from_secs(2);
    rig.sweep();
    assert_eq!((rig.counts.now().sessions, rig.forward(LEFT, 1000)), (0, None));
    rig.now += SWEEP_EVERY;
    assert_eq!(rig.pass(session, &pass, RelaySide::Sender, LEFT), None, "it is over");
}

#[test]
fn a_pass_is_worth_nothing_changed_or_too_long_or_where_the_hub_says_who_comes() {
    let mut rig = Rig::new(RelayLimits::default());
    let session = SessionId::from_bytes([7; 16]);
    assert_eq!(rig.hello(session, RelaySide::Sender, LEFT), None, "a hub's own relay");
    rig.table.let_in_by_pass(SECRET);
    let good = pass(CLOCK + 100);
    let token = RelayToken::of_pass(&SECRET, session, &good);
    let mut said = |session, said: &RelayPass| rig.pass_with(&token, session, said, LEFT);
    assert_eq!(said(session, &RelayPass { until: good.until + 1, ..good }), None);
    assert_eq!(said(session, &RelayPass { user: [0; 16], ..good }), None);
    assert_eq!(said(SessionId::from_bytes([8; 16]), &good), None);
    for until in [0, CLOCK, CLOCK + PASS_SECONDS_MAX + 1, u64::MAX] {
        assert_eq!(rig.pass(session, &pass(until), RelaySide::Sender, LEFT), None, "{until}");
    }
    assert_eq!(rig.counts.now().sessions, 0, "nothing was kept of all that");
    assert!(rig.pass(session, &good, RelaySide::Sender, LEFT).unwrap().bound);
}

#[test]
fn who_came_by_a_pass_and_left_takes_no_place() {
    let mut rig = Rig::new(RelayLimits::default());
    rig.table.let_in_by_pass(SECRET);
    let session = SessionId::from_bytes([7; 16]);
    rig.pass(session, &pass(CLOCK + 80_000), RelaySide::Sender, LEFT).unwrap();
    rig.now += IDLE;
    rig.sweep();
    rig.sweep();
    assert_eq!(rig.counts.now().sessions, 0);
}

struct Rig {
    table: Table,
    counts: Arc<Counts>,
    now: Duration,
    day: u64,
    opened: u32,
}

impl Rig {
    fn new(limits: RelayLimits) -> Self {
        let counts = Arc::new(Counts::default());
        let table = Table::new(limits, NonceKey::from_bytes([1; 32]), counts.clone());
        Self { table, counts, now: Duration::from_secs(100), day: 20_000, opened: 0 }
    }

    fn open(&mut self, user: u8) -> SessionId {
        self.opened += 1;
        let mut id = [0; 16];
        id[..4].copy_from_slice(&self.opened.to_be_bytes());
        let session = SessionId::from_bytes(id);
        self.table.open(session, token(session), AccountId::from_bytes([user; 16]), self.now);
        session
    }

    fn hello(&mut self, session: SessionId, side: RelaySide, from: &str) -> Option<RelayAnswer> {
        self.table.hello(RelayHello { session, side }, place(from), self.now)
    }

    fn proof(&mut self, session: SessionId, side: RelaySide, from: &str) -> RelayProof {
        let answer = self.hello(session, side, from).unwrap();
        token(session).prove(session, side, answer.nonce, answer.observed)
    }

    fn prove(&mut self, proof: &RelayProof, from: &str) -> Option<RelayAnswer> {
        self.table.prove(proof, place(from), self.now)
    }

    fn bind(&mut self, session: SessionId, side: RelaySide, from: &str) {
        let proof = self.proof(session, side, from);
        assert!(self.prove(&proof, from).unwrap().bound);
    }

    fn bind_with(&mut self, token: &RelayToken, session: SessionId, from: &str) {
        let answer = self.hello(session, RelaySide::Sender, from).unwrap();
        let proof = token.prove(session, RelaySide::Sender, answer.nonce, answer.observed);
        assert!(self.prove(&proof, from).unwrap().bound);
    }

    /// Comes by a pass, with the token that belongs to it.
    fn pass(
        &mut self,
        session: SessionId,
        pass: &RelayPass,
        side: RelaySide,
        from: &str,
    ) -> Option<RelayAnswer> {
        let token = RelayToken::of_pass(&SECRET, session, pass);
        let answer = self.hello(session, side, from)?;
        let proof = token.prove(session, side, answer.nonce, answer.observed);
        self.table.prove_by_pass(&proof, pass, place(from), (self.now, CLOCK + self.passed()))
    }

    /// Comes by a pass with another token.
    fn pass_with(
        &mut self,
        token: &RelayToken,
        session: SessionId,
        pass: &RelayPass,
        from: &str,
    ) -> Option<RelayAnswer> {
        let answer = self.hello(session, RelaySide::Sender, from)?;
        let proof = token.prove(session, RelaySide::Sender, answer.nonce, answer.observed);
        self.table.prove_by_pass(&proof, pass, place(from), (self.now, CLOCK + self.passed()))
    }

    fn passed(&self) -> u64 {
        self.now.as_secs() - 100
    }

    fn forward(&mut self, from: &str, bytes: usize) -> Option<(SocketAddr, usize)> {
        let from = Source::Address(address(from));
        let found = self.table.forward(from, bytes, 1_000, self.now);
        found.map(|(to, room)| match to {
            Seat::Udp(place) => (place.address, room),
            Seat::Tunnel(_) => panic!("nobody joined by a connection"),
        })
    }

    fn sweep(&mut self) {
        self.now += SWEEP_EVERY;
        self.table.sweep(self.now, self.day * DAY_SECONDS + AFTERNOON);
        self.now -= SWEEP_EVERY;
        self.table.swept = Duration::ZERO;
    }

    /// What so many sessions of one user move that each send 10 MB/s.
    fn move_for_ten_seconds(mut self, sessions: u16) -> usize {
        let sender = |n: u16| format!("192.0.2.1:{}", 1000 + n);
        for n in 0..sessions {
            let session = self.open(1);
            self.bind(session, RelaySide::Sender, &sender(n));
            self.bind(session, RelaySide::Receiver, &format!("192.0.2.2:{}", 1000 + n));
        }
        let mut moved = 0;
        for _ in 0..10_000 {
            self.now += Duration::from_millis(1);
            for n in 0..sessions {
                moved += self.forward(&sender(n), 10_000).map_or(0, |(_, room)| room);
            }
        }
        moved
    }
}

fn pass(until: u64) -> RelayPass {
    RelayPass::new(&SECRET, AccountId::from_bytes([1; 16]), until)
}

fn token(session: SessionId) -> RelayToken {
    RelayToken::of_session(&[3; 32], session)
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn place(text: &str) -> Place {
    Place { address: address(text), own: None }
}

const SECRET: [u8; 32] = [4; 32];
/// How far a rig's days are when they are told: an hour is left, and some seconds.
const AFTERNOON: u64 = 23 * 3600 - 10;
/// The world's time when a rig begins.
const CLOCK: u64 = 1_800_000_000;
const LEFT: &str = "192.0.2.1:1001";
const RIGHT: &str = "192.0.2.2:1002";
const MOVED: &str = "192.0.2.3:1003";
const STRANGER: &str = "192.0.2.4:1004";
