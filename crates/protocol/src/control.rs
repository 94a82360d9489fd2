//! What an agent and its hub say to each other over the control channel.
//!
//! 1. The agent opens a WebSocket to `/outport/v1/agent`, so it passes whatever passes a browser.
//! 2. The hub's first message is its [statement of keys](crate::statement), signed by the root key
//!    that the agent pinned at set-up. A hub of somebody else stops here.
//! 3. Inside the WebSocket's binary messages runs TLS 1.3 with raw public keys: the hub shows the
//!    channel key of that statement, the agent the key that is registered for its endpoint. A proxy
//!    that ends the outer TLS carries this and can neither read nor change it.
//! 4. Inside that TLS stream, both sides send frames: four bytes of length (big-endian) and JSON.
//!    The agent starts with [`AgentMessage::Hello`], the hub answers [`HubMessage::Welcome`] or
//!    [`HubMessage::Refused`].
//! 5. From then on both speak when they have something to say; the hub pings, the agent answers.
//!
//! A frame is bounded before it is allocated, and a message that is not understood ends the
//! channel: both ends know each other's version from the start.

mod brief;
mod files;
mod frame;

use core::net::SocketAddr;

use outport_types::{
    CanonicalName, EndpointId, Line, Problem, PublicKey, RequestId, Route, SessionId, TaskId,
    UnixTime,
};
use serde::{Deserialize, Serialize};

pub use self::{
    files::{
        Clause, FileEntry, FileKind, Filter, ListQuery, Listing, ListingOrder, OrderField, Pattern,
    },
    frame::{CONTROL_FRAME_BYTES_MAX, FrameDecoder, FrameError, encode_frame},
};
use crate::{
    orders::Orders,
    relay::{RelayPass, RelayToken},
    report::{Counts, Report},
    statement::SignedStatement,
    ticket::{Grant, Role, SignedTicket},
};

/// What an agent tells its hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentMessage {
    /// The first message.
    Hello(Hello),
    /// The owner paused or resumed, or changed the folders.
    Status(AgentStatus),
    /// Where the agent can be reached for a session.
    Candidates {
        /// The session.
        session: SessionId,
        /// All that is known by now; replaces what was sent before.
        candidates: Vec<Candidate>,
    },
    /// How a session stands.
    Session {
        /// The session.
        session: SessionId,
        /// What became of it.
        state: SessionState,
    },
    /// Reports in order, without gaps.
    Reports {
        /// The task they are about.
        task: TaskId,
        /// The number of the first of them.
        first: u64,
        /// At most [`crate::report::REPORTS_PER_MESSAGE_MAX`].
        #[serde(with = "brief")]
        reports: Vec<Report>,
    },
    /// How far a task is; only the latest counts.
    Progress {
        /// The task.
        task: TaskId,
        /// The session that works on it.
        session: SessionId,
        /// What is done.
        counts: Counts,
        /// Bytes of content per second at the moment.
        rate: u64,
    },
    /// How what a session travels over does, from the side that sends; only the latest counts.
    Line {
        /// The task that the session works on.
        task: TaskId,
        /// The session.
        session: SessionId,
        /// What is measured.
        line: Line,
    },
    /// The answer to a request.
    Answer {
        /// The request.
        request: RequestId,
        /// What came of it.
        outcome: Outcome,
    },
    /// See by which ways this agent reaches another one of its account; nothing is moved. The hub
    /// answers with [`HubMessage::Probe`] or [`HubMessage::ProbeRefused`].
    Probe {
        /// Comes back in the answer.
        request: RequestId,
        /// The other one: its id, its full name, or its name without the owner.
        peer: String,
    },
    /// The answer to a ping.
    Pong,
    /// The agent closes on purpose.
    Goodbye,
}

