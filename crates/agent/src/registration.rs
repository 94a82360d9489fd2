//! Which endpoint of which hub this computer is, and how it became that.

mod pending;

use std::{io, path::PathBuf, time::Duration};

use outport_api::client::{Auth, ClientError, HubUrl};
use outport_control::{KeyPlace, Paths, Secret, SetUp};
use outport_protocol::{
    setup_key::{SetupAnswer, SetupKey, SetupRequest},
    statement::{SignedStatement, Statement, StatementError},
};
use outport_types::{CanonicalName, Code, EndpointId, Problem, PublicKey};
use serde::{Deserialize, Serialize};

pub(crate) use self::pending::is_pending;
use crate::{
    files::{Readers, read_bounded, write_atomic},
    identity::{self, KeyError},
    trust,
};

/// What this computer knows about its endpoint; kept beside the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The version of this file.
    version: u32,
    /// The hub's URL.
    pub hub: HubUrl,
    /// The hub's root key, pinned at set-up.
    pub root: PublicKey,
    /// The root that the pinned one named to come after it.
    pub successor: Option<PublicKey>,
    /// The newest statement of keys that was seen; older ones are not believed.
    pub statement_serial: u64,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its full name, as the hub last said.
    pub name: CanonicalName,
    /// Its owner, as the hub last said.
    pub owner: String,
    /// This computer's key.
    pub key: PublicKey,
    /// Where the key is kept.
    pub key_place: KeyPlace,
}

/// Why there is no registration to work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// This computer was not set up.
    #[error("this computer is not set up")]
    NotSetUp,
    /// The file cannot be read or written.
    #[error("cannot use `{}`", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what was written.
    #[error("`{}` is damaged", file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// Where.
        source: serde_json::Error,
    },
    /// The key cannot be had.
    #[error("the key of this computer cannot be used")]
    Key(#[source] KeyError),
}

/// Why set-up failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The text is no setup key, or names no hub.
    #[error("the setup key cannot be used: {reason}")]
    BadKey {
        /// Why.
        reason: String,
    },
    /// The key of this computer cannot be made or kept.
    #[error("the key of this computer cannot be kept")]
    Key(#[source] KeyError),
    /// The hub refused or could not be asked.
    #[error("the hub did not complete the set-up")]
    Hub(#[source] ClientError),
    /// The hub answered with another root key than the setup key has.
    #[error("the hub shows another key than the setup key")]
    OtherHub {
        /// Which hub.
        hub: HubUrl,
    },
    /// The certificates to trust cannot be read, or the proxy cannot be used.
    #[error("nobody can say how to reach the hub")]
    Trust(#[source] Problem),
    /// The result cannot be kept.
    #[error("the set-up cannot be kept")]
    Keep(#[source] RegistrationError),
}

impl RegistrationError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::NotSetUp => Problem::new(Code::NotSetUp, []),
            Self::File { file, source } => state_unusable(file, &source.to_string()),
            Self::Damaged { file, source } => state_unusable(file, &source.to_string()),
            Self::Key(error) => error.problem(),
        }
    }
}

impl SetupError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        let bad_key = |reason: String| Problem::new(Code::BadSetupKey, [("reason", reason.into())]);
        match self {
            Self::BadKey { reason } => bad_key(reason.clone()),
            Self::Key(error) => error.problem(),
            Self::Hub(error) => {
                error.problem().unwrap_or_else(|| bad_key(outport_types::Chain(error).to_string()))
            }
            Self::OtherHub { hub } => {
                Problem::new(Code::HubKeyChanged, [("hub", hub.to_string().into())])
            }
            Self::Trust(problem) => problem.clone(),
            Self::Keep(error) => error.problem(),
        }
    }
}

impl Registration {
    /// What this computer is registered as.
    pub(crate) fn load(paths: &Paths) -> Result<Self, RegistrationError> {
        let file = file(paths);
        let content = read_bounded(&file, REGISTRATION_BYTES_MAX)
            .map_err(|source| RegistrationError::File { file: file.clone(), source })?
            .ok_or(RegistrationError::NotSetUp)?;
        serde_json::from_slice(&content)
            .map_err(|source| RegistrationError::Damaged { file, source })
    }

