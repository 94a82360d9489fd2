//! What answers: a running agent, or a command's own process when none runs.

use std::{pin::Pin, sync::Arc};

use outport_types::Problem;
use tokio::sync::{mpsc, watch};

use crate::{
    command::{Command, Reply},
    snapshot::Snapshot,
};

/// A future behind a pointer, so that handlers can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers what [`Client`](crate::Client)s ask.
pub trait Handler: Send + Sync {
    /// The state of the agent, now and whenever it changes.
    ///
    /// # Errors
    /// When there is no agent whose state it could be.
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem>;

    /// Carries out a command.
    fn call(&self, command: Command) -> BoxFuture<'_, Result<Reply, Problem>>;

    /// The last `lines` lines of the log, and with `follow` those that come.
    fn log(
        &self,
        lines: usize,
        follow: bool,
    ) -> BoxFuture<'_, Result<mpsc::Receiver<String>, Problem>>;
}
