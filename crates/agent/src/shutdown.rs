//! The orderly end, written once: at most ten seconds from the first step to the last.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::core::Core;

/// Ends an agent whose core no longer works.
///
/// 1. Nothing new begins: the core takes no orders any more.
/// 2. Sessions end at the next block; what is verified goes into their journals.
/// 3. The hub is told so, and that this is on purpose.
/// 4. The UDP socket is closed; the other sides are told.
/// 5. What was handed to the disk is written, and every worker is waited for.
pub(crate) async fn shutdown(mut core: Core, tracker: &TaskTracker) {
    core.refuse_all();
    if timeout(SESSIONS_LIMIT, core.end_sessions()).await.is_err() {
        tracing::warn!("sessions did not end in time");
    }
    if timeout(GOODBYE_LIMIT, core.say_goodbye()).await.is_err() {
        tracing::info!("the hub did not take the goodbye in time");
    }
    core.close_endpoint(ENDPOINT_LIMIT).await;
    drop(core);
    tracker.close();
    if timeout(WORKERS_LIMIT, tracker.wait()).await.is_err() {
        tracing::warn!(left = tracker.len(), "workers did not end in time");
    }
    tracing::info!("closed");
}

/// The grace of a session, and the sync of its journal on a slow disk.
const SESSIONS_LIMIT: Duration = Duration::from_secs(5);
const GOODBYE_LIMIT: Duration = Duration::from_millis(1500);
const ENDPOINT_LIMIT: Duration = Duration::from_millis(1500);
/// Whatever a hanging disk holds up is left to the end of the process.
const WORKERS_LIMIT: Duration = Duration::from_secs(2);
