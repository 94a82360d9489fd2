//! The owner's sign-in: kept in one file of the profile, refreshed when it is asked for.
//!
//! The agent and commands that run without one use the same file, one at a time: a refresh replaces
//! the refresh token, so two at once would end the sign-in.

use std::{fs::OpenOptions, io, path::PathBuf, sync::Arc};

use outport_api::{
    Secret as ApiSecret,
    client::{Auth, Bearer, BoxFuture, ClientError, HubUrl, Trust},
};
use outport_control::{Account, Paths, Secret, SignIn, Token, TokenSet};
use outport_types::{Code, Problem, UnixTime};
use tokio::sync::Mutex;

use crate::{
    clock::local_now,
    config::InForce,
    files::{Readers, read_bounded, sync_dir, write_atomic},
    trust,
};

/// The sign-in of a profile. Clones are the same one.
#[derive(Clone, Debug)]
pub struct TokenStore {
    paths: Paths,
    /// One use at a time in this process; the file lock is for others.
    turn: Arc<Mutex<()>>,
    /// What names certificates to trust and the proxy, in an agent.
    in_force: Option<InForce>,
}

/// Why the sign-in cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nobody is signed in, or not for this.
    #[error("nobody is signed in")]
    SignedOut {
        /// The hub to sign in at, when one is known.
        hub: Option<String>,
    },
    /// The file cannot be used.
    #[error("cannot use `{}`", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The certificates to trust cannot be read, or the proxy cannot be used.
    #[error("nobody can say how to reach the hub")]
    Trust(#[source] Problem),
    /// The hub did not give a new token.
    #[error("the hub did not renew the sign-in")]
    Refresh(#[source] ClientError),
}

impl TokenError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::SignedOut { hub } => signed_out(hub.as_deref()),
            Self::File { file, source } => Problem::new(
                Code::StateUnusable,
                [
                    ("path", file.display().to_string().into()),
                    ("reason", source.to_string().into()),
                ],
            ),
            Self::Trust(problem) => problem.clone(),
            Self::Refresh(error) => error.problem().unwrap_or_else(|| signed_out(None)),
        }
    }
}

impl TokenStore {
    /// The store of a profile.
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone(), turn: Arc::default(), in_force: None }
    }

    /// The store of an agent, which works by the config in force.
    pub(crate) fn of_agent(paths: &Paths, in_force: InForce) -> Self {
        Self { in_force: Some(in_force), ..Self::new(paths) }
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn account(&self) -> Result<Option<Account>, TokenError> {
        let this = self.clone();
        let kept = crate::blocking(move || this.read()).await?;
        Ok(kept.map(|kept| kept.account))
    }

    /// Keeps a finished sign-in in place of any other.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn sign_in(&self, sign_in: SignIn) -> Result<(), TokenError> {
        let _turn = self.turn.lock().await;
        let this = self.clone();
        crate::blocking(move || {
            let _lock = this.lock()?;
            this.write(&sign_in)
        })
        .await
    }

    /// Forgets the sign-in, and ends it at the hub as far as the hub can be reached.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn sign_out(&self) -> Result<(), TokenError> {
        let _turn = self.turn.lock().await;
        let this = self.clone();
        let kept = crate::blocking(move || {
            let _lock = this.lock()?;
            let kept = this.read().unwrap_or_default();
            let file = this.file();
            match std::fs::remove_file(&file) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    Err(TokenError::File { file, source })
                }
                Ok(()) | Err(_) => {
                    sync_dir(&this.paths.state_dir).ok();
                    Ok(kept)
                }
            }
        })
        .await?;
        if let Some(kept) = kept {
            self.revoke(&kept).await;
        }
        Ok(())
    }

    /// An access token that is valid for a while, refreshed when needed.
    ///
    /// # Errors
    /// When nobody is signed in, or the hub does not renew it.
    pub async fn token(&self, resource_server: &str) -> Result<Token, TokenError> {
        let _turn = self.turn.lock().await;
        let this = self.clone();
        // Held until the new tokens are written: another process waits for them.
        let (_lock, kept) = crate::blocking(move || {
            let lock = this.lock()?;
            let kept = this.read()?;
            Ok::<_, TokenError>((lock, kept))
        })
        .await?;
        let mut kept = kept.ok_or(TokenError::SignedOut { hub: None })?;
        let hub = kept.account.hub.clone();
        let absent = || TokenError::SignedOut { hub: Some(hub.clone()) };
        let place = kept.tokens.iter().position(|set| set.resource_server == resource_server);
        let place = place.ok_or_else(absent)?;
        if kept.tokens[place].expires < local_now().plus_seconds(FRESH_SECONDS) {
            let refresh = kept.tokens[place].refresh_token.clone().ok_or_else(absent)?;
            kept.tokens[place] = self.refresh(&hub, &refresh).await?;
            let (this, fresh) = (self.clone(), kept.clone());
            crate::blocking(move || this.write(&fresh)).await?;
        }
        let set = &kept.tokens[place];
        Ok(Token { hub, access_token: set.access_token.clone(), expires: set.expires })
    }

    async fn refresh(&self, hub: &str, refresh: &Secret) -> Result<TokenSet, TokenError> {
        let auth = self.auth(hub).await?;
        let token = match auth.refresh(&ApiSecret::new(refresh.expose())).await {
            Ok(token) => token,
            Err(error) if error.is_transient() => return Err(TokenError::Refresh(error)),
            Err(error) => {
                tracing::info!(error = %outport_types::Chain(&error), "the sign-in is over");
                return Err(TokenError::SignedOut { hub: Some(hub.to_owned()) });
            }
        };
        let seconds = i64::try_from(token.expires_in).unwrap_or(i64::MAX);
        Ok(TokenSet {
            resource_server: token.resource_server,
            access_token: Secret::new(token.access_token.expose()),
            refresh_token: token.refresh_token.map(|text| Secret::new(text.expose())),
            expires: local_now().plus_seconds(seconds),
            scope: token.scope,
        })
    }

    async fn revoke(&self, kept: &SignIn) {
        let Ok(auth) = self.auth(&kept.account.hub).await else { return };
        for set in &kept.tokens {
            for token in set.refresh_token.iter().chain([&set.access_token]) {
                if let Err(error) = auth.revoke(&ApiSecret::new(token.expose())).await {
                    tracing::info!(
                        error = %outport_types::Chain(&error),
                        "the hub was not told that the sign-in is over"
                    );
                    return;
                }
            }
        }
    }

    /// How a hub is reached and recognised.
    pub(crate) async fn trust(&self, hub: &HubUrl) -> Result<Trust, Problem> {
        let config = self.in_force.as_ref().map(|config| Arc::clone(&config.borrow()));
        trust::load(&self.paths, config, hub).await
    }

    async fn auth(&self, hub: &str) -> Result<Auth, TokenError> {
        let url: HubUrl = hub.parse().map_err(|_| TokenError::SignedOut { hub: None })?;
        let trust = self.trust(&url).await.map_err(TokenError::Trust)?;
        Auth::new(url, &trust).map_err(TokenError::Refresh)
    }

    fn read(&self) -> Result<Option<SignIn>, TokenError> {
        let file = self.file();
        let failed = |source| TokenError::File { file: file.clone(), source };
        let Some(content) = read_bounded(&file, SIGN_IN_BYTES_MAX).map_err(failed)? else {
            return Ok(None);
        };
        match serde_json::from_slice(&content) {
            Ok(kept) => Ok(Some(kept)),
            Err(error) => {
                tracing::warn!(%error, "the kept sign-in is damaged; sign in again");
                Ok(None)
            }
        }
    }

    fn write(&self, sign_in: &SignIn) -> Result<(), TokenError> {
        let file = self.file();
        let failed = |source| TokenError::File { file: file.clone(), source };
        let content = serde_json::to_vec(sign_in).map_err(|e| failed(io::Error::other(e)))?;
        write_atomic(&file, &content, Readers::Owner).map_err(failed)
    }

    /// Waits for other processes that use the sign-in; ends when the file is dropped.
    fn lock(&self) -> Result<std::fs::File, TokenError> {
        let dir = &self.paths.state_dir;
        let file = dir.join("sign-in.lock");
        let failed = |source| TokenError::File { file: file.clone(), source };
        outport_control::ensure_private_dir(dir).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(&file).map_err(failed)?;
        match lock.lock() {
            // Without locks the worst is a sign-in that must be repeated.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(lock),
            locked => locked.map(|()| lock).map_err(failed),
        }
    }

    fn file(&self) -> PathBuf {
        self.paths.state_dir.join("sign-in.json")
    }
}

