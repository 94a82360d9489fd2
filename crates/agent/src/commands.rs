//! What the owner can ask for with and without a running agent, in one place: both do the same to
//! the same files.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU16,
    sync::Arc,
};

use outport_control::{
    Folder, FolderTest, KeyPlace, Limits, NewFolder, NewProxy, Paths, ProxyView, Secret, SetUp,
    Settings,
};
use outport_link::{BindError, Endpoint, EndpointOptions};
use outport_protocol::secret::SecretKey;
use outport_types::{Chain, Code, Problem, PublicKey};

use crate::{
    config::{self, Config, EditError, Listen, Ports},
    core::Identity,
    folders, identity, proxy,
    registration::{self, Registration},
    tokens::TokenStore,
};

/// The folders as they are: by the config in force, by the file where no agent runs.
pub(crate) async fn folders(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
) -> Result<Vec<Folder>, Problem> {
    with_config(paths, in_force, |config| Ok(folders::list(config))).await
}

/// What would be allowed at a path, by the same config.
pub(crate) async fn test_folder(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
    path: String,
) -> Result<FolderTest, Problem> {
    with_config(paths, in_force, move |config| folders::test(config, &path)).await
}

/// Shares a folder; answers as [`edited`].
pub(crate) async fn add_folder(
    paths: &Paths,
    folder: NewFolder,
) -> Result<(Config, Vec<Folder>), Problem> {
    edited(paths, move |paths| config::add_folder(paths, &folder)).await
}

/// Stops sharing a folder; answers as [`edited`].
pub(crate) async fn remove_folder(
    paths: &Paths,
    path: String,
) -> Result<(Config, Vec<Folder>), Problem> {
    edited(paths, move |paths| config::remove_folder(paths, &path)).await
}

/// Changes the settings; answers as [`edited`].
pub(crate) async fn save_settings(
    paths: &Paths,
    settings: Settings,
) -> Result<(Config, Vec<Folder>), Problem> {
    edited(paths, move |paths| config::save_settings(paths, &settings)).await
}

/// Changes how fast content may leave and come; answers as [`edited`].
pub(crate) async fn save_limits(
    paths: &Paths,
    limits: Limits,
) -> Result<(Config, Vec<Folder>), Problem> {
    edited(paths, move |paths| config::save_limits(paths, &limits)).await
}

/// Sets the proxy, or without a wish forgets all about it; answers as [`edited`].
pub(crate) async fn save_proxy(
    paths: &Paths,
    wish: Option<NewProxy>,
) -> Result<(Config, Vec<Folder>), Problem> {
    let of = paths.clone();
    let choice = crate::blocking(move || match wish {
        Some(wish) => proxy::keep(&of, &wish),
        None => proxy::forget(&of),
    })
    .await?;
    edited(paths, move |paths| config::save_proxy(paths, &choice)).await
}

/// Which proxy is set and used, by the config in force, or by the file where no agent runs.
pub(crate) async fn proxy(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
) -> Result<ProxyView, Problem> {
    let choice = with_config(paths, in_force, |config| Ok(config.proxy.clone())).await?;
    let of = paths.clone();
    let (kept, hub) = crate::blocking(move || {
        let hub = Registration::load(&of).ok().map(|registration| registration.hub);
        (proxy::kept_login(&of), hub)
    })
    .await;
    let hub = match hub {
        Some(hub) => Some(hub),
        None => {
            let account = TokenStore::new(paths).account().await.unwrap_or_default();
            account.and_then(|account| account.hub.parse().ok())
        }
    };
    let (login, damaged) = kept.map_or_else(|problem| (None, Some(problem)), |kept| (kept, None));
    // Before there is a hub, what holds for most.
    let hub = hub.unwrap_or_else(|| SOME_HUB.parse().expect("the constant is an address"));
    let (used, problem) = match proxy::choose(paths, &choice, &hub).await {
        Ok(way) => (way.map(|way| way.shown()), damaged),
        Err(error) => (None, Some(error.problem())),
    };
    Ok(ProxyView { set: choice.to_string(), login, used, problem })
}

/// How fast content may leave and come, by the config in force, or by the file where no agent runs.
pub(crate) async fn limits(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
) -> Result<Limits, Problem> {
    with_config(paths, in_force, |config| Ok(config.limits.clone())).await
}

/// Changes the config; answers with the config as it is now and the folders.
async fn edited(
    paths: &Paths,
    edit: impl FnOnce(&Paths) -> Result<Config, EditError> + Send + 'static,
) -> Result<(Config, Vec<Folder>), Problem> {
    let paths = paths.clone();
    crate::blocking(move || {
        let config = edit(&paths).map_err(|error| error.problem())?;
        let folders = folders::list(&config);
        Ok((config, folders))
    })
    .await
}

/// Makes this computer no endpoint any more; answers with the name that it had.
pub(crate) async fn forget(paths: &Paths) -> Result<Option<String>, Problem> {
    let paths = paths.clone();
    let forgotten = crate::blocking(move || registration::forget(&paths)).await;
    forgotten.map(|name| name.map(|name| name.to_string())).map_err(|error| error.problem())
}