/// What a hub tells an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HubMessage {
    /// The agent is let in.
    Welcome(Welcome),
    /// The agent is not let in; the channel closes.
    Refused {
        /// Why, and what to do.
        problem: Problem,
        /// Whether trying again later can help.
        retry_after_seconds: Option<u64>,
    },
    /// Work on a task with another agent, or alone.
    Start(Box<Start>),
    /// Where the other side of a session can be reached.
    PeerCandidates {
        /// The session.
        session: SessionId,
        /// All that is known by now.
        candidates: Vec<Candidate>,
    },
    /// The ticket of a session holds longer.
    Renew {
        /// The session.
        session: SessionId,
        /// Until when, in hub time.
        expires: UnixTime,
    },
    /// The session must end within a second.
    Revoke {
        /// The session.
        session: SessionId,
        /// Why.
        reason: RevokeReason,
    },
    /// The task is over: a session that still works on it ends, and what is left of it here can go.
    TaskOver {
        /// The task.
        task: TaskId,
    },
    /// Reports up to this number are stored.
    ReportAck {
        /// The task.
        task: TaskId,
        /// The number of the last one.
        last: u64,
    },
    /// A question that somebody waits for.
    Request {
        /// Comes back in the answer.
        request: RequestId,
        /// What is asked.
        operation: Operation,
        /// What the asker may touch.
        grants: Vec<Grant>,
    },
    /// Find the ways to another agent, which is told the same.
    Probe(Box<Probe>),
    /// There is nothing to be found.
    ProbeRefused {
        /// What the agent asked.
        request: RequestId,
        /// Why, and what to do.
        problem: Problem,
    },
    /// Are you there? Carries hub time, so that agents know it.
    Ping {
        /// The hub's clock.
        hub_time: UnixTime,
    },
    /// The hub's keys changed; tickets after this message are signed by the new ones.
    Statement {
        /// Signed by the root key that the agent pinned.
        #[serde(with = "statement_text")]
        statement: SignedStatement,
    },
    /// The endpoint was renamed.
    Renamed {
        /// Its full name from now on.
        name: CanonicalName,
    },
}

/// Who the agent is and what it can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The versions of this channel that it speaks, oldest and newest.
    pub versions: (u32, u32),
    /// Program and version, `outport 0.1.0`.
    pub software: String,
    /// The operating system, `linux`.
    pub system: String,
    /// Whether and how long it is paused, and what it shares.
    pub status: AgentStatus,
    /// Tasks of which it keeps anything (a journal, reports, unfinished files), so that the hub can
    /// say which of them are over.
    pub outstanding: Vec<TaskId>,
    /// Sessions that go on at this moment; the hub adopts them or revokes them.
    #[serde(default)]
    pub sessions: Vec<SessionId>,
}

/// What the hub shows of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Set while the owner has it paused.
    pub paused: Option<Paused>,
    /// The default directory, as a path of the collection.
    pub default_directory: Option<outport_types::CollectionPath>,
    /// Whether it knows what a [`HubMessage::Probe`] is.
    #[serde(default)]
    pub probes: bool,
}

/// A pause by the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// When it ends by itself; `None` is when the owner says so.
    pub until: Option<UnixTime>,
}

/// What the hub tells an agent that it lets in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version of this channel that both will use.
    pub version: u32,
    /// The hub's clock.
    pub hub_time: UnixTime,
    /// The endpoint that the agent's key is registered for.
    pub endpoint: EndpointId,
    /// Its full name.
    pub name: CanonicalName,
    /// The owner's e-mail or name, for the owner to see which account this is.
    pub owner: String,
    /// The UDP port to ask for the address that others see; `None` when the hub has none.
    pub udp: Option<String>,
    /// How long a silent channel is taken for alive.
    pub silence_seconds_max: u64,
    /// Whether the hub knows what an [`AgentMessage::Probe`] is.
    #[serde(default)]
    pub probes: bool,
}

/// An order to work on a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The session.
    pub session: SessionId,
    /// Which side the agent is; the ticket says the same.
    pub role: Role,
    /// What lets it.
    #[serde(with = "ticket_text")]
    pub ticket: SignedTicket,
    /// What is to be done.
    pub orders: Orders,
    /// The other side; `None` for a deletion and inside one computer.
    pub peer: Option<Peer>,
    /// The number of the last report of this task that the hub has stored.
    pub reported: u64,
    /// What forwards packets where the two cannot reach each other: [`RELAYS_MAX`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relays: Vec<RelayOffer>,
}

/// A session in which two agents of one account find the ways to each other, and see for a moment what
/// the best one carries. It stands on no ticket, as it touches no file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The session.
    pub session: SessionId,
    /// What this agent asked; `None` for the other one. Who asked is the relay's sender.
    pub asked: Option<RequestId>,
    /// The other side.
    pub peer: Peer,
    /// As in [`Start`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relays: Vec<RelayOffer>,
}

