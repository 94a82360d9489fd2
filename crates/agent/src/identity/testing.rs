//! A keyring in memory, for tests: no system's keyring is touched by any of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use keyring_core::mock::{Cred, Store};
use outport_control::Paths;
use outport_types::PublicKey;

/// A keyring that takes the place of the system's until it is dropped; one test has it at a time.
pub(crate) struct Keyring {
    _turn: MutexGuard<'static, ()>,
}

impl Keyring {
    pub(crate) fn install() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        keyring_core::set_default_store(Store::new().unwrap());
        Self { _turn: turn }
    }

    /// Lets the next use of a key fail, as a keyring does that its owner has not unlocked.
    pub(crate) fn lock_once(&self, paths: &Paths, public: &PublicKey) {
        self.lock_entry_once(&super::user(paths, public));
    }

    /// The same for the place of this name.
    #[expect(clippy::unused_self, reason = "only who has the keyring may lock it")]
    pub(crate) fn lock_entry_once(&self, name: &str) {
        let entry = super::keyring_entry(name).unwrap();
        let cause = Box::from("it is locked");
        let cred: &Cred = entry.as_any().downcast_ref().unwrap();
        cred.set_error(keyring_core::Error::NoStorageAccess(cause));
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        keyring_core::unset_default_store();
    }
}
