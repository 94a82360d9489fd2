//! Small writes in the order in which they were decided, where they keep nobody waiting.

use tokio::sync::mpsc;

type Job = Box<dyn FnOnce() + Send>;

/// The way to the one worker that writes the agent's small files.
#[derive(Clone, Debug)]
pub(crate) struct Disk(mpsc::Sender<Job>);

/// The worker's side.
#[derive(Debug)]
pub(crate) struct DiskWorker(mpsc::Receiver<Job>);

impl Disk {
    pub(crate) fn new() -> (Self, DiskWorker) {
        let (jobs, inbox) = mpsc::channel(JOBS_MAX);
        (Self(jobs), DiskWorker(inbox))
    }

    /// Does the work after all that was handed over before; `false` when the disk is so far behind
    /// that nothing more is taken.
    pub(crate) fn after_all(&self, work: impl FnOnce() + Send + 'static) -> bool {
        self.0.try_send(Box::new(work)).is_ok()
    }
}

impl DiskWorker {
    /// Works until every [`Disk`] is gone and all that they handed over is done.
    pub(crate) async fn run(mut self) {
        while let Some(job) = self.0.recv().await {
            crate::blocking(job).await;
        }
    }
}

/// Decisions of an owner or a hub that wait for a disk; hundreds are a disk that hangs.
const JOBS_MAX: usize = 256;
