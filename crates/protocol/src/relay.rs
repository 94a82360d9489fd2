//! How the two sides of a session get their packets through a relay.
//!
//! 1. With the start of a session the hub tells each agent, inside the sealed control channel, where
//!    a relay is and the session's [token](RelayToken). The token is a key and is never sent over
//!    UDP, so whoever reads or makes packets on the way gets nothing from them.
//! 2. Each side has a UDP socket of its own towards the relay and says [`RelayHello`]: session and
//!    side. A relay that knows no such session does not answer.
//! 3. The relay keeps nothing and answers with [`RelayAnswer`]: the address that it sees and a nonce,
//!    which is a mark of its own over time, session, side and that address. Whoever does not get
//!    packets at an address does not get a nonce for it.
//! 4. The side sends [`RelayProof`]: the nonce, and the token's MAC over session, side, nonce and
//!    address. The relay computes it anew over the address that it sees now, so a proof that somebody
//!    repeats from another address is worth nothing. One that is repeated from the same address is no
//!    newer than what is bound, and changes nothing.
//! 5. From then on the relay forwards whatever QUIC packet comes from that address to the address that
//!    the other side has proved, and answers with the state [bound](RelayAnswer::bound).
//! 6. A side says hello again every few seconds, and at once after a change of network; when the answer
//!    says that it is not bound, as after a new address or a new start of the relay, it proves again.
//! 7. Who is bound is told too when nothing is forwarded for the session's owner any more
//!    [today](RelayAnswer::used_up).
//!
//! A relay on another computer than the hub's shares a secret with it, and nothing else: the token of a
//! session there is made of the secret and a [pass](RelayPass), which each side says with its proof.
//!
//! No answer is longer than what it answers. The first byte of each packet has QUIC's fixed bit (0x40)
//! clear, so that relay and agents can tell them from those that are forwarded.

use core::{fmt, net::SocketAddr};

use outport_types::{AccountId, SessionId};
use serde::{Deserialize, Serialize};

use crate::{
    discovery::{masked, unmasked},
    ticket::Role,
};

/// A session's key towards a relay; never sent over UDP, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayToken([u8; 32]);

/// Which side of a session speaks, and on which of its two seats.
///
/// What goes from a first seat goes to the other side's first one, and what goes from a second one to
/// the second one. So a link keeps its way while both sides try another one through the same relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelaySide {
    /// The agent that reads files.
    Sender,
    /// The agent that receives them.
    Receiver,
    /// The one that reads, on its second seat.
    SenderAgain,
    /// The one that receives, on its second seat.
    ReceiverAgain,
}

/// What a relay gives for one proof; only the relay knows what stands in it.
pub type RelayNonce = [u8; NONCE_BYTES];

/// "Here I am": the first packet, and the one that asks whether all still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayHello {
    /// The session.
    pub session: SessionId,
    /// Which side speaks.
    pub side: RelaySide,
}

/// What the relay says to a hello, and to a proof that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayAnswer {
    /// The session.
    pub session: SessionId,
    /// Whom it is for.
    pub side: RelaySide,
    /// Whether packets from this address are forwarded.
    pub bound: bool,
    /// Where the question came from.
    pub observed: SocketAddr,
    /// Where the session's owner has had all that is forwarded in a day: in how many minutes, rounded
    /// up, it is counted anew. Said to who is bound only.
    pub used_up: Option<u16>,
    /// For the next proof.
    pub nonce: RelayNonce,
}

/// That who speaks holds the token and gets packets at its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayProof {
    /// The session.
    pub session: SessionId,
    /// Which side speaks.
    pub side: RelaySide,
    /// The nonce of the answer before.
    pub nonce: RelayNonce,
    /// See [`RelayToken::prove`].
    pub mac: [u8; 32],
}

/// What a relay that does not hear from the hub must know of a session. Whoever changes it has not
/// got the token that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayPass {
    /// For whose limits it counts: the same number for the same account, and nothing else.
    pub user: [u8; 16],
    /// Until when, in seconds since 1970.
    pub until: u64,
}

/// The relay's own key, with which it recognises its nonces.
#[derive(Clone)]
pub struct NonceKey([u8; 32]);

impl RelayToken {
    /// Takes the 32 bytes of a token.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The token of a session; the same for the same secret, so a hub that starts anew knows the
    /// tokens of sessions that go on.
    pub fn of_session(secret: &[u8; 32], session: SessionId) -> Self {
        Self(mac(secret, TOKEN_DOMAIN, &[session.as_bytes()]))
    }

