//! What the owner decides, in a file that they may edit: `config.toml`.
//!
//! A file is taken whole or not at all. What is wrong with it is said with its line, and the rules
//! that were in force stay. Commands edit the same file and leave comments where they are.

mod addresses;
mod edit;
mod migrate;
mod reference;
mod schema;
mod watch;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use outport_control::{Limits, Paths, RelayUse, Settings};
use outport_mover::rules::{FolderRule, RuleList, Rules};
use outport_types::{Access, Code, Problem};

pub use self::{
    addresses::{ADVERTISED_MAX, AddressError, Listen, advertised_address, listen_address},
    reference::reference,
    schema::LogLevel,
};
pub(crate) use self::{
    edit::{
        EditError, add_folder, host_path, remove_folder, save_limits, save_proxy, save_settings,
    },
    schema::Awake,
    watch::watch,
};
use crate::{files::read_bounded, proxy::ProxyChoice};

/// What sessions run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Where the UDP socket listens.
    pub listen: Listen,
    /// Whether content may move over TCP to a computer nearby.
    pub tcp: bool,
}

impl Default for Ports {
    fn default() -> Self {
        Self { listen: Listen::Any, tcp: true }
    }
}

/// The settings in force, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folders that the owner shares, in the order of the file.
    pub folders: Vec<FolderConfig>,
    /// Where `/~/` leads, when it is set.
    pub default_directory: Option<PathBuf>,
    /// Whether hidden files of the home are shared like everything else in a folder.
    pub home_dot_files: bool,
    /// Sessions that may run at the same time.
    pub sessions_max: usize,
    /// What sessions run on.
    pub ports: Ports,
    /// Where other computers reach this one, as far as the owner says.
    pub advertise: Vec<SocketAddr>,
    /// What is said about the proxy on the way to the hub.
    pub proxy: ProxyChoice,
    /// Certificates to trust beside the system's, when the hub's is not publicly known.
    pub ca_file: Option<PathBuf>,
    /// When work stops by itself, and whether the computer stays awake for it.
    pub settings: Settings,
    /// How fast content may leave and come.
    pub limits: Limits,
    /// How much the log says.
    pub log_level: LogLevel,
    /// The file as it was, to tell whether it changed.
    text: Arc<str>,
    /// The rules for sessions with people's computers.
    pub rules: Rules,
    /// The rules for sessions that leave the local network.
    pub far_rules: Rules,
    /// The rules for sessions with a gateway of the hub.
    pub gateway_rules: Rules,
}

/// The config that an agent works by, now and whenever it changes.
pub(crate) type InForce = tokio::sync::watch::Receiver<Arc<Config>>;

/// A folder as the file has it, with full paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderConfig {
    /// Where it is.
    pub path: PathBuf,
    /// What may be done in it.
    pub access: Access,
    /// Whether guest collections may be made of it.
    pub shareable: bool,
    /// Whether its content moves inside the local network only.
    pub local_only: bool,
    /// Whether gateways of the hub may work in it.
    pub gateway: bool,
    /// What below it is refused.
    pub deny: Vec<PathBuf>,
}

/// Why a file cannot be the config.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read `{}`", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in it is wrong.
    #[error("`{}`, line {line}: {reason}", file.display())]
    Wrong {
        /// Which file.
        file: PathBuf,
        /// Where, from 1.
        line: u64,
        /// What, for the person who edits it.
        reason: String,
    },
}

impl ConfigError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        let (file, line, reason) = match self {
            Self::Read { file, source } => (file, 0, source.to_string()),
            Self::Wrong { file, line, reason } => (file, *line, reason.clone()),
        };
        let file = file.display().to_string();
        Problem::new(
            Code::BadConfig,
            [("file", file.into()), ("line", line.into()), ("reason", reason.into())],
        )
    }
}

