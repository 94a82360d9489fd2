//! Threads for what blocks.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};
use tokio_util::sync::CancellationToken;

use super::yielding::yield_to_others;

/// A few threads that take jobs from one queue.
///
/// The queue has no bound of its own: what is in it are effects that a machine waits for, and a
/// machine has only so many open as its window and its credit let it.
#[derive(Debug)]
pub(super) struct Workers<J> {
    shared: Arc<Shared<J>>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared<J> {
    queue: Mutex<Queue<J>>,
    changed: Condvar,
    failed: CancellationToken,
}

#[derive(Debug)]
struct Queue<J> {
    jobs: VecDeque<J>,
    closed: bool,
}

/// Tells when its thread ends by a panic: nobody would answer its job.
struct Guard(CancellationToken);

impl<J: Send + 'static> Workers<J> {
    /// Starts `count` threads that do `work` for each job, and give way to other programs if they are
    /// to yield.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub(super) fn start(
        name: &str,
        count: usize,
        yields: bool,
        work: impl Fn(J) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Mutex::new(Queue { jobs: VecDeque::new(), closed: false });
        let failed = CancellationToken::new();
        let shared = Arc::new(Shared { queue, changed: Condvar::new(), failed });
        let mut workers = Self { shared: shared.clone(), threads: Vec::with_capacity(count) };
        for _ in 0..count {
            let (shared, work) = (shared.clone(), work.clone());
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                let _guard = Guard(shared.failed.clone());
                if yields {
                    yield_to_others();
                }
                while let Some(job) = shared.next() {
                    work(job);
                }
            })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Hands over a job.
    pub(super) fn submit(&self, job: J) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.closed {
            queue.jobs.push_back(job);
            self.shared.changed.notify_one();
        }
    }

    /// Waits until a thread has failed.
    pub(super) async fn failed(&self) {
        self.shared.failed.cancelled().await;
    }

    /// Drops the jobs that wait, and waits for those that are being done, however long a disk takes:
    /// the next session of the task must not meet what this one still does.
    pub(super) async fn close(mut self) {
        self.shared.close();
        let threads = std::mem::take(&mut self.threads);
        let mut joined = spawn_blocking(move || {
            for thread in threads {
                thread.join().ok();
            }
        });
        if timeout(SLOW_JOIN, &mut joined).await.is_err() {
            tracing::warn!("a disk does not answer; waiting for it");
            joined.await.ok();
        }
    }
}

impl<J> Shared<J> {
    fn next(&self) -> Option<J> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.closed = true;
        queue.jobs.clear();
        self.changed.notify_all();
    }
}

impl<J> Drop for Workers<J> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.cancel();
        }
    }
}

/// How many threads are good for disks of this computer: enough to keep a disk busy while others
/// hash, few enough not to make a spinning one seek.
pub(super) fn disk_threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4)
}

/// After this the log says why a session does not end.
const SLOW_JOIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn jobs_are_done_until_the_queue_is_closed() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
        let workers = Workers::start("test", 2, false, move |job: u32| {
            sender.blocking_send(job * 2).unwrap();
        })
        .unwrap();
        (1..=3).for_each(|job| workers.submit(job));
        let mut done = [receiver.recv().await, receiver.recv().await, receiver.recv().await];
        done.sort();
        assert_eq!(done, [Some(2), Some(4), Some(6)]);
        workers.close().await;
        assert_eq!(receiver.recv().await, None);
    }

    #[tokio::test]
    async fn a_panic_is_noticed() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let workers = Workers::start("test", 1, false, move |panic: bool| {
            counted.fetch_add(1, Ordering::Relaxed);
            assert!(!panic, "on purpose");
        })
        .unwrap();
        workers.submit(false);
        workers.submit(true);
        workers.failed().await;
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}
