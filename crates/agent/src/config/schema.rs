//! The file as it is written, version 1, each field with its documentation.

use std::{
    fmt::Display,
    net::SocketAddr,
    num::{NonZeroU8, NonZeroU16},
    path::{Path, PathBuf},
    str::FromStr,
};

use outport_control::{Days, KeepAwake, LimitRow, Limits, Paths, RelayUse, Settings};
use outport_mover::{rules::RulesError, system_path::from_host};
use outport_types::{Access, RateLimit};
use serde::Deserialize;
use toml::Spanned;

use super::{
    ADVERTISED_MAX, FolderConfig, Listen, Wrong, advertised_address, listen_address, migrate,
    own_dirs,
};
use crate::proxy::{self, ProxyChoice};

/// A field as `docs/config.md` shows it.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static [&'static str],
}

macro_rules! documented {
    ($($(#[doc = $sdoc:literal])+ $(#[derive($extra:ident)])? $(#[serde($($sattr:tt)*)])* $vis:vis struct $name:ident {
        $($(#[doc = $doc:literal])+ $(#[serde($($attr:tt)*)])* $field:ident: $type:ty,)+
    })+) => {$(
        $(#[doc = $sdoc])+
        #[derive(Debug, Deserialize $(, $extra)?)]
        #[serde(deny_unknown_fields)]
        $(#[serde($($sattr)*)])*
        $vis struct $name {
            $($(#[doc = $doc])+ $(#[serde($($attr)*)])* pub(crate) $field: $type,)+
        }

        impl $name {
            /// What the reference says about the table itself.
            pub(crate) const DOC: &'static [&'static str] = &[$($sdoc),+];
            /// The fields in the order of the reference.
            pub(crate) const FIELDS: &'static [Field] =
                &[$(Field { name: stringify!($field), doc: &[$($doc),+] }),+];
        }
    )+};
}

documented! {
    /// Settings that stand at the top of the file, before any `[table]`.
    pub(crate) struct File {
        /// The version of this file's format; `1`. Written by Outport, needed so that later
        /// versions can read old files.
        #[serde(default, rename = "version")]
        version: ReadBefore,
        /// Where `/~/` leads: a directory inside one of the folders.
        /// The first folder unless set; an error for whoever asks when there is no folder.
        #[serde(default)]
        default_directory: Option<Spanned<String>>,
        /// Whether files and directories of your home whose names start with a dot are shared with
        /// the folder that they stand in. `false` unless set, because keys and passwords live there;
        /// a folder of its own shares a single one of them. Where Outport cannot tell which directory is
        /// your home, a file with folders needs `true` here.
        #[serde(default)]
        home_dot_files: bool,
        /// The folders that you share; none unless set. See below.
        #[serde(default)]
        folders: Vec<Folder>,
        /// See below.
        #[serde(default)]
        transfer: Transfer,
        /// See below.
        #[serde(default)]
        network: Network,
        /// See below.
        #[serde(default)]
        limits: LimitsTable,
        /// See below.
        #[serde(default)]
        power: Power,
        /// See below.
        #[serde(default)]
        log: Log,
    }

    /// One table for each folder that you share. What no folder contains, nobody can see.
    /// Where folders stand inside one another, the innermost decides, whatever their order.
    /// `outport folders add` and `outport folders remove` edit these tables.
    pub(crate) struct Folder {
        /// The full path of the directory; it may start with `~/` for your home.
        path: Spanned<String>,
        /// `"read-only"` or `"read-write"`. `"read-only"` unless set.
        #[serde(default = "read_only")]
        access: Access,
        /// Whether you may share it, or something in it, with others. `false` unless set.
        #[serde(default)]
        shareable: bool,
        /// Whether its content moves inside the local network only: between computers of one network,
        /// never through a relay or to anywhere else. Names in it can be listed all the same. `false`
        /// unless set.
        #[serde(default)]
        local_only: bool,
        /// Whether a gateway of your hub may work in it, which is how files are reached with a
        /// browser. `true` unless set.
        #[serde(default = "yes")]
        gateway: bool,
        /// Files and directories in it that stay closed, relative to it or as full paths.
        #[serde(default)]
        deny: Vec<Spanned<String>>,
    }

    /// How much is done at a time.
    #[serde(default)]
    pub(crate) struct Transfer {
        /// Sessions that may run at the same time, 1 to 255; others wait at the hub. `16` unless set.
        sessions_max: NonZeroU8,
        /// Whether transfers that begin from then on give way to other programs of this computer, and to
        /// what else is on the line. `false` unless set; a single transfer can be asked for it too.
        background: bool,
    }

    /// How the hub and other computers are reached.
    #[serde(default)]
    pub(crate) struct Network {
        /// The UDP port for sessions; `0`, which lets the system choose, unless set.
        /// A fixed port is for firewalls that must name it. Read when the agent starts.
        udp_port: u16,
        /// The address and UDP port for sessions, in the place of `udp_port`: `"192.0.2.7:7441"`,
        /// `"0.0.0.0:7441"` for every IPv4 address of the computer, `"[::]:7441"` for IPv6 too. None unless
        /// set. Where it cannot be had the agent says so, takes any other port, and tries again when the
        /// network changes. `outport agent --listen` does the same. Read when the agent starts.
        listen: Option<Spanned<String>>,
        /// Addresses at which other computers reach this one from outside, such as the public address of a
        /// server, or that of a router which forwards a port: `["203.0.113.7:7441"]`. None unless set, 8 at
        /// most. Computers that a transfer connects are told them, and try them with all others; that they
        /// lead to the port of `listen` is for you to see to. `outport agent --advertise` does the same.
        /// In force at once.
        advertise: Vec<Spanned<String>>,
        /// Whether the router is asked for a port that leads to this computer, for as long as files move,
        /// where the router translates addresses and nothing is advertised. `true` unless set. In force
        /// at once. See [network.md](network.md).
        port_mapping: bool,
        /// Whether content may move over TCP to a computer nearby, where that is faster; `true` unless
        /// set. A TCP port is then open for a moment at the start of a transfer, to that computer only.
        /// With `false` on either computer content stays on UDP. Read when the agent starts.
        tcp: bool,
        /// Whether content may go through the relay of the hub, sealed, where the other computer cannot be
        /// reached straight: `"auto"`, `"never"`, or `"only"`, with which computers are not told where this
        /// one is. `"auto"` unless set. Holds for transfers that begin from then on.
        relay: RelayUse,
        /// The proxy on the way to the hub: `"system"`, which is what the environment (`HTTPS_PROXY`,
        /// `ALL_PROXY`, `NO_PROXY`) says and else the operating system; `"none"`; or an address,
        /// `"http://proxy.example.org:3128"` or `"socks5://proxy.example.org:1080"`. `"system"` unless
        /// set. In force at once. User and password are not for this file: `outport proxy set` keeps
        /// them, and edits this line.
        #[serde(default)]
        proxy: Option<Spanned<String>>,
        /// A file with certificates (PEM) to trust beside those of the system, for a hub whose
        /// certificate is not publicly known. None unless set. The environment variable
        /// `OUTPORT_CA_FILE` does the same.
        ca_file: Option<String>,
    }

    /// How fast content may leave and come to this computer, all transfers together. Copies inside
    /// it are not limited. A limit is a number and a unit, `"20 MB/s"` (bytes) or `"8 Mbit/s"`
    /// (bits), at least `"1 KiB/s"`, or `"unlimited"`. Changes are in force at once.
    /// `outport limits` edits this table.
    #[derive(Default)]
    #[serde(default)]
    pub(crate) struct LimitsTable {
        /// For content that leaves. `"unlimited"` unless set.
        upload: Option<Spanned<String>>,
        /// For content that comes. `"unlimited"` unless set.
        download: Option<Spanned<String>>,
        /// For content that goes through a relay or through the hub's HTTPS port, each way, besides the
        /// others and at all times. `"unlimited"` unless set.
        relay: Option<Spanned<String>>,
        /// Times at which other limits hold; none unless set, 200 at most. See below.
        timetable: Vec<TimetableRow>,
    }

    /// One table for each time of the week at which other limits hold. Where several have a moment,
    /// the first decides.
    pub(crate) struct TimetableRow {
        /// The days on which it begins: `"mon-fri"`, `"sat,sun"`. Every day unless set.
        #[serde(default)]
        days: Option<Spanned<String>>,
        /// When it begins, by this computer's clock: `"08:30"`.
        from: Spanned<String>,
        /// When it ends. If that is not after its beginning, it ends on the next day.
        to: Spanned<String>,
        /// For content that leaves. `"unlimited"` unless set.
        #[serde(default)]
        upload: Option<Spanned<String>>,
        /// For content that comes. `"unlimited"` unless set.
        #[serde(default)]
        download: Option<Spanned<String>>,
    }

    /// When work stops by itself, and whether the computer stays awake for it.
    #[derive(Default)]
    #[serde(default)]
    pub(crate) struct Power {
        /// Whether work stops while the computer runs on its battery, and goes on by itself.
        /// `false` unless set.
        pause_on_battery: bool,
        /// Whether work stops while the network counts what it carries, such as a phone's, and goes
        /// on by itself. `false` unless set.
        pause_on_metered: bool,
        /// Whether the computer is kept from falling asleep by itself while files move: `"never"`,
        /// `"on-mains"` or `"always"`. `"on-mains"` unless set.
        keep_awake: Awake,
    }

    /// What the agent writes down about its work.
    #[derive(Default)]
    #[serde(default)]
    pub(crate) struct Log {
        /// `"error"`, `"warn"`, `"info"` or `"debug"`; `"info"` unless set.
        /// Names of files and addresses of computers appear with `"debug"` only.
        level: LogLevel,
    }
}

/// The version, which was looked at before the rest was read.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "i64")]
pub(crate) struct ReadBefore;

impl From<i64> for ReadBefore {
    fn from(_: i64) -> Self {
        Self
    }
}

/// When the computer is kept awake, as the file spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Awake {
    Never,
    #[default]
    OnMains,
    Always,
}

impl Awake {
    /// The spelling of a setting.
    pub(super) const fn word(setting: KeepAwake) -> &'static str {
        match setting {
            KeepAwake::Never => "never",
            KeepAwake::OnMains => "on-mains",
            KeepAwake::Always => "always",
        }
    }
}

impl From<Awake> for KeepAwake {
    fn from(awake: Awake) -> Self {
        match awake {
            Awake::Never => Self::Never,
            Awake::OnMains => Self::OnMains,
            Awake::Always => Self::Always,
        }
    }
}

impl File {
    /// What the owner set beside folders and limits.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            pause_on_battery: self.power.pause_on_battery,
            pause_on_metered: self.power.pause_on_metered,
            keep_awake: self.power.keep_awake.into(),
            background: self.transfer.background,
            relay: self.network.relay,
            port_mapping: self.network.port_mapping,
        }
    }
}

/// How much the log says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What stopped something from working.
    Error,
    /// And what was unexpected.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And to which file and from where.
    Debug,
}