    /// The token of a session at a relay that does not hear from the hub.
    pub fn of_pass(secret: &[u8; 32], session: SessionId, pass: &RelayPass) -> Self {
        let parts: [&[u8]; 3] = [session.as_bytes(), &pass.user, &pass.until.to_be_bytes()];
        Self(mac(secret, PASS_DOMAIN, &parts))
    }

    /// The 32 bytes, for the control channel.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Proves that `observed` is an address of this side.
    pub fn prove(
        &self,
        session: SessionId,
        side: RelaySide,
        nonce: RelayNonce,
        observed: SocketAddr,
    ) -> RelayProof {
        let mac = self.mac(session, side, &nonce, observed);
        RelayProof { session, side, nonce, mac }
    }

    /// Whether a proof that came from `observed` holds; takes the same time whatever is wrong.
    pub fn accepts(&self, proof: &RelayProof, observed: SocketAddr) -> bool {
        let expected = self.mac(proof.session, proof.side, &proof.nonce, observed);
        blake3::Hash::from_bytes(expected) == blake3::Hash::from_bytes(proof.mac)
    }

    fn mac(
        &self,
        session: SessionId,
        side: RelaySide,
        nonce: &RelayNonce,
        observed: SocketAddr,
    ) -> [u8; 32] {
        let (family, address) = masked(observed, &[0; 16]);
        let parts: [&[u8]; 4] = [session.as_bytes(), &[side.number(), family], nonce, &address];
        mac(&self.0, PROOF_DOMAIN, &parts)
    }
}

impl fmt::Debug for RelayToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayToken(..)")
    }
}

impl RelayPass {
    /// A pass for a session of an account.
    pub fn new(secret: &[u8; 32], user: AccountId, until: u64) -> Self {
        let mut number = [0; 16];
        number.copy_from_slice(&mac(secret, USER_DOMAIN, &[user.as_bytes()])[..16]);
        Self { user: number, until }
    }
}

impl RelaySide {
    /// The side of a role; `None` where a session stays inside one computer.
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::Sender => Some(Self::Sender),
            Role::Receiver => Some(Self::Receiver),
            Role::Both => None,
        }
    }

    /// The other one, on the seat that belongs to this one.
    pub const fn other(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
            Self::SenderAgain => Self::ReceiverAgain,
            Self::ReceiverAgain => Self::SenderAgain,
        }
    }

    /// The same side on its second seat.
    pub const fn again(self) -> Self {
        match self {
            Self::Sender | Self::SenderAgain => Self::SenderAgain,
            Self::Receiver | Self::ReceiverAgain => Self::ReceiverAgain,
        }
    }

    /// Its number, below the length of [`RelaySide::ALL`].
    pub const fn number(self) -> u8 {
        match self {
            Self::Sender => 0,
            Self::Receiver => 1,
            Self::SenderAgain => 2,
            Self::ReceiverAgain => 3,
        }
    }

    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Sender),
            1 => Some(Self::Receiver),
            2 => Some(Self::SenderAgain),
            3 => Some(Self::ReceiverAgain),
            _ => None,
        }
    }

    /// All of them, each at its number.
    pub const ALL: [Self; 4] =
        [Self::Sender, Self::Receiver, Self::SenderAgain, Self::ReceiverAgain];
}

impl NonceKey {
    /// Takes 32 random bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A nonce for whoever gets packets at `source`, made at `time` in the relay's milliseconds.
    pub fn issue(
        &self,
        time: u64,
        session: SessionId,
        side: RelaySide,
        source: SocketAddr,
    ) -> RelayNonce {
        let mut nonce = [0; NONCE_BYTES];
        nonce[..8].copy_from_slice(&time.to_be_bytes());
        nonce[8..].copy_from_slice(&self.mark(time, session, side, source)[..16]);
        nonce
    }

    /// When a nonce was made, if it is this relay's and for exactly these.
    pub fn issued(
        &self,
        nonce: &RelayNonce,
        session: SessionId,
        side: RelaySide,
        source: SocketAddr,
    ) -> Option<u64> {
        let (time, mark) = nonce.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let expected = self.mark(time, session, side, source);
        let is_ours: bool = subtle::ConstantTimeEq::ct_eq(&expected[..16], mark).into();
        is_ours.then_some(time)
    }