    /// Makes it last.
    pub(crate) fn save(&self, paths: &Paths) -> Result<(), RegistrationError> {
        let file = file(paths);
        let failed = |source| RegistrationError::File { file: file.clone(), source };
        let content = serde_json::to_vec_pretty(self).map_err(|e| failed(io::Error::other(e)))?;
        write_atomic(&file, &content, Readers::Owner).map_err(failed)
    }

    /// Checks a statement of the hub's keys and takes over what it says about roots; says whether
    /// this registration changed and must be saved before the statement is used.
    pub(crate) fn accept(
        &mut self,
        signed: &SignedStatement,
    ) -> Result<(Statement, bool), StatementError> {
        let (statement, root) =
            match (signed.verify(&self.root, self.statement_serial), self.successor) {
                // The hub may use the old root for a while after it named the next one.
                (Err(StatementError::OtherRoot), Some(next)) => {
                    (signed.verify(&next, self.statement_serial)?, next)
                }
                (verified, _) => (verified?, self.root),
            };
        let successor = statement.successor.filter(|next| *next != root);
        let kept = if root == self.root { successor.or(self.successor) } else { successor };
        let changed =
            (self.root, self.successor, self.statement_serial) != (root, kept, statement.serial);
        (self.root, self.successor, self.statement_serial) = (root, kept, statement.serial);
        Ok((statement, changed))
    }
}

/// Binds a new key of this computer to the endpoint that a setup key names. The key that was in use
/// until then is forgotten, the old registration with it.
pub(crate) async fn set_up(
    paths: &Paths,
    text: &Secret,
    place: KeyPlace,
) -> Result<(Registration, SetUp), SetupError> {
    let bad = |reason: String| SetupError::BadKey { reason };
    let setup_key: SetupKey = text.expose().parse().map_err(|error| {
        let error: outport_protocol::setup_key::SetupKeyError = error;
        bad(error.to_string())
    })?;
    let hub: HubUrl = setup_key.hub.parse().map_err(|error| {
        let error: outport_api::client::HubUrlError = error;
        bad(error.to_string())
    })?;
    let trust = trust::load(paths, None, &hub).await.map_err(SetupError::Trust)?;
    let auth = Auth::new(hub.clone(), &trust).map_err(SetupError::Hub)?;
    let endpoint = setup_key.endpoint;
    let key = blocking(paths, move |paths| pending::key(paths, endpoint, place)).await?;
    let public = key.public();
    let host = hostname::get()
        .map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned());
    let answer = ask(&auth, &setup_key.request(&key, &host)).await;
    // Without an answer the hub may have bound the key all the same; it is kept for the next try.
    let was_refused =
        answer.as_ref().is_err_and(|error| error.refusal().is_some() && !error.is_transient());
    let checked = answer.map_err(SetupError::Hub).and_then(|answer| {
        if answer.root != setup_key.root || answer.endpoint != setup_key.endpoint {
            return Err(SetupError::OtherHub { hub: hub.clone() });
        }
        answer.name.parse().map_err(|_| SetupError::OtherHub { hub: hub.clone() })
    });
    let name: CanonicalName = match checked {
        Ok(name) => name,
        Err(error) => {
            if was_refused {
                blocking(paths, pending::give_up).await;
            }
            return Err(error);
        }
    };
    let set_up = SetUp {
        endpoint: setup_key.endpoint,
        name: name.to_string(),
        hub: hub.to_string(),
        fingerprint: public.fingerprint().to_string(),
        place,
    };
    let registration = Registration {
        version: REGISTRATION_VERSION,
        hub,
        root: setup_key.root,
        successor: None,
        statement_serial: 0,
        endpoint: setup_key.endpoint,
        owner: name.owner.to_string(),
        name,
        key: public,
        key_place: place,
    };
    let kept = registration.clone();
    blocking(paths, move |paths| {
        let old = Registration::load(paths).ok();
        kept.save(paths)?;
        if let Some(old) = old.filter(|old| old.key != kept.key) {
            identity::forget(paths, old.key_place, &old.key);
        }
        pending::done(paths);
        Ok(())
    })
    .await
    .map_err(SetupError::Keep)?;
    Ok((registration, set_up))
}

