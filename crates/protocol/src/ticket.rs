//! The hub's signed statement that two agents may hold a session, for what and until when.
//!
//! A ticket is only accepted from the agent's own hub, over the control channel; what a peer shows
//! must be the very same bytes.
//! So a peer can neither make up a session nor widen one, and the hub cannot tell the two sides
//! different things without both noticing.

use outport_types::{CollectionPath, PublicKey, SessionId, TaskId, TicketId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::{
    codec::{DecodeError, decode, encode},
    secret::{BadSignature, KeySignature, Purpose, SecretKey, verify},
    statement::Statement,
};

/// What two agents may do together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Names this ticket in logs.
    pub id: TicketId,
    /// The root key of the hub that issues it.
    pub hub: PublicKey,
    /// The session that it is for; an ended session is never opened again.
    pub session: SessionId,
    /// The task that the session works on.
    pub task: TaskId,
    /// The agent that reads; for a deletion the one that deletes.
    pub sender: Party,
    /// The agent that writes; the same as the sender when both collections are one computer's.
    pub receiver: Party,
    /// SHA-256 of the orders, see [`crate::orders::Orders::digest`].
    pub orders: [u8; 32],
    /// When it was issued, in hub time.
    pub issued: UnixTime,
    /// Until when it holds unless the hub renews it, in hub time.
    pub expires: UnixTime,
}

/// One side of a session and what it may touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The agent's key.
    pub key: PublicKey,
    /// What may be touched on this side; everything else is refused, whatever the orders say.
    pub grants: Vec<Grant>,
    /// Whether this side is a gateway of the hub rather than somebody's computer.
    pub gateway: bool,
}

/// A right on a subtree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The top of the subtree, as the mapped collection names it.
    pub path: CollectionPath,
    /// Listing and reading.
    pub read: bool,
    /// Creating, changing and renaming.
    pub write: bool,
    /// Removing.
    pub delete: bool,
}

/// A ticket with its signature, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTicket {
    /// The encoded [`Ticket`]; both sides compare these bytes.
    pub body: Vec<u8>,
    /// The ticket key's signature over `body`.
    pub signature: KeySignature,
}

/// Which side of a session an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It reads files and sends them; in a deletion it deletes.
    Sender,
    /// It receives files and leads.
    Receiver,
    /// It is both sides: the session stays inside one computer.
    Both,
}