impl LogLevel {
    /// The word for it in filters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            udp_port: 0,
            listen: None,
            advertise: Vec::new(),
            port_mapping: true,
            tcp: true,
            relay: RelayUse::default(),
            proxy: None,
            ca_file: None,
        }
    }
}

impl Default for Transfer {
    fn default() -> Self {
        Self { sessions_max: SESSIONS_MAX, background: false }
    }
}

impl Network {
    /// What is said about the proxy.
    pub(super) fn proxy(&self) -> Result<ProxyChoice, Wrong> {
        let Some(text) = &self.proxy else { return Ok(ProxyChoice::default()) };
        text.get_ref().parse().map_err(|error| Wrong {
            offset: text.span().start,
            // The text is not repeated, because it may hold a password.
            reason: format!("`proxy` cannot be used: {}", proxy::told(&error)),
        })
    }

    /// Where the socket for sessions listens.
    pub(super) fn listen(&self) -> Result<Listen, Wrong> {
        match (&self.listen, NonZeroU16::new(self.udp_port)) {
            (None, None) => Ok(Listen::Any),
            (None, Some(port)) => Ok(Listen::Port(port)),
            (Some(listen), None) => read_with(listen, listen_address).map(Listen::At),
            (Some(listen), Some(_)) => Err(Wrong {
                offset: listen.span().start,
                reason: "`listen` names a port already: take `udp_port` out".to_owned(),
            }),
        }
    }

