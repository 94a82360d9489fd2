//! The worker that all writes pass through.

use std::{
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use outport_types::Chain;
use sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::{StoreError, Tx, connect};

/// The way to the worker.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    failing: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the worker with a connection to `file`, which it replaces when that breaks.
    pub(super) fn spawn(
        connection: DatabaseConnection,
        file: PathBuf,
        workers: &TaskTracker,
    ) -> Self {
        let (jobs, inbox) = mpsc::channel(QUEUE_MAX);
        let failing = Arc::new(AtomicBool::new(false));
        let lead = Lead { file, connection: Some(connection), failing: Arc::clone(&failing) };
        workers.spawn(lead.serve(inbox));
        Self { jobs, failing }
    }

    /// Whether the last batch could not be made durable.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    pub(super) async fn run<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: for<'a> FnOnce(&'a Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            let tx = match tx {
                Ok(tx) => tx,
                Err(failure) => {
                    answer.send(Err(failure.into())).ok();
                    return Box::pin(async { Ran::nothing() });
                }
            };
            let running = work(tx);
            Box::pin(async move {
                let result = running.await;
                Ran {
                    keep: result.is_ok(),
                    settle: Box::new(move |commit| {
                        // An error of the work itself says more than that of the commit.
                        let result = match (result, commit) {
                            (Ok(value), Ok(())) => Ok(value),
                            (Ok(_), Err(failure)) => Err(failure.into()),
                            (Err(error), _) => Err(error),
                        };
                        answer.send(result).ok();
                    }),
                }
            })
        });
        if self.jobs.send(job).await.is_err() {
            return Err(StoreError::Closed.into());
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}

/// A write with its caller's way to be told, its types hidden.
type Job = Box<dyn for<'a> FnOnce(Result<&'a Tx, StoreError>) -> BoxFuture<'a, Ran> + Send>;

/// What a write left to do.
struct Ran {
    keep: bool,
    settle: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

impl Ran {
    fn nothing() -> Self {
        Self { keep: false, settle: Box::new(|_| ()) }
    }
}

/// What the worker owns.
struct Lead {
    file: PathBuf,
    /// `None` after a failure: how deep its transactions are is then anybody's guess.
    connection: Option<DatabaseConnection>,
    failing: Arc<AtomicBool>,
}

impl Lead {
    async fn serve(mut self, mut inbox: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while inbox.recv_many(&mut batch, BATCH_MAX).await != 0 {
            self.write(std::mem::take(&mut batch)).await;
        }
        self.close().await;
    }

    async fn write(&mut self, jobs: Vec<Job>) {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => match connect(&self.file, 1, false).await {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "cannot open the database to write");
                    return refuse(jobs, &error);
                }
            },
        };
        let healthy = write_batch(&connection, jobs).await;
        self.connection = Some(connection);
        self.failing.store(!healthy, Ordering::Relaxed);
        if !healthy {
            self.close().await;
        }
    }

    async fn close(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        match tokio::time::timeout(CLOSE_TIMEOUT, connection.close()).await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "the database did not close cleanly");
            }
            Err(_) => tracing::warn!("the database did not close in time"),
        }
    }
}

/// Runs the jobs in one transaction, each in a savepoint of its own, and tells every caller.
///
/// Returns whether the connection can be used again. SQLite may end the whole transaction when one
/// statement fails, as it does on a full disk; what ran after that would be outside of any.
async fn write_batch(connection: &DatabaseConnection, jobs: Vec<Job>) -> bool {
    let outer = match connection.begin_with_options(IMMEDIATE).await {
        Ok(outer) => outer,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "cannot begin to write");
            refuse(jobs, &error);
            return false;
        }
    };
    let mut settling = Vec::with_capacity(jobs.len());
    let mut jobs = jobs.into_iter();
    while let Some(job) = jobs.next() {
        match run_one(&outer, job).await {
            Ok(settle) => settling.push(settle),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "a savepoint failed");
                drop(outer);
                refuse(jobs, &error);
                for settle in settling {
                    settle(Err(StoreError::Commit(error.to_string())));
                }
                return false;
            }
        }
    }
    let committed = outer.commit().await;
    if let Err(error) = &committed {
        tracing::error!(error = %Chain(error), "cannot commit");
    }
    for settle in settling {
        settle(committed.as_ref().copied().map_err(|e| StoreError::Commit(e.to_string())));
    }
    committed.is_ok()
}

/// Tells the callers of writes that never began.
fn refuse(jobs: impl IntoIterator<Item = Job>, error: &DbErr) {
    for job in jobs {
        drop(job(Err(StoreError::Commit(error.to_string()))));
    }
}

async fn run_one(
    outer: &Tx,
    job: Job,
) -> Result<Box<dyn FnOnce(Result<(), StoreError>) + Send>, DbErr> {
    let inner = match outer.begin().await {
        Ok(inner) => inner,
        Err(error) => {
            drop(job(Err(StoreError::Commit(error.to_string()))));
            return Err(error);
        }
    };
    // A panic in one write must not take the writer away from all others.
    let ran = AssertUnwindSafe(async { job(Ok(&inner)).await }).catch_unwind().await;
    let ran = ran.unwrap_or_else(|_| Ran::nothing());
    let ended = if ran.keep { inner.commit().await } else { inner.rollback().await };
    match ended {
        Ok(()) => Ok(ran.settle),
        Err(error) => {
            (ran.settle)(Err(StoreError::Commit(error.to_string())));
            Err(error)
        }
    }
}

/// Takes the write lock at once: a transaction that reads first could not upgrade after another
/// process wrote.
const IMMEDIATE: TransactionOptions = TransactionOptions {
    isolation_level: None,
    access_mode: None,
    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
};
/// Writes that wait for the worker; beyond it, callers wait to get in.
const QUEUE_MAX: usize = 256;
/// Writes that share one flush; more would make the first of them wait too long.
const BATCH_MAX: usize = 64;
/// How long a connection has to close; a new one waits for the lock of the old one anyway.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