impl Bearer for TokenStore {
    fn token<'a>(&'a self, resource_server: &'a str) -> BoxFuture<'a, Result<ApiSecret, Problem>> {
        Box::pin(async move {
            let token =
                Self::token(self, resource_server).await.map_err(|error| error.problem())?;
            Ok(ApiSecret::new(token.access_token.expose()))
        })
    }
}

fn signed_out(hub: Option<&str>) -> Problem {
    Problem::new(Code::SignedOut, [("hub", hub.unwrap_or("HUB").into())])
}

/// How long a token must still be valid to be handed out: longer than a request with its retries.
const FRESH_SECONDS: i64 = 120;
/// A dozen tokens.
const SIGN_IN_BYTES_MAX: usize = 256 * 1024;

/// When tokens end, for those who store a fresh answer of the hub.
pub fn expires_in(seconds: u64) -> UnixTime {
    local_now().plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use outport_control::Profile;

    use super::*;

    #[tokio::test]
    async fn a_sign_in_is_kept_handed_out_and_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        let store = TokenStore::new(&paths);
        assert_eq!(store.account().await.unwrap(), None);
        let absent = store.token("transfer").await.unwrap_err();
        assert_eq!(absent.problem().code, Code::SignedOut);
        store.sign_in(sample(3600)).await.unwrap();
        assert_eq!(store.account().await.unwrap().unwrap().handle, "smith");
        let token = TokenStore::token(&store, "transfer").await.unwrap();
        assert_eq!(token.access_token.expose(), "access");
        assert!(TokenStore::token(&store, "groups").await.is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(store.file()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        store.sign_out().await.unwrap();
        assert_eq!(store.account().await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_old_token_is_not_handed_out_when_the_hub_is_away() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        let store = TokenStore::new(&paths);
        store.sign_in(sample(60)).await.unwrap();
        let error = TokenStore::token(&store, "transfer").await.unwrap_err();
        assert!(matches!(error, TokenError::Refresh(_)), "{error:?}");
        assert!(store.account().await.unwrap().is_some(), "the sign-in stays");
    }

    fn sample(seconds: i64) -> SignIn {
        let account = Account {
            hub: "http://127.0.0.1:1".to_owned(),
            handle: "smith".to_owned(),
            username: "smith@hub".to_owned(),
        };
        let set = TokenSet {
            resource_server: "transfer".to_owned(),
            access_token: Secret::new("access"),
            refresh_token: Some(Secret::new("refresh")),
            expires: local_now().plus_seconds(seconds),
            scope: "all".to_owned(),
        };
        SignIn { account, client_id: "client".to_owned(), tokens: vec![set] }
    }
}
