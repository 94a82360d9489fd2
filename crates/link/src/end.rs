//! How a link ends, and how everybody who uses it learns of it.

use std::{fmt, sync::OnceLock};

use tokio::sync::watch;

/// Why one side closed a link; a number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// The work is done.
    Done,
    /// An owner paused an endpoint.
    Paused,
    /// The ticket was revoked or ran out.
    Revoked,
    /// The agent shuts down.
    Shutdown,
    /// The other side broke the rules.
    Violation,
    /// Another link between the same two took its place.
    Superseded,
    /// Whoever used the link let go of it without a word.
    Dropped,
    /// No session of that name is expected here.
    NotExpected,
    /// A code that this version does not know.
    Other(u32),
}

/// Why a link is no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkEnd {
    /// This side closed it.
    #[error("the link was closed on this side ({code}): {reason}")]
    Local {
        /// The code given.
        code: CloseCode,
        /// The reason given.
        reason: String,
    },
    /// The other side closed it.
    #[error("the link was closed by the other side ({code}): {reason}")]
    Peer {
        /// The code given.
        code: CloseCode,
        /// The reason given, at most [`REASON_BYTES_MAX`] bytes and not to be trusted.
        reason: String,
    },
    /// The path broke, or the other side vanished.
    #[error("the link was lost: {cause}")]
    Lost {
        /// What the carrier knows about it.
        cause: String,
    },
    /// The other side sent what may not be sent; this side closed the link.
    #[error("the other side broke the rules of the link: {what}")]
    Violation {
        /// What it did.
        what: String,
    },
}

/// How much of a reason travels, so that it always fits in one packet.
pub const REASON_BYTES_MAX: usize = 256;

impl CloseCode {
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Done => 0,
            Self::Paused => 1,
            Self::Revoked => 2,
            Self::Shutdown => 3,
            Self::Violation => 4,
            Self::Superseded => 5,
            Self::Dropped => 6,
            Self::NotExpected => 7,
            Self::Other(number) => number,
        }
    }

    pub(crate) const fn from_number(number: u64) -> Self {
        match number {
            0 => Self::Done,
            1 => Self::Paused,
            2 => Self::Revoked,
            3 => Self::Shutdown,
            4 => Self::Violation,
            5 => Self::Superseded,
            6 => Self::Dropped,
            7 => Self::NotExpected,
            other => Self::Other(if other < u32::MAX as u64 { other as u32 } else { u32::MAX }),
        }
    }
}

impl From<CloseCode> for quinn::VarInt {
    fn from(code: CloseCode) -> Self {
        Self::from_u32(code.number())
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Paused => f.write_str("paused"),
            Self::Revoked => f.write_str("revoked"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Violation => f.write_str("violation"),
            Self::Superseded => f.write_str("superseded"),
            Self::Dropped => f.write_str("dropped"),
            Self::NotExpected => f.write_str("not expected"),
            Self::Other(number) => write!(f, "code {number}"),
        }
    }
}

/// The end of a link, once it has one: the first cause stays.
#[derive(Debug)]
pub(crate) struct End {
    settled: watch::Sender<Option<LinkEnd>>,
    intended: OnceLock<LinkEnd>,
}

impl End {
    pub(crate) fn new() -> Self {
        Self { settled: watch::Sender::new(None), intended: OnceLock::new() }
    }

    /// Ends the link from this side. `close` stops the carrier, before anybody learns of the end:
    /// workers that learnt of it would let go of their streams, and the other side could take that
    /// for a proper finish.
    pub(crate) fn settle_after(&self, end: LinkEnd, close: impl FnOnce()) {
        if self.settled.borrow().is_none() && self.intended.set(end.clone()).is_ok() {
            close();
            self.settle(end);
        }
    }

    /// What this side is about to end the link with, if it is.
    pub(crate) fn intended(&self) -> Option<LinkEnd> {
        self.intended.get().cloned()
    }

    /// Records why the link ended, unless it had ended already; says whether it was recorded.
    pub(crate) fn settle(&self, end: LinkEnd) -> bool {
        self.settled.send_if_modified(|slot| {
            let first = slot.is_none();
            if first {
                *slot = Some(end);
            }
            first
        })
    }

    pub(crate) fn now(&self) -> Option<LinkEnd> {
        self.settled.borrow().clone()
    }

    pub(crate) async fn wait(&self) -> LinkEnd {
        let mut watching = self.settled.subscribe();
        match watching.wait_for(Option::is_some).await.map(|end| end.clone()) {
            Ok(Some(end)) => end,
            Ok(None) | Err(_) => unreachable!("the sender lives in self and the value was checked"),
        }
    }

    /// Waits until this side has closed the link; what the other side does is not waited for.
    pub(crate) async fn wait_local(&self) -> LinkEnd {
        match self.wait().await {
            end @ (LinkEnd::Local { .. } | LinkEnd::Violation { .. }) => end,
            LinkEnd::Peer { .. } | LinkEnd::Lost { .. } => std::future::pending().await,
        }
    }
}

/// A reason cut to what travels, on a border between characters.
pub(crate) fn cut_reason(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}

/// A reason that came from the other side, fit to be shown: bounded, and without control characters.
pub(crate) fn shown_reason(reason: &[u8]) -> String {
    let text = String::from_utf8_lossy(&reason[..reason.len().min(REASON_BYTES_MAX)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for number in (0..20).chain([u64::from(u32::MAX)]) {
            assert_eq!(u64::from(CloseCode::from_number(number).number()), number);
        }
    }

    #[tokio::test]
    async fn the_first_cause_stays() {
        let end = End::new();
        let first = LinkEnd::Lost { cause: "first".into() };
        assert!(end.settle(first.clone()));
        assert!(!end.settle(LinkEnd::Lost { cause: "second".into() }));
        assert_eq!(end.wait().await, first);
    }

    #[test]
    fn reasons_are_cut_between_characters_and_shown_without_tricks() {
        let long = "é".repeat(200);
        assert_eq!(cut_reason(&long).len(), 256);
        assert_eq!(cut_reason(&long[..7 * 2]), &long[..14]);
        assert_eq!(shown_reason(b"a\x1b[31m\xff"), "a [31m\u{fffd}");
    }
}