    /// Where others reach this computer.
    pub(super) fn advertise(&self) -> Result<Vec<SocketAddr>, Wrong> {
        if let Some(surplus) = self.advertise.get(ADVERTISED_MAX) {
            let reason = format!("`advertise` has more than {ADVERTISED_MAX} addresses");
            return Err(Wrong { offset: surplus.span().start, reason });
        }
        self.advertise.iter().map(|text| read_with(text, advertised_address)).collect()
    }
}

impl LimitsTable {
    pub(super) fn check(&self) -> Result<Limits, Wrong> {
        if let Some(row) = self.timetable.get(Limits::ROWS_MAX) {
            let reason = format!("the timetable has more than {} rows", Limits::ROWS_MAX);
            return Err(Wrong { offset: row.from.span().start, reason });
        }
        let rows = self.timetable.iter().map(|row| {
            Ok(LimitRow {
                days: row.days.as_ref().map_or_else(|| Ok(Days::all()), read_as)?,
                from: read_as(&row.from)?,
                to: read_as(&row.to)?,
                upload: rate(row.upload.as_ref())?,
                download: rate(row.download.as_ref())?,
            })
        });
        Ok(Limits {
            upload: rate(self.upload.as_ref())?,
            download: rate(self.download.as_ref())?,
            relay: rate(self.relay.as_ref())?,
            timetable: rows.collect::<Result<_, _>>()?,
        })
    }
}

