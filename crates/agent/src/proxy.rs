//! Which way goes to the hub: straight, or through a proxy. The one place that decides, for the
//! control channel, for every request of the API and for the checks.
//!
//! What the config says counts first: an address, `none`, or `system`, which is the default and asks
//! the environment and then the operating system. A hub on this computer is never looked for behind
//! a proxy. User and password are kept apart from the config, for one proxy: no other one is told.

mod login;
mod system;

use std::{env, str::FromStr};

use outport_api::client::{HubUrl, Proxy, ProxyAddress, ProxyAddressError, ProxyLogin};
use outport_control::{KeptLogin, KeyPlace, NewProxy, Paths, ProxySource, ProxyUse};
use outport_types::{Code, Problem};

pub(crate) use self::login::LoginError;
use self::{login::KeptFile, system::SystemProxies};
use crate::registration::Registration;

/// What the config says about the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// What environment and operating system say.
    #[default]
    System,
    /// Straight, whatever they say.
    None,
    /// This one.
    Address(ProxyAddress),
}

/// A proxy, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) proxy: Proxy,
    pub(crate) source: ProxySource,
}

/// Why nobody can say which way goes to the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum WayError {
    #[error("what {named} names is no proxy")]
    Address { named: &'static str, source: ProxyAddressError },
    #[error("user and password for {proxy} cannot be had")]
    Login { proxy: ProxyAddress, source: LoginError },
}

impl WayError {
    /// What a person is told.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Address { named, source } => bad_proxy(named, &source.to_string()),
            Self::Login { proxy, source } => source.problem(proxy),
        }
    }
}

impl Way {
    /// The same without the password.
    pub(crate) fn shown(&self) -> ProxyUse {
        ProxyUse {
            address: self.proxy.address.to_string(),
            user: self.proxy.login.as_ref().map(|login| login.user.clone()),
            source: self.source,
        }
    }
}

/// The proxy for a hub; nothing where the way is straight. It waits for the keyring and for the
/// operating system.
pub(crate) async fn choose(
    paths: &Paths,
    choice: &ProxyChoice,
    hub: &HubUrl,
) -> Result<Option<Way>, WayError> {
    let named = match choice {
        _ if hub.is_loopback() => None,
        ProxyChoice::None => None,
        ProxyChoice::Address(address) => {
            let proxy = Proxy { address: address.clone(), login: None };
            Some(Way { proxy, source: ProxySource::Config })
        }
        ProxyChoice::System => {
            let system = SystemProxies::of_this_computer();
            system::named(hub, |name| env::var(name).ok(), system).await?
        }
    };
    let Some(mut way) = named else {
        tracing::debug!(%hub, "the way to the hub is straight");
        return Ok(None);
    };
    if way.proxy.login.is_none() {
        let (paths, address) = (paths.clone(), way.proxy.address.clone());
        let login = crate::blocking(move || login::load(&paths, &address)).await;
        let failed = |source| WayError::Login { proxy: way.proxy.address.clone(), source };
        way.proxy.login = login.map_err(failed)?;
    }
    tracing::debug!(%hub, proxy = %way.proxy.address, "the way to the hub goes through a proxy");
    Ok(Some(way))
}

/// For which proxy a login is kept.
pub(crate) fn kept_login(paths: &Paths) -> Result<Option<KeptLogin>, Problem> {
    let kept = KeptFile::load(paths).map_err(|error| error.problem_of_file(paths))?;
    Ok(kept.map(|kept| kept.shown()))
}

/// Checks what shall be set, and keeps the login that belongs to it. What is kept for a proxy stays
/// while none is named or the system names one, so that it counts where the system names that proxy.
pub(crate) fn keep(paths: &Paths, wish: &NewProxy) -> Result<ProxyChoice, Problem> {
    let choice: ProxyChoice = wish.proxy.parse().map_err(|error: ProxyAddressError| {
        bad_proxy(&without_login(&wish.proxy), &told(&error))
    })?;
    let (ProxyChoice::Address(address), user) = (&choice, &wish.user) else {
        return match wish.user {
            Some(_) => Err(bad_proxy(&wish.proxy, "only an address can have a user")),
            None => Ok(choice),
        };
    };
    let failed = |source: LoginError| source.problem(address);
    let Some(user) = user else {
        login::forget(paths).map_err(failed)?;
        return Ok(choice);
    };
    let password = match &wish.password {
        Some(password) => outport_api::Secret::new(password.expose()),
        None => match login::load(paths, address).map_err(failed)? {
            Some(kept) if kept.user == *user => kept.password,
            Some(_) | None => {
                let reason = format!("the user `{user}` needs a password");
                return Err(bad_proxy(&address.to_string(), &reason));
            }
        },
    };
    let login = ProxyLogin::new(user.clone(), password)
        .map_err(|error| bad_proxy(&address.to_string(), &error.to_string()))?;
    login::keep(paths, address, &login, place(paths, wish.place)).map_err(failed)?;
    Ok(choice)
}

/// Forgets what was kept, and goes back to what the system says.
pub(crate) fn forget(paths: &Paths) -> Result<ProxyChoice, Problem> {
    login::forget(paths).map_err(|error| error.problem_of_file(paths))?;
    Ok(ProxyChoice::default())
}

/// Where a password is kept: where the owner says, else where the computer's key is.
fn place(paths: &Paths, wished: Option<KeyPlace>) -> KeyPlace {
    let of_key = || Registration::load(paths).ok().map(|registration| registration.key_place);
    wished.or_else(of_key).unwrap_or(KeyPlace::File)
}

/// What was typed as an address, without what may be a password in it.
fn without_login(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{}", host.trim()),
        None => text.trim().to_owned(),
    }
}

/// What is wrong with an address, and for a login, where it belongs.
pub(crate) fn told(error: &ProxyAddressError) -> String {
    if *error == ProxyAddressError::Login {
        return format!("{error}; set them with `outport proxy set ADDRESS --user NAME`");
    }
    error.to_string()
}

fn bad_proxy(address: &str, reason: &str) -> Problem {
    Problem::new(Code::BadProxy, [("address", address.into()), ("reason", reason.into())])
}

impl FromStr for ProxyChoice {
    type Err = ProxyAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "system" => Ok(Self::System),
            "none" => Ok(Self::None),
            address => address.parse().map(Self::Address),
        }
    }
}

impl std::fmt::Display for ProxyChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::None => f.write_str("none"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
