//! The sessions that ever began here, over restarts: none of them begins again.
//!
//! The list is a ring. Its oldest entries can go, because a ticket's lease ended long before so many
//! others began.

use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use outport_types::SessionId;

use crate::files::{Readers, append_private, read_bounded, write_atomic};

/// The sessions that began, as this process knows them.
#[derive(Debug, Default)]
pub(crate) struct SeenSessions {
    known: BTreeSet<SessionId>,
    order: VecDeque<SessionId>,
}

impl SeenSessions {
    /// Reads what earlier runs wrote down, and puts the file in order.
    pub(crate) fn load(file: &Path) -> io::Result<Self> {
        let mut seen = Self::default();
        let content = read_bounded(file, FILE_BYTES_MAX)?.unwrap_or_default();
        // A line that was torn by a crash belongs to a session that never began.
        for line in String::from_utf8_lossy(&content).lines() {
            if let Ok(session) = line.parse() {
                seen.insert(session);
            }
        }
        let kept: String = seen.order.iter().map(|session| format!("{session}\n")).collect();
        write_atomic(file, kept.as_bytes(), Readers::Owner)?;
        Ok(seen)
    }

    /// Whether a session began before.
    pub(crate) fn contains(&self, session: &SessionId) -> bool {
        self.known.contains(session)
    }

    /// Remembers that a session begins; [`write_down`] makes it last.
    pub(crate) fn insert(&mut self, session: SessionId) {
        if !self.known.insert(session) {
            return;
        }
        self.order.push_back(session);
        if SESSIONS_MAX < self.order.len()
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// Makes it last that a session begins; before this returns, nothing of it may happen.
pub(crate) fn write_down(file: &Path, session: SessionId) -> io::Result<()> {
    let mut open = append_private(file)?;
    if TIDY_BYTES < open.metadata()?.len() {
        SeenSessions::load(file)?;
        open = append_private(file)?;
    }
    open.write_all(format!("{session}\n").as_bytes())?;
    open.sync_data()
}

/// Where the list is.
pub(crate) fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("sessions.seen")
}

/// Begun within one lease by a hub in a hurry; older tickets have run out.
const SESSIONS_MAX: usize = 10_000;
/// Twice what the list needs.
const TIDY_BYTES: u64 = 2 * 37 * SESSIONS_MAX as u64;
/// More than the file ever has.
const FILE_BYTES_MAX: usize = 16 * TIDY_BYTES as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_after_a_restart_even_when_the_last_line_was_torn() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path());
        let [first, second] = [SessionId::random(), SessionId::random()];
        assert!(!SeenSessions::load(&file).unwrap().contains(&first));
        write_down(&file, first).unwrap();
        write_down(&file, second).unwrap();
        std::io::Write::write_all(&mut append_private(&file).unwrap(), b"0101-").unwrap();
        let seen = SeenSessions::load(&file).unwrap();
        assert!(seen.contains(&first) && seen.contains(&second));
        write_down(&file, SessionId::random()).unwrap();
        assert_eq!(SeenSessions::load(&file).unwrap().order.len(), 3);
    }

    #[test]
    fn the_file_is_tidied_before_it_grows_long() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path());
        let old: String = std::iter::repeat_with(|| format!("{}\n", SessionId::random()))
            .take(2 * SESSIONS_MAX + 1)
            .collect();
        std::fs::write(&file, old).unwrap();
        let last = SessionId::random();
        write_down(&file, last).unwrap();
        assert!(std::fs::metadata(&file).unwrap().len() < TIDY_BYTES);
        assert!(SeenSessions::load(&file).unwrap().contains(&last));
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let mut seen = SeenSessions::default();
        let first = SessionId::random();
        seen.insert(first);
        (0..SESSIONS_MAX - 1).for_each(|_| seen.insert(SessionId::random()));
        assert!(seen.contains(&first));
        seen.insert(SessionId::random());
        assert!(!seen.contains(&first));
        assert_eq!(seen.known.len(), SESSIONS_MAX);
    }
}