/// Why a ticket is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// It does not decode.
    #[error("the ticket does not decode")]
    Malformed(#[source] DecodeError),
    /// It is of another hub.
    #[error("the ticket is of another hub")]
    OtherHub,
    /// The signature is wrong.
    #[error("the ticket is not signed by the hub's ticket key")]
    Signature(#[source] BadSignature),
    /// It is for other agents.
    #[error("the ticket is for other agents")]
    NotForThisAgent,
    /// Its lease is over, or has not begun.
    #[error("the ticket expired at {expires}, and the hub's clock says {now}")]
    Expired {
        /// Until when it held.
        expires: UnixTime,
        /// The hub's time, as the agent knows it.
        now: UnixTime,
    },
    /// The hub's keys are no longer valid.
    #[error("the hub's ticket key is valid until {not_after}, and the hub's clock says {now}")]
    KeyExpired {
        /// Until when the key holds.
        not_after: UnixTime,
        /// The hub's time, as the agent knows it.
        now: UnixTime,
    },
    /// The orders that came along are not the ones that were signed.
    #[error("the orders are not the ones that the ticket names")]
    OtherOrders,
}

impl SignedTicket {
    /// Signs a ticket with the hub's ticket key.
    pub fn sign(ticket: &Ticket, ticket_key: &SecretKey) -> Self {
        let body = encode(ticket);
        let signature = ticket_key.sign(Purpose::Ticket, &body);
        Self { body, signature }
    }

    /// Checks a ticket that the hub sent, for the agent that holds `own`, at hub time `now`.
    ///
    /// # Errors
    /// When anything about it is not as it must be.
    pub fn verify(
        &self,
        statement: &Statement,
        own: &PublicKey,
        orders: &[u8; 32],
        now: UnixTime,
    ) -> Result<(Ticket, Role), TicketError> {
        let ticket: Ticket =
            decode(&self.body, TICKET_BYTES_MAX).map_err(TicketError::Malformed)?;
        verify(&statement.ticket_key, Purpose::Ticket, &self.body, &self.signature)
            .map_err(TicketError::Signature)?;
        if statement.not_after < now {
            return Err(TicketError::KeyExpired { not_after: statement.not_after, now });
        }
        if ticket.hub != statement.root {
            return Err(TicketError::OtherHub);
        }
        let role = ticket.role_of(own).ok_or(TicketError::NotForThisAgent)?;
        // A ticket from the future would be one that was kept back by a clock turned forward.
        let early = now.plus_seconds(CLOCK_SLACK_SECONDS) < ticket.issued;
        if early || ticket.expires < now {
            return Err(TicketError::Expired { expires: ticket.expires, now });
        }
        if ticket.orders != *orders {
            return Err(TicketError::OtherOrders);
        }
        Ok((ticket, role))
    }
}

impl Ticket {
    /// Which side the holder of `key` is; `None` when it is neither.
    pub fn role_of(&self, key: &PublicKey) -> Option<Role> {
        match (self.sender.key == *key, self.receiver.key == *key) {
            (true, true) => Some(Role::Both),
            (true, false) => Some(Role::Sender),
            (false, true) => Some(Role::Receiver),
            (false, false) => None,
        }
    }

    /// The key of the other side for the holder of `key`.
    pub fn peer_of(&self, key: &PublicKey) -> PublicKey {
        if self.sender.key == *key { self.receiver.key } else { self.sender.key }
    }
}

impl Grant {
    /// A grant of everything below `path`; what the folders allow still decides.
    pub fn all(path: CollectionPath) -> Self {
        Self { path, read: true, write: true, delete: true }
    }

    /// A grant to read below `path`.
    pub fn read(path: CollectionPath) -> Self {
        Self { path, read: true, write: false, delete: false }
    }

    /// A grant to read and write below `path`, without removing anything.
    pub fn write(path: CollectionPath) -> Self {
        Self { path, read: true, write: true, delete: false }
    }
}

/// How far hub time as known to the agent may be behind without harm.
const CLOCK_SLACK_SECONDS: i64 = 120;
/// Room for as many grants as a task may have items.
pub const TICKET_BYTES_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_for_its_agents_orders_and_time_only() {
        let rig = Rig::new();
        let sender = rig.ticket.sender.key;
        let verify = |signed: &SignedTicket, own, orders, seconds| {
            signed.verify(&rig.statement, own, orders, UnixTime::from_seconds(seconds))
        };
        let (_, role) = verify(&rig.signed, &sender, &[7; 32], 150).unwrap();
        assert_eq!(role, Role::Sender);
        let (_, role) = verify(&rig.signed, &rig.ticket.receiver.key, &[7; 32], 150).unwrap();
        assert_eq!(role, Role::Receiver);

        let other = PublicKey([8; 32]);
        assert_eq!(verify(&rig.signed, &other, &[7; 32], 150), Err(TicketError::NotForThisAgent));
        assert_eq!(verify(&rig.signed, &sender, &[6; 32], 150), Err(TicketError::OtherOrders));
        assert!(matches!(
            verify(&rig.signed, &sender, &[7; 32], 201),
            Err(TicketError::Expired { .. })
        ));
        assert!(matches!(
            verify(&rig.signed, &sender, &[7; 32], -100),
            Err(TicketError::Expired { .. })
        ));
        assert!(matches!(
            verify(&rig.signed, &sender, &[7; 32], 1001),
            Err(TicketError::KeyExpired { .. })
        ));
    }

    #[test]
    fn forged_and_foreign_tickets_are_refused() {
        let rig = Rig::new();
        let sender = rig.ticket.sender.key;
        let now = UnixTime::from_seconds(150);
        let forged = SignedTicket::sign(&rig.ticket, &SecretKey::from_seed(&[66; 32]));
        assert!(matches!(
            forged.verify(&rig.statement, &sender, &[7; 32], now),
            Err(TicketError::Signature(_))
        ));
        let foreign = Ticket { hub: PublicKey([5; 32]), ..rig.ticket.clone() };
        let foreign = SignedTicket::sign(&foreign, &rig.ticket_key);
        assert_eq!(
            foreign.verify(&rig.statement, &sender, &[7; 32], now),
            Err(TicketError::OtherHub)
        );
    }

    struct Rig {
        ticket_key: SecretKey,
        statement: Statement,
        ticket: Ticket,
        signed: SignedTicket,
    }

    impl Rig {
        fn new() -> Self {
            let key = |n| SecretKey::from_seed(&[n; 32]);
            let root = key(1).public();
            let statement = Statement {
                root,
                serial: 1,
                ticket_key: key(2).public(),
                channel_key: key(3).public(),
                not_before: UnixTime::from_seconds(0),
                not_after: UnixTime::from_seconds(1000),
                successor: None,
            };
            let party = |n, grants| Party { key: key(n).public(), grants, gateway: false };
            let ticket = Ticket {
                id: TicketId::random(),
                hub: root,
                session: SessionId::random(),
                task: TaskId::random(),
                sender: party(10, vec![Grant::read("/a".parse().unwrap())]),
                receiver: party(11, vec![Grant::write("/b".parse().unwrap())]),
                orders: [7; 32],
                issued: UnixTime::from_seconds(100),
                expires: UnixTime::from_seconds(200),
            };
            let signed = SignedTicket::sign(&ticket, &key(2));
            Self { ticket_key: key(2), statement, ticket, signed }
        }
    }
}