    fn mark(&self, time: u64, session: SessionId, side: RelaySide, source: SocketAddr) -> [u8; 32] {
        let (family, address) = masked(source, &[0; 16]);
        let time = time.to_be_bytes();
        let parts: [&[u8]; 4] = [&time, session.as_bytes(), &[side.number(), family], &address];
        mac(&self.0, NONCE_DOMAIN, &parts)
    }
}

impl fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceKey(..)")
    }
}

impl RelayHello {
    /// The packet to send, as long as its answer.
    pub fn encode(&self) -> [u8; HELLO_BYTES] {
        let mut packet = [0; HELLO_BYTES];
        start(&mut packet, HELLO_MAGIC, self.session, self.side);
        packet
    }

    /// Reads a packet; `None` when it is something else.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        let packet: &[u8; HELLO_BYTES] = packet.try_into().ok()?;
        let (session, side) = read_start(packet, HELLO_MAGIC)?;
        Some(Self { session, side })
    }
}

impl RelayAnswer {
    /// The packet to send. The address is masked with the session's id, as some routers rewrite any
    /// bytes that look like an address of theirs.
    pub fn encode(&self) -> [u8; ANSWER_BYTES] {
        let mut packet = [0; ANSWER_BYTES];
        start(&mut packet, ANSWER_MAGIC, self.session, self.side);
        packet[25] = u8::from(self.bound);
        let (family, address) = masked(self.observed, self.session.as_bytes());
        packet[26] = family;
        packet[28..46].copy_from_slice(&address);
        packet[46..48].copy_from_slice(&self.used_up.unwrap_or(0).to_be_bytes());
        packet[48..].copy_from_slice(&self.nonce);
        packet
    }

    /// Reads a packet; `None` when it is something else.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        let packet: &[u8; ANSWER_BYTES] = packet.try_into().ok()?;
        let (session, side) = read_start(packet, ANSWER_MAGIC)?;
        let bound = match packet[25] {
            0 => false,
            1 => true,
            _ => return None,
        };
        let observed = unmasked(packet[26], packet[28..46].try_into().ok()?, session.as_bytes())?;
        let used_up = u16::from_be_bytes([packet[46], packet[47]]);
        let used_up = Some(used_up).filter(|minutes| *minutes != 0);
        let nonce = packet[48..].try_into().ok()?;
        Some(Self { session, side, bound, observed, used_up, nonce })
    }
}

impl RelayProof {
    /// The packet to send.
    pub fn encode(&self) -> [u8; PROOF_BYTES] {
        let mut packet = [0; PROOF_BYTES];
        start(&mut packet, PROOF_MAGIC, self.session, self.side);
        packet[32..56].copy_from_slice(&self.nonce);
        packet[56..].copy_from_slice(&self.mac);
        packet
    }

    /// Reads a packet; `None` when it is something else.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        let packet: &[u8; PROOF_BYTES] = packet.try_into().ok()?;
        let (session, side) = read_start(packet, PROOF_MAGIC)?;
        let nonce = packet[32..56].try_into().ok()?;
        let mac = packet[56..].try_into().ok()?;
        Some(Self { session, side, nonce, mac })
    }
}

impl RelayProof {
    /// The packet to send to a relay that does not hear from the hub.
    pub fn encode_with(&self, pass: &RelayPass) -> [u8; PASS_PROOF_BYTES] {
        let mut packet = [0; PASS_PROOF_BYTES];
        packet[..PROOF_BYTES].copy_from_slice(&self.encode());
        packet[..8].copy_from_slice(&PASS_PROOF_MAGIC);
        packet[88..104].copy_from_slice(&pass.user);
        packet[104..].copy_from_slice(&pass.until.to_be_bytes());
        packet
    }

    /// Reads such a packet; `None` when it is something else.
    pub fn decode_with(packet: &[u8]) -> Option<(Self, RelayPass)> {
        let packet: &[u8; PASS_PROOF_BYTES] = packet.try_into().ok()?;
        let (session, side) = read_start(packet, PASS_PROOF_MAGIC)?;
        let nonce = packet[32..56].try_into().ok()?;
        let mac = packet[56..88].try_into().ok()?;
        let user = packet[88..104].try_into().ok()?;
        let until = u64::from_be_bytes(packet[104..].try_into().ok()?);
        Some((Self { session, side, nonce, mac }, RelayPass { user, until }))
    }
}

