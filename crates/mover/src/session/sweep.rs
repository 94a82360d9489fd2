//! What is left of a task that is over without having come to its end.

use std::{fs, io, sync::Arc};

use outport_protocol::{orders::TransferOrders, ticket::Grant};
use outport_types::{CollectionPath, TaskId};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::{JournalParams, Stop};
use crate::{
    destination::Destination, journal_file::JournalFile, refused::Refused, resolver::Resolver,
    rules::LiveRules, store::Store,
};

/// A task of which this computer was the receiving side.
#[derive(Clone, Debug)]
pub struct SweepParams {
    /// The task.
    pub task: TaskId,
    /// What it was to do.
    pub orders: Arc<TransferOrders>,
    /// The rules of this computer's owner.
    pub rules: LiveRules,
    /// The disks.
    pub store: Arc<dyn Store>,
    /// Ends the sweep; what is left then is swept the next time.
    pub stop: Stop,
}

/// Removes the unfinished files of a task that is over (cancelled, expired), and then its journal.
///
/// No ticket is needed for that: only files under the task's own reserved names are touched, in
/// directories that its journal names, and only where the owner's rules still let writing in.
///
/// # Errors
/// When a disk fails or it was stopped; the journal is still there then, for another try.
pub async fn sweep_task(params: SweepParams, journal: JournalParams) -> Result<(), Refused> {
    let swept = spawn_blocking(move || {
        if !fs::exists(&journal.path)? {
            return Ok(());
        }
        let grants = [Grant::all(CollectionPath::ROOT)];
        let endpoint = &params.orders.destination_name;
        let resolver = Arc::new(Resolver::new(params.rules, &grants, endpoint));
        let halt: CancellationToken = params.stop.token().child_token();
        match JournalFile::open_outline(&journal.path, params.task, journal.orders) {
            // Who came to the end left nothing.
            Ok((_, outline)) if outline.finished().is_some() => {}
            Ok((file, _)) => {
                Destination::new(params.store, resolver, params.task, params.orders, file, halt)
                    .sweep()?;
            }
            // A journal that says nothing names no directory.
            Err(error) => tracing::warn!(error = %outport_types::Chain(&error), "no sweep"),
        }
        Ok(fs::remove_file(&journal.path)?)
    });
    swept.await.map_err(|error| Refused::Disk(io::Error::other(error)))?
}