/// Makes this computer no endpoint any more; answers with the name that it had.
pub(crate) fn forget(paths: &Paths) -> Result<Option<CanonicalName>, RegistrationError> {
    let old = match Registration::load(paths) {
        Ok(old) => Some(old),
        Err(RegistrationError::NotSetUp) => return Ok(None),
        // What is damaged goes too; its key is of no use to anybody.
        Err(_) => None,
    };
    let file = file(paths);
    let failed = |source| RegistrationError::File { file: file.clone(), source };
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => crate::files::sync_dir(&paths.state_dir).map_err(failed)?,
    }
    if let Some(old) = &old {
        identity::forget(paths, old.key_place, &old.key);
    }
    pending::give_up(paths);
    Ok(old.map(|old| old.name))
}

/// Asks again while it is the way to the hub that fails; the hub takes the same request twice.
async fn ask(auth: &Auth, request: &SetupRequest) -> Result<SetupAnswer, ClientError> {
    for pause in PAUSES {
        match auth.set_up(request).await {
            Err(error) if error.is_transient() => {
                tracing::info!(error = %outport_types::Chain(&error), "asking the hub again");
            }
            answered => return answered,
        }
        tokio::time::sleep(pause).await;
    }
    auth.set_up(request).await
}

async fn blocking<T: Send + 'static>(
    paths: &Paths,
    work: impl FnOnce(&Paths) -> T + Send + 'static,
) -> T {
    let paths = paths.clone();
    crate::blocking(move || work(&paths)).await
}

fn state_unusable(file: &std::path::Path, reason: &str) -> Problem {
    Problem::new(
        Code::StateUnusable,
        [("path", file.display().to_string().into()), ("reason", reason.into())],
    )
}

fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("registration.json")
}

/// Between the tries of one set-up, while a person waits.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
const REGISTRATION_VERSION: u32 = 1;
/// Two keys, two names and a URL.
const REGISTRATION_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use outport_control::Profile;
    use outport_protocol::secret::SecretKey;
    use outport_types::UnixTime;

    use super::*;

    #[test]
    fn a_registration_reads_back() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        std::fs::create_dir_all(&paths.state_dir).unwrap();
        assert!(matches!(Registration::load(&paths), Err(RegistrationError::NotSetUp)));
        let sample = sample(PublicKey([1; 32]));
        sample.save(&paths).unwrap();
        assert_eq!(Registration::load(&paths).unwrap(), sample);
        std::fs::write(file(&paths), b"{").unwrap();
        assert!(matches!(Registration::load(&paths), Err(RegistrationError::Damaged { .. })));
    }

    #[test]
    fn a_root_hands_over_to_its_successor_and_to_nobody_else() {
        let [old, next, other] = [1, 2, 3].map(|n| SecretKey::from_seed(&[n; 32]));
        let mut registration = sample(old.public());
        let (_, changed) = registration.accept(&statement(&old, 1, None)).unwrap();
        assert!(changed);
        let (_, changed) = registration.accept(&statement(&old, 1, None)).unwrap();
        assert!(!changed, "the same again needs no saving");
        registration.accept(&statement(&next, 2, None)).unwrap_err();
        registration.accept(&statement(&old, 2, Some(next.public()))).unwrap();
        // Both are believed until the next one was used.
        registration.accept(&statement(&old, 3, Some(next.public()))).unwrap();
        registration.accept(&statement(&other, 4, None)).unwrap_err();
        registration.accept(&statement(&next, 4, None)).unwrap();
        assert_eq!((registration.root, registration.successor), (next.public(), None));
        registration.accept(&statement(&old, 5, None)).unwrap_err();
        assert_eq!(
            registration.accept(&statement(&next, 3, None)),
            Err(StatementError::Older),
            "never back to an older statement"
        );
    }

    fn statement(root: &SecretKey, serial: u64, successor: Option<PublicKey>) -> SignedStatement {
        let statement = Statement {
            root: root.public(),
            serial,
            ticket_key: PublicKey([5; 32]),
            channel_key: PublicKey([6; 32]),
            not_before: UnixTime::from_seconds(0),
            not_after: UnixTime::from_seconds(1000),
            successor,
        };
        SignedStatement::sign(&statement, root)
    }

    fn sample(root: PublicKey) -> Registration {
        Registration {
            version: 1,
            hub: "https://hub.example.org".parse().unwrap(),
            root,
            successor: None,
            statement_serial: 0,
            endpoint: EndpointId::from_bytes([1; 16]),
            name: "smith#WorkPC".parse().unwrap(),
            owner: "smith".to_owned(),
            key: PublicKey([2; 32]),
            key_place: KeyPlace::File,
        }
    }
}
