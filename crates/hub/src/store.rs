//! The hub's database: one writer, many readers.
//!
//! All writes of this process pass through one worker, which takes whatever waits and commits it
//! together, so that many small writes share one flush to the disk.
//! A write has returned only when it is durable.
//! Reads have connections of their own and see the last commit.

mod migrations;
mod writer;

pub(crate) mod entity;

use std::{fs::File, path::Path, time::Duration};

use futures_util::future::BoxFuture;
use outport_types::Chain;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbErr,
};
use tokio_util::task::TaskTracker;

use self::writer::Writer;

/// A transaction of the writer.
pub(crate) type Tx = DatabaseTransaction;

/// The hub's database; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    reader: DatabaseConnection,
    writer: Writer,
}

impl Store {
    /// Opens the database in `data`, making and migrating it as needed.
    ///
    /// The worker behind [`Store::write`] runs on `workers` and ends when the last clone is gone.
    pub(crate) async fn open(data: &Path, workers: &TaskTracker) -> Result<Self, StoreError> {
        let file = data.join(FILE_NAME);
        make_private_file(&file).map_err(StoreError::File)?;
        let lead = connect(&file, 1, false).await?;
        migrations::run(&lead).await?;
        let reader = connect(&file, READERS, true).await?;
        Ok(Self { reader, writer: Writer::spawn(lead, file, workers) })
    }