/// Binds this computer to the endpoint that a setup key names.
pub(crate) async fn set_up(paths: &Paths, key: Secret, place: KeyPlace) -> Result<SetUp, Problem> {
    let dir = paths.state_dir.clone();
    crate::blocking(move || outport_control::ensure_private_dir(&dir)).await.map_err(|error| {
        tracing::warn!(%error, "the state directory cannot be used");
        Problem::new(
            Code::StateUnusable,
            [
                ("path", paths.state_dir.display().to_string().into()),
                ("reason", error.to_string().into()),
            ],
        )
    })?;
    let set_up = registration::set_up(paths, &key, place).await;
    set_up.map(|(_, set_up)| set_up).map_err(|error| {
        tracing::warn!(error = %Chain(&error), "the set-up failed");
        error.problem()
    })
}

/// Keeps the key at another place too; answers with the registration, which still says where it was.
pub(crate) async fn copy_key(paths: &Paths, to: KeyPlace) -> Result<Registration, Problem> {
    let paths = paths.clone();
    crate::blocking(move || {
        let registration = Registration::load(&paths).map_err(|error| error.problem())?;
        let (public, from) = (&registration.key, registration.key_place);
        if from != to {
            identity::copy(&paths, public, from, to).map_err(|error| {
                tracing::warn!(error = %Chain(&error), "the key stays where it is");
                error.problem()
            })?;
        }
        Ok(registration)
    })
    .await
}

/// Removes the key from the place where it is no longer kept.
pub(crate) async fn forget_key(paths: &Paths, public: PublicKey, kept: KeyPlace) {
    let paths = paths.clone();
    let left = match kept {
        KeyPlace::Keyring => KeyPlace::File,
        KeyPlace::File => KeyPlace::Keyring,
    };
    crate::blocking(move || identity::forget(&paths, left, &public)).await;
}

/// Moves the key where no agent runs.
pub(crate) async fn move_key(paths: &Paths, to: KeyPlace) -> Result<(), Problem> {
    let mut registration = copy_key(paths, to).await?;
    registration.key_place = to;
    let public = registration.key;
    let of = paths.clone();
    let saved = crate::blocking(move || registration.save(&of)).await;
    saved.map_err(|error| error.problem())?;
    forget_key(paths, public, to).await;
    Ok(())
}

/// The identity that a profile has: its registration, its key and a socket for its sessions.
pub(crate) async fn load_identity(paths: &Paths, ports: Ports) -> Result<Identity, Problem> {
    let paths = paths.clone();
    let (registration, key) = crate::blocking(move || {
        let registration = Registration::load(&paths).map_err(|error| error.problem())?;
        let key =
            identity::load(&paths, registration.key_place, &registration.key).map_err(|error| {
                tracing::error!(error = %Chain(&error), "the key cannot be used");
                error.problem()
            })?;
        Ok::<_, Problem>((registration, key))
    })
    .await?;
    let (endpoint, missed) = bind(&key, ports).map_err(|error| {
        tracing::error!(error = %Chain(&error), "no UDP socket");
        let reason = Chain(&error).to_string();
        Problem::new(Code::KeyUnavailable, [("reason", reason.into())])
    })?;
    Ok(Identity { registration, key, endpoint, missed })
}

/// A socket for sessions, where the owner wants it; another one with the reason where that cannot be.
fn bind(key: &SecretKey, ports: Ports) -> Result<(Endpoint, Option<Problem>), BindError> {
    let Ports { listen, tcp } = ports;
    let options = EndpointOptions { without_tcp: !tcp, ..EndpointOptions::default() };
    let at = |address| EndpointOptions { address: Some(address), ..options.clone() };
    let at_every_address = |port: NonZeroU16| {
        // A computer without IPv6 has the older kind of socket only.
        [IpAddr::from(Ipv6Addr::UNSPECIFIED), Ipv4Addr::UNSPECIFIED.into()]
            .map(|ip| SocketAddr::new(ip, port.get()))
    };
    let wanted = match listen {
        Listen::Any => return Endpoint::bind(key.clone(), &options).map(|it| (it, None)),
        Listen::At(address) => vec![address],
        Listen::Port(port) => at_every_address(port).to_vec(),
    };
    let mut missed = None;
    for address in &wanted {
        match Endpoint::bind(key.clone(), &at(*address)) {
            Ok(endpoint) => return Ok((endpoint, None)),
            Err(error) => missed = Some(not_there(*address, &error)),
        }
    }
    tracing::warn!(?wanted, "another port is used than the one to listen on");
    let otherwise = EndpointOptions { otherwise_any: true, ..at(wanted[0]) };
    Ok((Endpoint::bind(key.clone(), &otherwise)?, missed))
}

/// What keeps this computer from listening at an address.
fn not_there(address: SocketAddr, error: &BindError) -> Problem {
    let reason = match error {
        BindError::Socket(source) => source.to_string(),
        BindError::SetUp(_) | _ => Chain(error).to_string(),
    };
    let args = [("address", address.to_string().into()), ("reason", reason.into())];
    Problem::new(Code::ListenUnavailable, args)
}

async fn with_config<T: Send + 'static>(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
    work: impl FnOnce(&Config) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let paths = paths.clone();
    crate::blocking(move || match in_force {
        Some(config) => work(&config),
        None => work(&Config::load(&paths).map_err(|error| error.problem())?),
    })
    .await
}

/// A hub that no list of exceptions names.
const SOME_HUB: &str = "https://hub.invalid";