fn rate(text: Option<&Spanned<String>>) -> Result<Option<RateLimit>, Wrong> {
    match text {
        Some(text) if text.get_ref().trim() != UNLIMITED => read_as(text).map(Some),
        Some(_) | None => Ok(None),
    }
}

/// Reads a text of the file as what it shall be.
fn read_as<T: FromStr<Err: Display>>(text: &Spanned<String>) -> Result<T, Wrong> {
    read_with(text, str::parse)
}

fn read_with<T, E: Display>(
    text: &Spanned<String>,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Wrong> {
    read(text.get_ref()).map_err(|error| Wrong {
        offset: text.span().start,
        reason: format!("`{}`: {error}", text.get_ref()),
    })
}

/// Reads the file in whatever version it is.
pub(super) fn read(text: &str) -> Result<File, Wrong> {
    let wrong = |error: toml::de::Error| Wrong {
        offset: error.span().map_or(0, |span| span.start),
        reason: error.message().replace('\n', " "),
    };
    let version = migrate::version_of(text)?;
    match migrate::to_newest(text, version)? {
        None => toml::from_str(text).map_err(wrong),
        // The lines of an older file are not those of its newer form; line 1 is the best to say.
        Some(newer) => toml::from_str(&newer).map_err(|error| Wrong { offset: 0, ..wrong(error) }),
    }
}

impl Folder {
    pub(super) fn check(&self, home: Option<&Path>, paths: &Paths) -> Result<FolderConfig, Wrong> {
        let path = full_path(&self.path, home)?;
        if own_dirs(paths).iter().any(|own| path.starts_with(own)) {
            return Err(Wrong {
                offset: self.path.span().start,
                reason: "Outport's own files cannot be shared".to_owned(),
            });
        }
        let mut deny = Vec::new();
        for entry in &self.deny {
            let text = entry.get_ref();
            let denied = expand(text, home).unwrap_or_else(|| path.join(text));
            let wrong = |reason: &str| Wrong {
                offset: entry.span().start,
                reason: format!("`{text}` {reason}"),
            };
            // Read as the mover reads it, so that `..` and the like are found here, with a line.
            from_host(&denied).map_err(|error| wrong(&error.to_string()))?;
            if denied == path || !denied.starts_with(&path) {
                return Err(wrong("is not inside the folder"));
            }
            deny.push(denied);
        }
        Ok(FolderConfig {
            path,
            access: self.access,
            shareable: self.shareable,
            local_only: self.local_only,
            gateway: self.gateway,
            deny,
        })
    }
}

/// A full path as the file has it, `~` meant as the home.
pub(super) fn full_path(text: &Spanned<String>, home: Option<&Path>) -> Result<PathBuf, Wrong> {
    let wrong = |reason: String| Wrong { offset: text.span().start, reason };
    let path = expand(text.get_ref(), home)
        .ok_or_else(|| wrong(format!("`{}` is not a full path", text.get_ref())))?;
    from_host(&path).map_err(|error| wrong(format!("`{}`: {error}", text.get_ref())))?;
    Ok(path)
}

/// Where in the file a rule stands that cannot be.
pub(super) fn place_of(file: &File, error: &RulesError, home: Option<&Path>) -> usize {
    let spelled =
        |text: &Spanned<String>| full_path(text, home).ok().and_then(|path| from_host(&path).ok());
    match error {
        RulesError::DefaultNotShared { .. } => {
            file.default_directory.as_ref().map_or(0, |text| text.span().start)
        }
        RulesError::Twice { path } => file
            .folders
            .iter()
            .rev()
            .find(|folder| spelled(&folder.path).as_ref() == Some(path))
            .map_or(0, |folder| folder.path.span().start),
        // Paths were read one by one before, so nothing else is left to be wrong.
        RulesError::BadPath { .. } | _ => 0,
    }
}

fn expand(text: &str, home: Option<&Path>) -> Option<PathBuf> {
    let below_home = match text {
        "~" => Some(""),
        _ => text.strip_prefix("~/"),
    };
    let path = match below_home {
        Some(rest) => home?.join(rest),
        None => PathBuf::from(text),
    };
    path.is_absolute().then(|| path.components().collect())
}

const fn read_only() -> Access {
    Access::ReadOnly
}

const fn yes() -> bool {
    true
}

/// No limit, as the file spells it.
pub(super) const UNLIMITED: &str = "unlimited";
/// Enough to keep a fast link busy with small tasks, few enough for a laptop.
const SESSIONS_MAX: NonZeroU8 = NonZeroU8::new(16).expect("16 is not zero");