impl Config {
    /// Reads the config of a profile; without a file everything is as by default, and nothing is
    /// shared.
    ///
    /// # Errors
    /// When the file cannot be read or anything in it is wrong.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        let file = config_file(paths);
        let content = read_bounded(&file, CONFIG_BYTES_MAX)
            .map_err(|source| ConfigError::Read { file: file.clone(), source })?
            .unwrap_or_default();
        let text = String::from_utf8(content).map_err(|error| ConfigError::Wrong {
            file: file.clone(),
            line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
            reason: "the file is not UTF-8 text".to_owned(),
        })?;
        Self::parse(&text, paths, home().as_deref()).map_err(|wrong| ConfigError::Wrong {
            file,
            line: line_of(text.as_bytes(), wrong.offset),
            reason: wrong.reason,
        })
    }

    /// What holds while there is no config that could be read.
    pub(crate) fn nothing_shared(paths: &Paths) -> Self {
        Self::parse("", paths, home().as_deref()).unwrap_or_else(|_| Self {
            folders: Vec::new(),
            default_directory: None,
            home_dot_files: false,
            sessions_max: 1,
            ports: Ports::default(),
            advertise: Vec::new(),
            proxy: ProxyChoice::default(),
            ca_file: None,
            settings: Settings {
                relay: RelayUse::Never,
                port_mapping: false,
                ..Settings::default()
            },
            limits: Limits::default(),
            log_level: LogLevel::Info,
            text: Arc::default(),
            rules: Rules::default(),
            far_rules: Rules::default(),
            gateway_rules: Rules::default(),
        })
    }

    /// Whether both were read from the same text.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.text == other.text
    }

    fn parse(text: &str, paths: &Paths, home: Option<&Path>) -> Result<Self, Wrong> {
        let file = schema::read(text)?;
        let schema::ReadBefore = file.version;
        let mut folders = Vec::new();
        for folder in &file.folders {
            folders.push(folder.check(home, paths)?);
        }
        let set_default = file.default_directory.as_ref();
        let default_directory =
            set_default.map(|path| schema::full_path(path, home)).transpose()?;
        if let (None, false, Some(folder)) = (home, file.home_dot_files, file.folders.first()) {
            let reason = "the home directory of this user is not known, so its hidden files cannot be protected; set HOME, or write `home_dot_files = true`";
            return Err(Wrong { offset: folder.path.span().start, reason: reason.to_owned() });
        }
        let list =
            |whose| rule_list(&folders, default_directory.as_ref(), &file, paths, home, whose);
        let check = |list: RuleList| {
            Rules::new(&list).map_err(|error| {
                let message = outport_types::Chain(&error).to_string();
                let place = schema::place_of(&file, &error, home);
                Wrong { offset: place, reason: message }
            })
        };
        let (limits, settings) = (file.limits.check()?, file.settings());
        let proxy = file.network.proxy()?;
        let listen = file.network.listen()?;
        let advertise = file.network.advertise()?;
        let rules = check(list(Whose::Near))?;
        let far_rules = check(list(Whose::Far))?;
        let gateway_rules = check(list(Whose::Gateway))?;
        Ok(Self {
            default_directory,
            home_dot_files: file.home_dot_files,
            sessions_max: usize::from(file.transfer.sessions_max.get()),
            ports: Ports { listen, tcp: file.network.tcp },
            advertise,
            proxy,
            ca_file: file.network.ca_file.map(PathBuf::from),
            settings,
            limits,
            log_level: file.log.level,
            text: text.into(),
            folders,
            rules,
            far_rules,
            gateway_rules,
        })
    }
}

/// Where the config of a profile is.
pub fn config_file(paths: &Paths) -> PathBuf {
    paths.config_dir.join("config.toml")
}

/// What is wrong, and at which byte.
#[derive(Debug)]
pub(crate) struct Wrong {
    offset: usize,
    reason: String,
}

/// Whose sessions rules are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Of computers in the same network, and of this one with itself.
    Near,
    /// Of computers elsewhere.
    Far,
    /// Of gateways, which are elsewhere too.
    Gateway,
}

impl FolderConfig {
    fn is_open_to(&self, whose: Whose) -> bool {
        match whose {
            Whose::Near => true,
            Whose::Far => !self.local_only,
            Whose::Gateway => self.gateway && !self.local_only,
        }
    }
}

/// The rules as the mover takes them. The agent's own files are denied whatever the owner shares:
/// whoever could read the key would be this computer.
fn rule_list(
    folders: &[FolderConfig],
    default_directory: Option<&PathBuf>,
    file: &schema::File,
    paths: &Paths,
    home: Option<&Path>,
    whose: Whose,
) -> RuleList {
    let mut list = RuleList {
        dot_files_of: home.filter(|_| !file.home_dot_files).map(Path::to_owned),
        ..RuleList::default()
    };
    for folder in folders {
        if !folder.is_open_to(whose) {
            let closed = match whose {
                Whose::Far => &mut list.near_only,
                // It is never near, so nothing would ever come along.
                Whose::Near | Whose::Gateway => &mut list.denied,
            };
            closed.push(folder.path.clone());
        } else {
            list.folders.push(FolderRule {
                path: folder.path.clone(),
                access: folder.access,
                shareable: folder.shareable,
            });
        }
        list.denied.extend(folder.deny.iter().cloned());
    }
    for own in own_dirs(paths) {
        if ![&list.denied, &list.near_only].into_iter().any(|paths| paths.contains(&own)) {
            list.denied.push(own);
        }
    }
    // Who may not go to the directory behind it has no `/~/`.
    let open = |path: &PathBuf| list.folders.iter().any(|folder| path.starts_with(&folder.path));
    list.default_directory =
        default_directory.filter(|path| whose == Whose::Near || open(path)).cloned();
    list
}

/// Outport's own directories, of other profiles too, as they are really called.
pub(crate) fn own_dirs(paths: &Paths) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    let own = [&paths.config_dir, &paths.state_dir, &paths.runtime_dir];
    for dir in own.into_iter().chain(&paths.roots) {
        for dir in [dir.clone(), canonical(dir).unwrap_or_else(|_| dir.clone())] {
            if !dirs.contains(&dir) {
                dirs.push(dir);
            }
        }
    }
    dirs
}

/// The one real path of something that exists.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    // Windows would answer with its `\\?\` form, which no person writes.
    #[cfg(windows)]
    return dunce::canonicalize(path);
    #[cfg(not(windows))]
    std::fs::canonicalize(path)
}

/// The home of the user who runs this, as it is really called.
pub(crate) fn home() -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| home.is_absolute())?;
    Some(canonical(&home).unwrap_or(home))
}

fn line_of(text: &[u8], offset: usize) -> u64 {
    let before = &text[..offset.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1
}

/// A thousand folders with their rules; more is not a config.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