/// A relay that a session may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayOffer {
    /// Its UDP port, `HOST:PORT`.
    pub address: String,
    /// The session's token.
    #[serde(with = "token_text")]
    pub token: RelayToken,
    /// What a relay wants to be told that does not hear from the hub; `None` for the hub's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<RelayPass>,
}

/// The other side of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its key, to be pinned.
    pub key: PublicKey,
    /// Its name, for people.
    pub name: CanonicalName,
    /// Where it can be reached, as far as known.
    pub candidates: Vec<Candidate>,
}

/// An address at which an agent may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Candidate {
    /// The address.
    pub address: SocketAddr,
    /// How it is known.
    pub kind: CandidateKind,
}

/// How an address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// An address of one of the computer's own interfaces.
    Local,
    /// What the hub's UDP port saw.
    Observed,
    /// A port of the router's that it opened to this computer.
    Mapped,
    /// What the owner named.
    Advertised,
}

/// What became of a session, as one agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionState {
    /// The link is up.
    Connected {
        /// How it travels.
        route: Route,
    },
    /// The agent declines or cannot begin; nothing was moved.
    Refused {
        /// Why.
        problem: Problem,
        /// Whether a later try can help.
        retry: bool,
    },
    /// The session ended before the task did.
    Broken {
        /// Why.
        problem: Problem,
        /// Whether a later try can help.
        retry: bool,
    },
    /// The session ended because it was told to (pause, close, revocation).
    Stopped,
    /// The work is done; the reports say how it ended.
    Done,
}

/// Why the hub ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The task was cancelled or its deadline passed.
    TaskOver,
    /// A right that it stood on is gone.
    Rights,
    /// The other side is paused or away.
    PeerAway,
    /// A newer session took its place.
    Replaced,
    /// The hub stops; sessions go on if they can do without it.
    Shutdown,
}

/// A question to an agent about its files, or a small change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// What a directory holds.
    List(ListQuery),
    /// What stands at a path.
    Stat {
        /// The path.
        path: outport_types::CollectionPath,
    },
    /// Make a directory.
    Mkdir {
        /// The path.
        path: outport_types::CollectionPath,
    },
    /// Give a file or directory another name or place.
    Rename {
        /// What it is called.
        from: outport_types::CollectionPath,
        /// What it shall be called.
        to: outport_types::CollectionPath,
    },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The directory's entries.
    Listing(Listing),
    /// What stands at the path.
    File(FileEntry),
    /// It is done.
    Done,
    /// It could not be done.
    Failed(Problem),
}

/// The version of the control channel that this program speaks.
pub const CONTROL_VERSION: u32 = 2;
/// The path of the WebSocket on the hub.
pub const CONTROL_PATH: &str = "/outport/v1/agent";
/// The TLS application protocol inside the WebSocket.
pub const CONTROL_ALPN: &[u8] = b"outport-control/1";
/// Addresses that one side may name for one session.
pub const CANDIDATES_MAX: usize = 32;
/// Relays that a session may be told of.
pub const RELAYS_MAX: usize = 8;
/// Bytes of one WebSocket message: several TLS records, and no more than either end should buffer.
pub const CHANNEL_MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// Tasks or sessions that one hello may name.
pub const HELLO_LIST_MAX: usize = 10_000;

/// A ticket as text: bytes would be a list of numbers in JSON.
mod ticket_text {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::{
        codec::{decode, encode},
        ticket::{SignedTicket, TICKET_BYTES_MAX},
    };

    pub(super) fn serialize<S: Serializer>(
        ticket: &SignedTicket,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(encode(ticket)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedTicket, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        decode(&bytes, TICKET_BYTES_MAX + 128).map_err(D::Error::custom)
    }
}

/// A relay's token as text, for the same reason.
mod token_text {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::relay::RelayToken;

    pub(super) fn serialize<S: Serializer>(
        token: &RelayToken,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(token.as_bytes()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RelayToken, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let bytes = bytes.try_into().map_err(|_| D::Error::custom("a token has 32 bytes"))?;
        Ok(RelayToken::from_bytes(bytes))
    }
}

/// A statement as text, for the same reason.
mod statement_text {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::statement::SignedStatement;

    pub(super) fn serialize<S: Serializer>(
        statement: &SignedStatement,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(statement.to_bytes()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedStatement, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        SignedStatement::from_bytes(&bytes).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
