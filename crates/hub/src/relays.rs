//! Relays on other computers than the hub's: the key that both share, the passes that the hub makes
//! with it, and the program that runs one.

mod alone;
mod key;
mod ledger;

use outport_protocol::{
    control::RelayOffer,
    relay::{RelayPass, RelayToken},
};
use outport_relay::Relay;
use outport_types::{AccountId, SessionId};

pub(crate) use self::ledger::Ledger;
pub use self::{
    alone::{LoneRelay, LoneRelayError, LoneRelayOptions},
    key::RelayKeyError,
};
use crate::{clock::Clock, config::OtherRelay};

/// What sessions are offered to be relayed by.
#[derive(Clone, Debug)]
pub(crate) struct Relays {
    /// The hub's own.
    pub(crate) own: Relay,
    /// How agents reach that, `HOST:PORT`.
    pub(crate) address: Option<String>,
    others: Vec<Other>,
    clock: Clock,
}

/// One that does not hear from the hub.
#[derive(Clone)]
pub(crate) struct Other {
    address: String,
    key: [u8; 32],
}

impl Relays {
    pub(crate) fn new(
        own: Relay,
        address: Option<String>,
        others: Vec<Other>,
        clock: Clock,
    ) -> Self {
        Self { own, address, others, clock }
    }

    /// How agents reach each of them, `HOST:PORT`.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let own = self.address.iter().filter(|_| self.own.is_on());
        own.chain(self.others.iter().map(|other| &other.address)).cloned().collect()
    }

    /// Lets both sides of a session in at the own relay; what they are told of all of them.
    pub(crate) async fn open(&self, session: SessionId, owner: AccountId) -> Vec<RelayOffer> {
        self.open_for(session, owner, PASS_SECONDS).await
    }

    /// The same with passes for so many seconds.
    pub(crate) async fn open_for(
        &self,
        session: SessionId,
        owner: AccountId,
        seconds: u64,
    ) -> Vec<RelayOffer> {
        let mut offers = Vec::with_capacity(1 + self.others.len());
        if let Some(address) = &self.address
            && let Some(token) = self.own.open(session, owner).await
        {
            offers.push(RelayOffer { address: address.clone(), token, pass: None });
        }
        let now = u64::try_from(self.clock.now().millis() / 1000).unwrap_or_default();
        for Other { address, key } in &self.others {
            let pass = RelayPass::new(key, owner, now + seconds);
            let token = RelayToken::of_pass(key, session, &pass);
            offers.push(RelayOffer { address: address.clone(), token, pass: Some(pass) });
        }
        offers
    }
}

impl Other {
    /// Reads its key.
    pub(crate) fn read(config: &OtherRelay) -> Result<Self, RelayKeyError> {
        Ok(Self { address: config.address.clone(), key: key::read(&config.key)? })
    }
}

impl std::fmt::Debug for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Other").field("address", &self.address).finish_non_exhaustive()
    }
}

/// For how long one pass lets a session in. What goes on for longer looks for its way anew.
const PASS_SECONDS: u64 = 24 * 60 * 60;
