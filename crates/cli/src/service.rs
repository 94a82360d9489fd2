//! What the commands share that run until they are asked to stop.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::failure::{Exit, Failure};

/// Logs to standard error: as text on a terminal, elsewhere as JSON with a field for each fact. What
/// `RUST_LOG` says comes before `levels`.
pub(crate) fn log_to_stderr(levels: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(levels));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().flatten_event(true).init();
    }
}

pub(crate) fn no_signals(error: io::Error) -> Failure {
    Failure::new(Exit::Failed, "Signals cannot be listened for.").because(error)
}