/// Whether a packet is one that a relay forwards: QUIC sets the fixed bit in every packet's first
/// byte, and nothing else of ours does.
pub fn is_forwarded(packet: &[u8]) -> bool {
    packet.first().is_some_and(|byte| byte & FIXED_BIT != 0)
}

fn start(packet: &mut [u8], magic: [u8; 8], session: SessionId, side: RelaySide) {
    packet[..8].copy_from_slice(&magic);
    packet[8..24].copy_from_slice(session.as_bytes());
    packet[24] = side.number();
}

fn read_start(packet: &[u8], magic: [u8; 8]) -> Option<(SessionId, RelaySide)> {
    if !packet.starts_with(&magic) {
        return None;
    }
    let session = SessionId::from_bytes(packet[8..24].try_into().ok()?);
    Some((session, RelaySide::from_number(packet[24])?))
}

/// A MAC over parts whose lengths are all fixed by the domain.
pub(crate) fn mac(key: &[u8; 32], domain: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(domain);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Bytes of a nonce: when it was made, 8, and a mark, 16.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a hello.
pub const HELLO_BYTES: usize = 72;
/// Bytes of an answer; no more than those of what it answers.
pub const ANSWER_BYTES: usize = 72;
/// Bytes of a proof.
pub const PROOF_BYTES: usize = 88;
/// Bytes of a proof with a pass.
pub const PASS_PROOF_BYTES: usize = 112;
const HELLO_MAGIC: [u8; 8] = *b"\x0eOPrtRH1";
const ANSWER_MAGIC: [u8; 8] = *b"\x0eOPrtRA1";
const PROOF_MAGIC: [u8; 8] = *b"\x0eOPrtRP1";
const PASS_PROOF_MAGIC: [u8; 8] = *b"\x0eOPrtRQ1";
const PASS_DOMAIN: &[u8] = b"outport relay pass v1\0";
const USER_DOMAIN: &[u8] = b"outport relay user v1\0";
const TOKEN_DOMAIN: &[u8] = b"outport relay token v1\0";
const PROOF_DOMAIN: &[u8] = b"outport relay proof v1\0";
const NONCE_DOMAIN: &[u8] = b"outport relay nonce v1\0";
const FIXED_BIT: u8 = 0x40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_read_back() {
        for side in RelaySide::ALL {
            let hello = RelayHello { session: SESSION, side };
            assert_eq!(RelayHello::decode(&hello.encode()), Some(hello));
            for observed in [address(), "[2001:db8::7]:1".parse().unwrap()] {
                let answer = RelayAnswer { bound: observed.is_ipv4(), observed, side, ..answer() };
                for used_up in [None, Some(1), Some(1440)] {
                    let answer = RelayAnswer { used_up, ..answer };
                    assert_eq!(RelayAnswer::decode(&answer.encode()), Some(answer));
                }
            }
            let proof = token().prove(SESSION, side, [3; 24], address());
            assert_eq!(RelayProof::decode(&proof.encode()), Some(proof));
        }
    }

    #[test]
    fn other_packets_are_left_alone() {
        let hello = RelayHello { session: SESSION, side: RelaySide::Sender }.encode();
        let (answer, proof) = (answer().encode(), proof().encode());
        assert_eq!(RelayHello::decode(&hello[1..]), None);
        assert_eq!(RelayHello::decode(&answer), None);
        assert_eq!(RelayAnswer::decode(&hello), None);
        assert_eq!(RelayProof::decode(&answer), None);
        for (at, value) in [(24, 4), (25, 2), (26, 5)] {
            let mut bad = answer;
            bad[at] = value;
            assert_eq!(RelayAnswer::decode(&bad), None, "{at}");
        }
        let passing = self::proof().encode_with(&pass());
        assert_eq!((RelayProof::decode(&passing), RelayProof::decode_with(&proof)), (None, None));
        for packet in [&hello[..], &answer, &proof, &passing] {
            assert!(!is_forwarded(packet));
        }
        assert!(is_forwarded(&[0x40]) && is_forwarded(&[0xc0, 0]) && !is_forwarded(&[]));
    }

    #[test]
    fn a_pass_reads_back_and_belongs_to_its_token() {
        let (secret, pass) = ([1; 32], pass());
        assert_eq!(RelayProof::decode_with(&proof().encode_with(&pass)), Some((proof(), pass)));
        let token = RelayToken::of_pass(&secret, SESSION, &pass);
        assert_ne!(token, RelayToken::of_session(&secret, SESSION));
        assert_ne!(token, RelayToken::of_pass(&[2; 32], SESSION, &pass));
        assert_ne!(token, RelayToken::of_pass(&secret, SessionId::from_bytes([9; 16]), &pass));
        let later = RelayPass { until: pass.until + 1, ..pass };
        assert_ne!(token, RelayToken::of_pass(&secret, SESSION, &later));
        let other = RelayPass { user: [0; 16], ..pass };
        assert_ne!(token, RelayToken::of_pass(&secret, SESSION, &other));
        assert_ne!(pass.user, *account().as_bytes(), "nobody on the way learns the account");
    }

    #[test]
    fn every_seat_has_its_number_and_its_other_side() {
        for (number, side) in RelaySide::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(side.number()), number);
            assert_eq!(side.other().other(), side);
            assert_ne!(side.again(), side.other().again());
            assert_eq!(side.again().other(), side.other().again());
        }
    }

    #[test]
    fn an_answer_is_no_longer_than_what_it_answers() {
        const { assert!(ANSWER_BYTES <= HELLO_BYTES && ANSWER_BYTES <= PROOF_BYTES) };
    }

    #[test]
    fn a_proof_holds_for_its_token_session_side_nonce_and_address_only() {
        let proof = proof();
        assert!(token().accepts(&proof, address()));
        let elsewhere = "192.0.2.7:259".parse().unwrap();
        let other_host = "192.0.2.8:258".parse().unwrap();
        assert!(!token().accepts(&proof, elsewhere) && !token().accepts(&proof, other_host));
        assert!(!RelayToken::from_bytes([8; 32]).accepts(&proof, address()));
        let session = SessionId::from_bytes([9; 16]);
        assert!(!token().accepts(&RelayProof { session, ..proof }, address()));
        let side = proof.side.other();
        assert!(!token().accepts(&RelayProof { side, ..proof }, address()));
        assert!(!token().accepts(&RelayProof { nonce: [4; 24], ..proof }, address()));
        assert!(!token().accepts(&RelayProof { mac: [0; 32], ..proof }, address()));
    }

    #[test]
    fn a_nonce_is_recognised_for_its_session_side_and_address_only() {
        let (key, side) = (NonceKey::from_bytes([1; 32]), RelaySide::Sender);
        let nonce = key.issue(258, SESSION, side, address());
        assert_eq!(key.issued(&nonce, SESSION, side, address()), Some(258));
        let elsewhere = "192.0.2.7:259".parse().unwrap();
        assert_eq!(key.issued(&nonce, SESSION, side, elsewhere), None);
        assert_eq!(key.issued(&nonce, SESSION, side.other(), address()), None);
        assert_eq!(key.issued(&nonce, SessionId::from_bytes([9; 16]), side, address()), None);
        assert_eq!(NonceKey::from_bytes([2; 32]).issued(&nonce, SESSION, side, address()), None);
        let mut later = nonce;
        later[7] += 1;
        assert_eq!(key.issued(&later, SESSION, side, address()), None);
    }

    #[test]
    fn tokens_differ_by_secret_and_session_and_are_not_printed() {
        let token = RelayToken::of_session(&[1; 32], SESSION);
        assert_eq!(token, RelayToken::of_session(&[1; 32], SESSION));
        assert_ne!(token, RelayToken::of_session(&[2; 32], SESSION));
        assert_ne!(token, RelayToken::of_session(&[1; 32], SessionId::from_bytes([9; 16])));
        assert_eq!(format!("{token:?}"), "RelayToken(..)");
    }

    fn token() -> RelayToken {
        RelayToken::from_bytes([5; 32])
    }

    fn proof() -> RelayProof {
        token().prove(SESSION, RelaySide::Sender, [3; 24], address())
    }

    fn pass() -> RelayPass {
        RelayPass::new(&[1; 32], account(), 1_800_000_000)
    }

    fn account() -> AccountId {
        AccountId::from_bytes([4; 16])
    }

    fn answer() -> RelayAnswer {
        RelayAnswer {
            session: SESSION,
            side: RelaySide::Sender,
            bound: true,
            observed: address(),
            used_up: None,
            nonce: [3; 24],
        }
    }

    fn address() -> SocketAddr {
        "192.0.2.7:258".parse().unwrap()
    }

    const SESSION: SessionId = SessionId::from_bytes([7; 16]);
}
