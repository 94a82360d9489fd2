//! Who may have what forwarded whereto: sessions, the addresses that their sides proved, and limits.
//!
//! Without socket and clock. [`outport_protocol::relay`] tells the exchange; here is what bounds it:
//!
//! - A side has two seats, the second one for trying another way. Each is joined by UDP, at the address
//!   that was proved, or by a connection to the HTTPS port; the last one that it was joined by counts.
//! - Sessions come from the hub alone, [`SESSIONS_MAX`] at most. One more takes the place of the one
//!   that was unused for longest; its link breaks, and its agents are told of a new session.
//! - A session has four addresses at most, each heard of in the last [`IDLE`]. An address belongs to
//!   one seat of one session: the last proof counts. It has [`STREAMS_MAX`] connections at most that
//!   carry streams.
//! - A relay on another computer than the hub's lets in whoever proves a token with its pass. Such a
//!   session is over when its pass is, or when nobody was there for [`IDLE`].
//! - A session that ended at the hub stays for [`LINGER`], in which its agents part.
//! - What a user moved today is kept for [`USERS_MAX`] users. One more takes the place of one of
//!   which no session is open, the one that moved least.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use outport_protocol::{
    relay::{NonceKey, RelayAnswer, RelayHello, RelayPass, RelayProof, RelaySide, RelayToken},
    tunnel::{TunnelJoin, TunnelNonce, TunnelUse},
};
use outport_types::{AccountId, SessionId};
use tokio_util::sync::CancellationToken;

use crate::{
    counts::Counts,
    limiter::Limiter,
    limits::{Bucket, RelayLimits, Share, Shares},
    uses::{DAY_SECONDS, DayUses, Uses},
};

/// Where a packet came from and how the relay is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The other end, as the system spells it.
    pub(crate) address: SocketAddr,
    /// Which of the own addresses was spoken to, where the system tells.
    pub(crate) own: Option<IpAddr>,
}

/// A connection to the HTTPS port that carries packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TunnelId(pub(crate) u64);

/// Where a side gets its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    Udp(Place),
    Tunnel(TunnelId),
}

/// Where a packet came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Address(SocketAddr),
    Tunnel(TunnelId),
}

/// What a connection to the HTTPS port gets that may stay.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// Over when the session is.
    pub(crate) over: CancellationToken,
    /// Its place among the streams of the session, while this lives.
    pub(crate) _place: Arc<()>,
}

/// All that is known about relayed sessions.
#[derive(Debug)]
pub(crate) struct Table {
    limits: RelayLimits,
    nonces: NonceKey,
    /// The secret of passes, where they let in.
    passes: Option<[u8; 32]>,
    sessions: HashMap<SessionId, Session>,
    bound: HashMap<Source, (SessionId, RelaySide)>,
    users: BTreeMap<AccountId, User>,
    shares: Shares,
    limiter: Limiter,
    swept: Duration,
    day: u64,
    /// The world's time when it was told last, in seconds.
    clock: u64,
    uses: Arc<Uses>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct Session {
    token: RelayToken,
    user: AccountId,
    sides: [Option<Binding>; RelaySide::ALL.len()],
    /// When it began, was bound or forwarded anything last.
    used: Duration,
    ends: Option<Duration>,
    /// Whether it came by a pass; nobody says then that it is over.
    by_pass: bool,
    bucket: Bucket,
    share: Share,
    /// Cancelled when the session is forgotten.
    over: CancellationToken,
    /// One for itself, and one for each connection that carries a stream.
    streams: Arc<()>,
}

#[derive(Clone, Copy, Debug)]
struct Binding {
    seat: Seat,
    /// When the nonce was made that proved it, or the connection joined.
    proved: Option<u64>,
    heard: Duration,
}

#[derive(Debug, Default)]
struct User {
    sessions: usize,
    today: u64,
    /// What the hub knows of that.
    told: u64,
    bucket: Bucket,
}

impl Table {
    pub(crate) fn new(limits: RelayLimits, nonces: NonceKey, counts: Arc<Counts>) -> Self {
        Self {
            limits,
            nonces,
            passes: None,
            sessions: HashMap::new(),
            bound: HashMap::new(),
            users: BTreeMap::new(),
            shares: Shares::new(),
            limiter: Limiter::new(ANSWERS_MAX),
            swept: Duration::ZERO,
            day: 0,
            clock: 0,
            uses: Arc::default(),
            counts,
        }
    }

