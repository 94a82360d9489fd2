//! The hub's keys: a root that agents pin, and keys of the day that the root vouches for.
//!
//! All of them are files beside the database, closed to others, and never in it: who steals a
//! database cannot sign, and who restores one does not bring back old keys.
//! The keys of the day are good for [`VALID_SECONDS`] and replaced at half of that time; agents
//! that are connected are told at once, others when they come back.

use std::{io, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use outport_protocol::{
    secret::SecretKey,
    statement::{SignedStatement, Statement},
    tls::{ALPN_CONTROL, ALPN_MEASURE, AllowPeer, TlsConfigError, server_config},
};
use outport_types::{Chain, PublicKey, UnixTime};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zeroize::Zeroizing;

use crate::{clock::Clock, random::random_bytes, secrets};

/// The hub's keys; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct KeyRing {
    root: PublicKey,
    day: watch::Receiver<Arc<DayKeys>>,
}

/// The keys of the day, ready for use.
#[derive(Debug)]
pub(crate) struct DayKeys {
    pub(crate) statement: SignedStatement,
    /// Signs tickets.
    pub(crate) ticket: SecretKey,
    /// What answers inside the control channel, and inside measurements.
    pub(crate) channel: Arc<ServerConfig>,
    renew_at: UnixTime,
}

