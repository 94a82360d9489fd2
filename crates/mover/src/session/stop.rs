//! How a session is told to end.

use outport_link::CloseCode;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Ends a session from outside; the first call decides why. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop {
    code: watch::Sender<Option<CloseCode>>,
    token: CancellationToken,
}

impl Stop {
    /// A session that goes on for now.
    pub fn new() -> Self {
        Self { code: watch::Sender::new(None), token: CancellationToken::new() }
    }

    /// Ends it: reading stops at once, the link is closed with this code, and what is verified at
    /// the receiver is kept.
    pub fn stop(&self, code: CloseCode) {
        self.code.send_if_modified(|slot| {
            let first = slot.is_none();
            if first {
                *slot = Some(code);
            }
            first
        });
        self.token.cancel();
    }

    /// Waits until somebody stops it.
    pub async fn stopped(&self) -> CloseCode {
        self.token.cancelled().await;
        self.code()
    }

    /// Why it was stopped, once it was.
    pub fn code(&self) -> CloseCode {
        self.code.borrow().unwrap_or(CloseCode::Shutdown)
    }

    /// Whether somebody stopped it.
    pub fn is_stopped(&self) -> bool {
        self.token.is_cancelled()
    }

    /// What threads look at between two steps.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