    /// Lets in whoever proves a token with its pass, made with this secret.
    pub(crate) fn let_in_by_pass(&mut self, secret: [u8; 32]) {
        self.passes = Some(secret);
    }

    /// Where it tells what users had.
    pub(crate) fn uses(&self) -> Arc<Uses> {
        self.uses.clone()
    }

    /// Counts what users had before a restart, if it is still that day.
    pub(crate) fn restore(&mut self, uses: &DayUses) {
        if uses.day != self.day {
            return;
        }
        for (user, bytes) in uses.bytes.iter().take(USERS_MAX) {
            let user = self.users.entry(*user).or_default();
            user.today = user.today.saturating_add(*bytes);
        }
        self.tell();
    }

    /// Tells what users had since it was told last.
    pub(crate) fn tell(&mut self) {
        let news = self.users.iter_mut().filter(|(_, user)| user.told != user.today);
        self.uses.note(news.map(|(id, user)| {
            user.told = user.today;
            (*id, user.today)
        }));
    }

    /// Lets both sides of a session in.
    pub(crate) fn open(
        &mut self,
        id: SessionId,
        token: RelayToken,
        user: AccountId,
        now: Duration,
    ) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.ends = None;
            return;
        }
        if SESSIONS_MAX <= self.sessions.len() {
            let unused = self.sessions.keys().min_by_key(|id| (self.sessions[id].used, **id));
            if let Some(unused) = unused.copied() {
                self.counts.evicted.add(1);
                self.remove(unused);
            }
        }
        self.make_room_for(user);
        self.users.entry(user).or_default().sessions += 1;
        let session = Session {
            token,
            user,
            sides: [None; RelaySide::ALL.len()],
            used: now,
            ends: None,
            by_pass: false,
            bucket: Bucket::default(),
            share: Share::default(),
            over: CancellationToken::new(),
            streams: Arc::default(),
        };
        self.sessions.insert(id, session);
        self.show();
    }

    /// The session is over.
    pub(crate) fn close(&mut self, id: SessionId, now: Duration) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.ends.get_or_insert(now + LINGER);
        }
    }

    /// What a hello is answered, if anything.
    pub(crate) fn hello(
        &mut self,
        hello: RelayHello,
        from: Place,
        now: Duration,
    ) -> Option<RelayAnswer> {
        let RelayHello { session, side } = hello;
        if !self.may_ask(session, from, now) {
            return None;
        }
        let bound = match self.bound.get(&Source::Address(from.address)) {
            Some(known) if *known == (session, side) => self.hear(session, side, now),
            Some(_) | None => false,
        };
        self.counts.hellos.add(1);
        Some(self.answer(session, side, bound, from, now))
    }

    /// Binds an address if the proof holds.
    pub(crate) fn prove(
        &mut self,
        proof: &RelayProof,
        from: Place,
        now: Duration,
    ) -> Option<RelayAnswer> {
        let RelayProof { session: id, side, .. } = *proof;
        if !self.may_ask(id, from, now) {
            return None;
        }
        let token = self.sessions.get(&id)?.token.clone();
        let proved = self.holds(proof, &token, from, now)?;
        let session = self.sessions.get(&id)?;
        let known = session.sides[index(side)];
        if let Some(known) = known.filter(|known| known.proved.is_some_and(|known| proved <= known))
        {
            // An old one, repeated: the answer that got lost may come again, and nothing changes.
            let bound = known.seat.source() == Source::Address(from.address);
            return bound.then(|| self.answer(id, side, true, from, now));
        }
        self.bind(id, side, Seat::Udp(from), Some(proved), now);
        Some(self.answer(id, side, true, from, now))
    }

    /// The same for a proof with a pass, at a time of the world in seconds: a session that is not known
    /// begins with it, where passes let in.
    pub(crate) fn prove_by_pass(
        &mut self,
        proof: &RelayProof,
        pass: &RelayPass,
        from: Place,
        (now, clock): (Duration, u64),
    ) -> Option<RelayAnswer> {
        let secret = self.passes?;
        if self.sessions.contains_key(&proof.session) {
            return self.prove(proof, from, now);
        }
        if !self.may_ask(proof.session, from, now) {
            return None;
        }
        let left =
            pass.until.checked_sub(clock).filter(|left| (1..=PASS_SECONDS_MAX).contains(left));
        let Some(left) = left else {
            self.counts.proofs_refused.add(1);
            return None;
        };
        let token = RelayToken::of_pass(&secret, proof.session, pass);
        self.holds(proof, &token, from, now)?;
        self.open(proof.session, token, AccountId::from_bytes(pass.user), now);
        if let Some(session) = self.sessions.get_mut(&proof.session) {
            session.by_pass = true;
            session.ends = Some(now + Duration::from_secs(left));
        }
        self.prove(proof, from, now)
    }

    /// When the nonce of a proof was made, if the proof holds.
    fn holds(
        &self,
        proof: &RelayProof,
        token: &RelayToken,
        from: Place,
        now: Duration,
    ) -> Option<u64> {
        let source = plain(from.address);
        let issued = self.nonces.issued(&proof.nonce, proof.session, proof.side, source);
        let fresh = |issued: &u64| {
            Duration::from_millis(*issued) <= now && now.as_millis() as u64 - issued <= NONCE_MILLIS
        };
        let proved = issued.filter(fresh).filter(|_| token.accepts(proof, source));
        if proved.is_none() {
            self.counts.proofs_refused.add(1);
        }
        proved
    }

    /// Lets a connection to the HTTPS port join a side, if it holds the token; one for packets takes
    /// the place of whatever that side was joined by.
    pub(crate) fn join(
        &mut self,
        join: &TunnelJoin,
        nonce: &TunnelNonce,
        tunnel: TunnelId,
        now: Duration,
    ) -> Option<Admitted> {
        let session = self.sessions.get(&join.session);
        let Some(session) = session.filter(|session| session.token.accepts_join(join, nonce))
        else {
            self.counts.proofs_refused.add(1);
            return None;
        };
        let admitted = Admitted { over: session.over.clone(), _place: session.streams.clone() };
        match join.wanted {
            TunnelUse::Stream { .. } if STREAMS_MAX + 2 <= Arc::strong_count(&session.streams) => {
                self.counts.streams_refused.add(1);
                return None;
            }
            TunnelUse::Stream { .. } => self.counts.proofs.add(1),
            TunnelUse::Packets => {
                // A proof of the same moment is this side's as well, and the newer one.
                let proved = (now.as_millis() as u64).checked_sub(1);
                self.bind(join.session, join.side, Seat::Tunnel(tunnel), proved, now);
            }
        }
        Some(admitted)
    }

    /// Whether a side is joined by this connection.
    pub(crate) fn has(&self, tunnel: TunnelId) -> bool {
        self.bound.contains_key(&Source::Tunnel(tunnel))
    }

    /// A connection to the HTTPS port is no more.
    pub(crate) fn leave(&mut self, tunnel: TunnelId) {
        if let Some((id, side)) = self.bound.get(&Source::Tunnel(tunnel)).copied() {
            self.unbind(id, side);
            self.show();
        }
    }

    /// Where packets from a source go, and how many of their bytes.
    pub(crate) fn forward(
        &mut self,
        from: Source,
        bytes: usize,
        packet: usize,
        now: Duration,
    ) -> Option<(Seat, usize)> {
        let packets = |bytes: usize| bytes.div_ceil(packet.max(1));
        let Some((id, side)) = self.bound.get(&from).copied() else {
            self.counts.dropped_strangers.add(packets(bytes));
            return None;
        };
        let session = self.sessions.get_mut(&id)?;
        if let Some(binding) = &mut session.sides[index(side)] {
            binding.heard = now;
        }
        let alive = |binding: &&Binding| now.saturating_sub(binding.heard) < IDLE;
        let Some(other) = session.sides[index(side.other())].as_ref().filter(alive) else {
            self.counts.dropped_alone.add(packets(bytes));
            return None;
        };
        let to = other.seat;
        let room = self.pass(id, bytes, packet, now).unwrap_or(0);
        if room < bytes {
            self.counts.dropped_limits.add(packets(bytes) - packets(room));
        }
        (0 < room).then_some((to, room))
    }

    /// How many of `bytes` of a session may go now; `None` when none will today.
    pub(crate) fn pass(
        &mut self,
        id: SessionId,
        bytes: usize,
        packet: usize,
        now: Duration,
    ) -> Option<usize> {
        let session = self.sessions.get_mut(&id)?;
        session.used = now;
        let user = self.users.entry(session.user).or_default();
        let RelayLimits { rate, session_rate, user_rate, user_bytes_per_day } = self.limits;
        if user_bytes_per_day.is_some_and(|most| most <= user.today) {
            if user.told != user.today {
                user.told = user.today;
                self.uses.note(std::iter::once((session.user, user.today)));
            }
            return None;
        }
        let mut room = bytes;
        if let Some(rate) = session_rate {
            room = room.min(session.bucket.room(rate, now, bytes, packet));
        }
        if let Some(rate) = user_rate {
            room = room.min(user.bucket.room(rate, now, bytes, packet));
        }
        if let Some(rate) = rate {
            room = room.min(self.shares.room(rate, now, &mut session.share, bytes, packet));
        }
        session.bucket.take(room);
        user.bucket.take(room);
        Shares::take(&mut session.share, room);
        user.today = user.today.saturating_add(room as u64);
        Some(room)
    }

    /// Forgets what is over, now and then. `clock` is the world's time, in seconds.
    pub(crate) fn sweep(&mut self, now: Duration, clock: u64) {
        let day = clock / DAY_SECONDS;
        self.clock = clock;
        if day != self.day {
            self.day = day;
            self.users.retain(|_, user| 0 < user.sessions);
            self.users.values_mut().for_each(|user| (user.today, user.told) = (0, 0));
            self.uses.begin(day);
        }
        self.tell();
        if now < self.swept + SWEEP_EVERY {
            return;
        }
        self.swept = now;
        let over = |session: &Session| {
            let left = session.by_pass
                && session.sides.iter().all(Option::is_none)
                && session.used + IDLE <= now;
            left || session.ends.is_some_and(|ends| ends <= now)
        };
        let ended: Vec<_> = self.sessions.keys().copied().collect();
        for id in ended.into_iter().filter(|id| over(&self.sessions[id])).collect::<Vec<_>>() {
            self.remove(id);
        }
        let idle = |binding: &Binding| IDLE <= now.saturating_sub(binding.heard);
        let places: Vec<_> = self.bound.values().copied().collect();
        for (id, side) in places {
            let binding = self.sessions.get(&id).and_then(|session| session.sides[index(side)]);
            if binding.as_ref().is_none_or(idle) {
                self.unbind(id, side);
            }
        }
        self.show();
    }

    /// Whether whoever asks about a session gets an answer.
    fn may_ask(&mut self, session: SessionId, from: Place, now: Duration) -> bool {
        if self.passes.is_none() && !self.sessions.contains_key(&session) {
            self.counts.proofs_refused.add(1);
            return false;
        }
        let allowed = self.limiter.allows(from.address.ip(), now);
        if !allowed {
            self.counts.hellos_limited.add(1);
        }
        allowed
    }

    /// Notes that a side is there; says whether it is bound.
    fn hear(&mut self, id: SessionId, side: RelaySide, now: Duration) -> bool {
        let session = self.sessions.get_mut(&id);
        let binding = session.and_then(|session| session.sides[index(side)].as_mut());
        binding.is_some_and(|binding| {
            binding.heard = now;
            true
        })
    }

    fn answer(
        &self,
        session: SessionId,
        side: RelaySide,
        bound: bool,
        from: Place,
        now: Duration,
    ) -> RelayAnswer {
        let observed = plain(from.address);
        let time = now.as_millis() as u64;
        let nonce = self.nonces.issue(time, session, side, observed);
        let used_up = bound.then(|| self.used_up(session)).flatten();
        RelayAnswer { session, side, bound, observed, used_up, nonce }
    }

    /// In how many minutes something is forwarded again for who owns a session.
    fn used_up(&self, session: SessionId) -> Option<u16> {
        let user = self.users.get(&self.sessions.get(&session)?.user)?;
        let left = DAY_SECONDS - self.clock % DAY_SECONDS;
        let is_used_up = self.limits.user_bytes_per_day.is_some_and(|most| most <= user.today);
        is_used_up.then(|| u16::try_from(left.div_ceil(60)).unwrap_or(u16::MAX))
    }

    /// Gives a side its seat, which nobody else has then.
    fn bind(
        &mut self,
        id: SessionId,
        side: RelaySide,
        seat: Seat,
        proved: Option<u64>,
        now: Duration,
    ) {
        let source = seat.source();
        if let Some((other, other_side)) = self.bound.get(&source).copied() {
            self.unbind(other, other_side);
        }
        self.unbind(id, side);
        self.bound.insert(source, (id, side));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sides[index(side)] = Some(Binding { seat, proved, heard: now });
            session.used = now;
        }
        self.counts.proofs.add(1);
        self.show();
    }

    fn unbind(&mut self, id: SessionId, side: RelaySide) {
        let session = self.sessions.get_mut(&id);
        if let Some(binding) = session.and_then(|session| session.sides[index(side)].take()) {
            self.bound.remove(&binding.seat.source());
        }
    }

    fn remove(&mut self, id: SessionId) {
        for side in RelaySide::ALL {
            self.unbind(id, side);
        }
        let Some(session) = self.sessions.remove(&id) else { return };
        session.over.cancel();
        if let Some(user) = self.users.get_mut(&session.user) {
            user.sessions = user.sessions.saturating_sub(1);
        }
    }

    fn make_room_for(&mut self, user: AccountId) {
        if self.users.len() < USERS_MAX || self.users.contains_key(&user) {
            return;
        }
        let idle = self.users.iter().filter(|(_, user)| user.sessions == 0);
        let least = idle.min_by_key(|(_, user)| user.today).map(|(id, _)| *id);
        if let Some(least) = least {
            self.users.remove(&least);
        }
    }

    fn show(&self) {
        self.counts.sessions.set(self.sessions.len());
        self.counts.bound.set(self.bound.len());
    }
}