/// Why the hub has no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    #[error("cannot read or write {name}")]
    File { name: &'static str, source: io::Error },
    #[error("{name} is damaged; restore it from a backup of the data directory")]
    Damaged { name: &'static str },
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
}

impl KeyRing {
    /// Loads the keys in `dir`, making what is not there yet.
    ///
    /// The worker that replaces them in time runs on `workers` until `stop`.
    pub(crate) fn open(
        dir: &Path,
        clock: &Clock,
        workers: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, KeysError> {
        let root = load_root(dir)?;
        let first = load_day(dir, &root, clock.now())?;
        let public = root.public();
        let (publish, day) = watch::channel(Arc::new(first));
        let rotation = Rotation { dir: dir.to_owned(), root, clock: clock.clone(), publish };
        workers.spawn(async move {
            stop.run_until_cancelled(rotation.run()).await;
        });
        Ok(Self { root: public, day })
    }

    /// The root key's public half.
    pub(crate) fn root(&self) -> PublicKey {
        self.root
    }

    /// The keys in force.
    pub(crate) fn day(&self) -> Arc<DayKeys> {
        Arc::clone(&self.day.borrow())
    }

    /// Follows the keys, to tell agents of new ones.
    pub(crate) fn follow(&self) -> watch::Receiver<Arc<DayKeys>> {
        self.day.clone()
    }
}

struct Rotation {
    dir: std::path::PathBuf,
    root: SecretKey,
    clock: Clock,
    publish: watch::Sender<Arc<DayKeys>>,
}

impl Rotation {
    async fn run(self) {
        loop {
            let renew_at = self.publish.borrow().renew_at;
            self.clock.sleep_until(renew_at).await;
            let (dir, root, now) = (self.dir.clone(), self.root.clone(), self.clock.now());
            let renewed = tokio::task::spawn_blocking(move || load_day(&dir, &root, now)).await;
            match renewed {
                Ok(Ok(day)) => {
                    tracing::info!("new ticket and channel keys");
                    self.publish.send_replace(Arc::new(day));
                }
                Ok(Err(error)) => {
                    tracing::error!(error = %Chain(&error), "cannot replace the keys of the day");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, "cannot replace the keys of the day");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }
}

fn load_root(dir: &Path) -> Result<SecretKey, KeysError> {
    let file = |source| KeysError::File { name: ROOT_NAME, source };
    let make = || Ok(Zeroizing::new(STANDARD_NO_PAD.encode(random_bytes::<32>()).into_bytes()));
    let text = secrets::load_or_create(dir, ROOT_NAME, make).map_err(file)?;
    let text = str::from_utf8(&text).map_err(|_| KeysError::Damaged { name: ROOT_NAME })?;
    let seed = decode_seed(text).ok_or(KeysError::Damaged { name: ROOT_NAME })?;
    Ok(SecretKey::from_seed(&seed))
}

/// The keys of the day as their file has them.
#[derive(Serialize, Deserialize)]
struct DayFile {
    serial: u64,
    not_before: UnixTime,
    not_after: UnixTime,
    ticket: String,
    channel: String,
}

/// Loads the keys of the day, or replaces them when half of their time is over.
fn load_day(dir: &Path, root: &SecretKey, now: UnixTime) -> Result<DayKeys, KeysError> {
    let file = |source| KeysError::File { name: DAY_NAME, source };
    let damaged = || KeysError::Damaged { name: DAY_NAME };
    let bytes = secrets::load_or_create(dir, DAY_NAME, || DayFile::new(0, now).to_bytes());
    let mut day: DayFile = serde_json::from_slice(&bytes.map_err(file)?).map_err(|_| damaged())?;
    if day.renew_at() <= now {
        day = DayFile::new(day.serial, now);
        let bytes = day.to_bytes().map_err(file)?;
        secrets::replace(dir, DAY_NAME, &bytes).map_err(file)?;
    }
    let ticket = SecretKey::from_seed(&decode_seed(&day.ticket).ok_or_else(damaged)?);
    let channel = SecretKey::from_seed(&decode_seed(&day.channel).ok_or_else(damaged)?);
    let statement = Statement {
        root: root.public(),
        serial: day.serial,
        ticket_key: ticket.public(),
        channel_key: channel.public(),
        not_before: day.not_before,
        not_after: day.not_after,
        successor: None,
    };
    let mut inside = server_config(&channel, Arc::new(AnyKey), ALPN_CONTROL)?;
    inside.alpn_protocols.push(ALPN_MEASURE.to_vec());
    Ok(DayKeys {
        statement: SignedStatement::sign(&statement, root),
        ticket,
        channel: Arc::new(inside),
        renew_at: day.renew_at(),
    })
}

impl DayFile {
    fn new(serial_before: u64, now: UnixTime) -> Self {
        let seed = || STANDARD_NO_PAD.encode(random_bytes::<32>());
        // Following the clock, the serial grows even when an old file was restored.
        let serial = u64::try_from(now.seconds).unwrap_or(0).max(serial_before + 1);
        Self {
            serial,
            not_before: now.plus_seconds(-EARLY_SECONDS),
            not_after: now.plus_seconds(VALID_SECONDS),
            ticket: seed(),
            channel: seed(),
        }
    }

    fn renew_at(&self) -> UnixTime {
        self.not_after.plus_seconds(-VALID_SECONDS / 2)
    }

    fn to_bytes(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(serde_json::to_vec_pretty(self)?))
    }
}

fn decode_seed(text: &str) -> Option<[u8; 32]> {
    STANDARD_NO_PAD.decode(text.trim()).ok()?.try_into().ok()
}

/// Lets any key finish the handshake: who is not registered is told so inside.
#[derive(Debug)]
struct AnyKey;

impl AllowPeer for AnyKey {
    fn allows(&self, _key: &PublicKey) -> bool {
        true
    }
}

const ROOT_NAME: &str = "root.key";
const DAY_NAME: &str = "day.key";
/// How long a stolen ticket key would be of use, and how long an agent may be away without
/// needing a new statement.
const VALID_SECONDS: i64 = 30 * 24 * 3600;
/// For agents whose knowledge of hub time is a little behind.
const EARLY_SECONDS: i64 = 300;
/// The pause after keys could not be replaced; the present ones hold for two more weeks.
const TRY_AGAIN: std::time::Duration = std::time::Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_over_restarts_and_are_replaced_at_half_time() {
        let dir = tempfile::tempdir().unwrap();
        let now = UnixTime::from_seconds(1_800_000_000);
        let root = load_root(dir.path()).unwrap();
        let first = load_day(dir.path(), &root, now).unwrap();
        assert_eq!(load_root(dir.path()).unwrap().public(), root.public());
        let again = load_day(dir.path(), &root, now.plus_seconds(1000)).unwrap();
        assert_eq!(again.statement, first.statement);

        let later = now.plus_seconds(VALID_SECONDS / 2);
        let second = load_day(dir.path(), &root, later).unwrap();
        let old = first.statement.verify(&root.public(), 0).unwrap();
        let new = second.statement.verify(&root.public(), old.serial + 1).unwrap();
        assert_ne!(new.ticket_key, old.ticket_key);
        assert!(later < new.not_after);
    }

    #[cfg(unix)]
    #[test]
    fn key_files_are_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let now = UnixTime::from_seconds(1_800_000_000);
        let root = load_root(dir.path()).unwrap();
        load_day(dir.path(), &root, now).unwrap();
        load_day(dir.path(), &root, now.plus_seconds(VALID_SECONDS)).unwrap();
        for name in [ROOT_NAME, DAY_NAME] {
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_damaged_key_is_never_replaced_silently() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(ROOT_NAME), "oops").unwrap();
        assert!(matches!(load_root(dir.path()), Err(KeysError::Damaged { name: ROOT_NAME })));
    }
}