    /// The connections for reading; writing through them fails.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Runs `work` in a transaction that is durable when this returns `Ok`, and undone otherwise.
    ///
    /// `work` must only talk to the database: everybody else's writes wait for it.
    /// It runs to its end even if the caller goes away.
    ///
    /// ```text
    /// store.write(move |tx| Box::pin(async move { row.insert(tx).await?; Ok(()) })).await
    /// ```
    pub(crate) async fn write<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: for<'a> FnOnce(&'a Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Checks that writes get through the worker; after one that did not, that they reach the disk.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.reader.ping().await?;
        // Only then, because anybody may ask, and every flush costs.
        let to_disk = self.writer.is_failing();
        let write = self.write(move |tx| {
            Box::pin(async move {
                if to_disk {
                    tx.execute_unprepared("PRAGMA user_version = 0").await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        tokio::time::timeout(CHECK_TIMEOUT, write).await.map_err(|_| StoreError::Stuck)?
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("the database refuses")]
    Database(#[from] DbErr),
    #[error("the database file cannot be made")]
    File(#[source] std::io::Error),
    #[error("the write could not be made durable: {0}")]
    Commit(String),
    #[error(
        "the database was written by a newer version of Outport ({migration}); use that version or a newer one"
    )]
    Newer { migration: String },
    #[error("the database does not write")]
    Stuck,
    #[error("the hub is shutting down")]
    Closed,
}

impl StoreError {
    /// Whether a row with the same key stands there already.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Database(error) => is_unique_violation(error),
            Self::File(_) | Self::Commit(_) | Self::Newer { .. } | Self::Stuck | Self::Closed => {
                false
            }
        }
    }
}

/// Whether an insert failed because the key exists.
pub(crate) fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}

/// The lock that keeps a second hub off the same data.
#[derive(Debug)]
pub(crate) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock, or says that somebody has it.
    pub(crate) fn take(data: &Path) -> Result<Option<Self>, std::io::Error> {
        let path = data.join(LOCK_NAME);
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

/// SQLite gives its log and index files the mode of the database.
fn make_private_file(file: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

async fn connect(
    file: &Path,
    connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection, DbErr> {
    let file = file.to_owned();
    let mut options = ConnectOptions::new("sqlite://hub.db");
    options
        .max_connections(connections)
        .min_connections(1)
        .sqlx_logging_level(tracing::log::LevelFilter::Trace)
        .test_before_acquire(false)
        .idle_timeout(Option::<Duration>::None)
        .max_lifetime(Option::<Duration>::None)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .filename(&file)
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL");
            if read_only { options.pragma("query_only", "ON") } else { options }
        });
    let connection = Database::connect(options).await;
    if let Err(error) = &connection {
        tracing::debug!(error = %Chain(error), "cannot open the database");
    }
    connection
}

const FILE_NAME: &str = "hub.db";
const LOCK_NAME: &str = "hub.lock";
/// Reads that run at the same time; SQLite reads are short and mostly in memory.
const READERS: u32 = 4;
/// How long a write waits for another process, such as `outport hub user add`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a write may take before the hub counts as unhealthy; longer than another process may
/// keep it waiting.
const CHECK_TIMEOUT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use sea_orm::Statement;

    use super::*;

    async fn count(store: &Store) -> i64 {
        let sql = Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT count(*) AS n FROM t");
        store.read().query_one_raw(sql).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    #[tokio::test]
    async fn writes_that_fail_leave_nothing_and_the_others_of_the_batch_stay() {
        let dir = tempfile::tempdir().unwrap();
        let workers = TaskTracker::new();
        let store = Store::open(dir.path(), &workers).await.unwrap();
        let make = |sql: &'static str, fail: bool| {
            store.write(move |tx| {
                Box::pin(async move {
                    tx.execute_unprepared(sql).await?;
                    if fail { Err(StoreError::Closed) } else { Ok(()) }
                })
            })
        };
        make("CREATE TABLE t (n INTEGER PRIMARY KEY)", false).await.unwrap();
        let results = tokio::join!(
            make("INSERT INTO t VALUES (1)", false),
            make("INSERT INTO t VALUES (2)", true),
            make("INSERT INTO t VALUES (1)", false),
            make("INSERT INTO t VALUES (3)", false),
        );
        assert!(results.0.is_ok() && results.1.is_err() && results.3.is_ok());
        assert!(results.2.unwrap_err().is_conflict());
        assert_eq!(count(&store).await, 2);
        drop(store);
        workers.close();
        workers.wait().await;
    }

    #[tokio::test]
    async fn a_full_disk_fails_what_it_must_and_writing_goes_on_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let workers = TaskTracker::new();
        let store = Store::open(dir.path(), &workers).await.unwrap();
        let run = |sql: &'static str| {
            store.write(move |tx| {
                Box::pin(async move {
                    tx.execute_unprepared(sql).await?;
                    Ok::<(), StoreError>(())
                })
            })
        };
        run("CREATE TABLE t (n INTEGER PRIMARY KEY, blob BLOB)").await.unwrap();
        // The limit is the connection's: no page more than there are now.
        run("PRAGMA max_page_count = 1").await.unwrap();
        let results = tokio::join!(
            run("INSERT INTO t VALUES (1, NULL)"),
            run("INSERT INTO t VALUES (2, zeroblob(1000000))"),
            run("INSERT INTO t VALUES (3, NULL)"),
        );
        assert!(results.1.is_err());
        let kept = [&results.0, &results.2].iter().filter(|result| result.is_ok()).count();
        assert_eq!(count(&store).await, i64::try_from(kept).unwrap(), "callers hear the truth");
        assert!(store.writer.is_failing());
        store.check().await.unwrap();
        assert!(!store.writer.is_failing());
        run("INSERT INTO t VALUES (4, zeroblob(1000000))").await.unwrap();
        assert_eq!(count(&store).await, i64::try_from(kept).unwrap() + 1);
        drop(store);
        workers.close();
        workers.wait().await;
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let workers = TaskTracker::new();
        let store = Store::open(dir.path(), &workers).await.unwrap();
        let insert =
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)";
        let added = store.write(move |tx| {
            Box::pin(async move {
                tx.execute_unprepared(insert).await?;
                Ok::<(), StoreError>(())
            })
        });
        added.await.unwrap();
        drop(store);
        let refused = Store::open(dir.path(), &workers).await.unwrap_err();
        assert!(refused.to_string().contains("m9999_future"), "{refused}");
    }

    #[test]
    fn one_hub_holds_the_data() {
        let dir = tempfile::tempdir().unwrap();
        let held = DataLock::take(dir.path()).unwrap();
        assert!(held.is_some());
        assert!(DataLock::take(dir.path()).unwrap().is_none());
        drop(held);
        assert!(DataLock::take(dir.path()).unwrap().is_some());
    }
}