impl Seat {
    fn source(self) -> Source {
        match self {
            Self::Udp(place) => Source::Address(place.address),
            Self::Tunnel(tunnel) => Source::Tunnel(tunnel),
        }
    }
}

fn index(side: RelaySide) -> usize {
    usize::from(side.number())
}

/// An address in the plain form of its family, as both ends of an exchange name it.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Sessions at once, a megabyte of memory for every two thousand.
pub(crate) const SESSIONS_MAX: usize = 16_384;
/// Connections of one session that carry streams: both sides' for the most that a link has, and
/// those of a link before it that are not gone yet.
pub(crate) const STREAMS_MAX: usize = 64;
/// More than there may be sessions, so that one of them always has none open.
const USERS_MAX: usize = 50_000;
/// For so long a side may be silent and keeps its address: thirty of a link's signs of life.
pub(crate) const IDLE: Duration = Duration::from_secs(60);
/// For so long the agents of a session that ended may part.
pub(crate) const LINGER: Duration = Duration::from_secs(10);
/// Within this a nonce is to be used; the slowest satellite needs a second.
pub(crate) const NONCE_MILLIS: u64 = 10_000;
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// A hub makes passes for a day, and its clock may be wrong.
const PASS_SECONDS_MAX: u64 = 2 * 24 * 60 * 60;
/// Hellos and proofs of one source in ten seconds: a side says four of them, and an institute with
/// hundreds of sessions may stand behind one address.
const ANSWERS_MAX: u32 = 2_000;

#[cfg(test)]
mod tests;
