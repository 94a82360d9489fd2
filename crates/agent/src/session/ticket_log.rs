//! The agent's own record of every ticket that it acted on, whatever the hub may later say.

use std::{io, path::Path};

use outport_protocol::ticket::{Role, Ticket};
use outport_types::UnixTime;
use serde::Serialize;

use crate::log::RotatingFile;

/// Appends one line of JSON for each ticket.
#[derive(Clone, Debug)]
pub(crate) struct TicketLog(RotatingFile);

#[derive(Serialize)]
struct Line<'a> {
    time: UnixTime,
    role: Role,
    #[serde(flatten)]
    ticket: &'a Ticket,
}

impl TicketLog {
    pub(crate) fn open(state_dir: &Path) -> io::Result<Self> {
        RotatingFile::open(state_dir.join("tickets.log"), FILE_BYTES_MAX).map(Self)
    }

    /// Writes a ticket down, durably.
    pub(crate) fn append(&self, time: UnixTime, role: Role, ticket: &Ticket) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { time, role, ticket })?;
        line.push(b'\n');
        self.0.append(&line)?;
        self.0.sync()
    }
}

/// With the old files, 20 MB: some 20,000 ordinary tickets.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use outport_protocol::ticket::{Grant, Party};
    use outport_types::{CollectionPath, PublicKey, SessionId, TaskId, TicketId};

    use super::*;

    #[test]
    fn a_ticket_is_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let log = TicketLog::open(dir.path()).unwrap();
        let party = |n| Party {
            key: PublicKey([n; 32]),
            grants: vec![Grant::read(CollectionPath::ROOT)],
            gateway: false,
        };
        let ticket = Ticket {
            id: TicketId::random(),
            hub: PublicKey([1; 32]),
            session: SessionId::random(),
            task: TaskId::random(),
            sender: party(2),
            receiver: party(3),
            orders: [0; 32],
            issued: UnixTime::from_seconds(1),
            expires: UnixTime::from_seconds(2),
        };
        log.append(UnixTime::from_seconds(1), Role::Sender, &ticket).unwrap();
        log.append(UnixTime::from_seconds(2), Role::Sender, &ticket).unwrap();
        let text = std::fs::read_to_string(dir.path().join("tickets.log")).unwrap();
        assert_eq!(text.lines().count(), 2);
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(line["session"], ticket.session.to_string());
    }
}
