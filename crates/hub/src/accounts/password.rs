//! Passwords: what is accepted, and how they are kept.

use std::{fmt, sync::Arc, time::Duration};

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

/// Checks and hashes passwords with Argon2id, on threads of their own and few at a time.
#[derive(Debug)]
pub(crate) struct Passwords {
    permits: Arc<Semaphore>,
    /// Verified when the account is unknown, so that both cases take as long.
    decoy: tokio::sync::OnceCell<String>,
}

/// A password that somebody typed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    #[error("this password is too easy to guess")]
    TooSimple,
    #[error("the hub is checking too many passwords; try again in a moment")]
    Busy,
    #[error("the password could not be processed")]
    Failed,
}

impl Password {
    /// Wraps what somebody typed to prove who they are.
    pub fn typed(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// Checks what somebody chose as the new password of `handle`.
    ///
    /// # Errors
    /// When it is too short, too long or too simple.
    pub fn chosen(text: &str, handle: &str) -> Result<Self, PasswordError> {
        if PASSWORD_BYTES_MAX < text.len() {
            return Err(PasswordError::TooLong);
        }
        if text.chars().count() < PASSWORD_CHARS_MIN {
            return Err(PasswordError::TooShort);
        }
        let plain = text.to_lowercase();
        let mut letters: Vec<char> = plain.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        let named = 4 <= handle.len() && plain.replace(handle, "").chars().count() < 4;
        if letters.len() < 4 || named || COMMON.contains(&plain.as_str()) {
            return Err(PasswordError::TooSimple);
        }
        Ok(Self::typed(text))
    }
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(PARALLEL)), decoy: tokio::sync::OnceCell::new() }
    }

    /// Hashes a new password.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        let permit = self.permit().await?;
        let work = move || {
            // Held by the work itself, which runs on when whoever asked has gone.
            let _permit = permit;
            let hash = Argon2::default().hash_password(password.0.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Failed)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(PasswordError::Failed))
    }

    /// Whether the password is the one that was hashed to `stored`; never, if there is none.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        if PASSWORD_BYTES_MAX < password.0.len() {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = match stored {
            Some(stored) => stored,
            None => {
                let decoy = || self.hash(Password::typed("an account that does not exist"));
                self.decoy.get_or_try_init(decoy).await?.clone()
            }
        };
        let permit = self.permit().await?;
        let work = move || {
            let _permit = permit;
            Argon2::default().verify_password(password.0.as_bytes(), stored.as_str())
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => Ok(known && result.is_ok()),
            Err(_) => Err(PasswordError::Failed),
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, PasswordError> {
        let permits = Arc::clone(&self.permits);
        let waiting = tokio::time::timeout(PERMIT_TIMEOUT, permits.acquire_owned());
        waiting.await.ok().and_then(Result::ok).ok_or(PasswordError::Busy)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// The least that current advice (NIST SP 800-63B) allows, and two more.
const PASSWORD_CHARS_MIN: usize = 10;
/// Room for any passphrase; bounds the work of hashing.
const PASSWORD_BYTES_MAX: usize = 512;
/// What people type when a form wants ten characters.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "password12",
    "password123",
    "password1234",
    "qwertyuiop",
    "qwerty12345",
    "azertyuiop",
    "motdepasse",
    "motdepasse1",
    "1q2w3e4r5t",
    "iloveyou12",
    "administrator",
    "changeme12",
    "changeme123",
];
/// Hashes at the same time: each takes 19 MiB and most of a core for some 20 ms.
const PARALLEL: usize = 2;
/// How long a sign-in waits for its turn.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_passwords_are_refused() {
        let check = |text: &str| Password::chosen(text, "smith").map(|_| ());
        assert_eq!(check("short"), Err(PasswordError::TooShort));
        assert_eq!(check(&"xyzw".repeat(200)), Err(PasswordError::TooLong));
        for simple in ["aaaaaaaaaaaa", "Password123", "smithsmith12", "1212121212"] {
            assert_eq!(check(simple), Err(PasswordError::TooSimple), "{simple}");
        }
        assert_eq!(check("harbour chart ink"), Ok(()));
    }

    #[tokio::test]
    async fn a_password_verifies_against_its_hash_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash(Password::typed("harbour chart ink")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let verify = |text: &'static str, stored| passwords.verify(Password::typed(text), stored);
        assert_eq!(verify("harbour chart ink", Some(hash.clone())).await, Ok(true));
        assert_eq!(verify("harbour chart", Some(hash)).await, Ok(false));
        assert_eq!(verify("harbour chart ink", None).await, Ok(false));
        assert_eq!(verify("an account that does not exist", None).await, Ok(false));
    }
}
