//! The hub's settings and the layers they come from.
//!
//! Defaults, below the TOML file, below environment variables, below flags.
//! An environment variable is `OUTPORT_HUB_` and the field's name in capitals;
//! fields of a table follow two underscores, as in `OUTPORT_HUB_TOKENS__ACCESS_SECONDS`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use outport_protocol::control::RELAYS_MAX;
use outport_relay::RelayLimits;
use serde::{Deserialize, Serialize};
use url::Url;

/// Everything that can be set about a hub; the comments are the documentation of the file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HubConfig {
    /// The directory of the database and of the private keys.
    /// Default: the platform's data directory, such as `~/.local/share/outport/hub`.
    pub data: PathBuf,
    /// The address and TCP port for HTTP and WebSocket. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How browsers and agents reach this hub: `https://hub.example.org`.
    /// Default: built from `listen`, which is right on one computer only.
    pub public_url: Option<Url>,
    /// The name that pages show.
    pub name: String,
    /// The part after the `@` of local identities. Default: the host of `public_url`.
    /// Identities keep the domain that they were made with.
    pub identity_domain: Option<String>,
    /// The certificate chain for TLS, a PEM file. Needs `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// The private key for TLS, a PEM file. Needs `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Says that a proxy in front ends TLS and appends to `X-Forwarded-For`.
    /// Without it and without a certificate, the hub listens on this computer only.
    pub behind_proxy: bool,
    /// The address and UDP port for address discovery and the relay. Default: as `listen`.
    pub udp_listen: Option<SocketAddr>,
    /// How agents reach the UDP port, as `HOST:PORT`. Default: the host of `public_url` and the
    /// port of `udp_listen`.
    pub public_udp: Option<String>,
    /// The address and UDP port of a second port, for address discovery only: what an agent sees of
    /// both tells what kind of router it is behind. Agents reach it at the host of `public_udp`.
    /// Default: at the address of `udp_listen`, any port that is free.
    pub udp_second_listen: Option<SocketAddr>,
    /// Who may make an account.
    pub registration: Registration,
    /// Shows `/metrics` to everybody, not only to this computer.
    pub metrics_open: bool,
    /// How many tasks of one account may run at the same time; more wait for their turn.
    pub max_active_tasks_per_user: u32,
    /// After how many days a task that was given no deadline is given up.
    pub task_deadline_days: u32,
    /// How long tokens, codes and links are good for.
    pub tokens: TokenLifetimes,
    /// What bounds connections and guesses.
    pub limits: Limits,
    /// What is forwarded between computers that cannot reach each other.
    pub relay: RelayConfig,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Administrators only, with `outport hub user add`.
    #[default]
    Closed,
    /// Whoever can reach the hub.
    Open,
}

/// How long tokens, codes and links are good for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenLifetimes {
    /// Access tokens. Clients renew them by themselves; at least 120.
    pub access_seconds: u32,
    /// Refresh tokens, counted from their last use.
    pub refresh_days: u32,
    /// Authorization codes, from consent to exchange.
    pub code_seconds: u32,
    /// Device codes, from display to approval.
    pub device_code_seconds: u32,
    /// Signed-in browsers.
    pub browser_hours: u32,
    /// One-time links: the first administrator's and those that reset a password.
    pub link_hours: u32,
}

/// What bounds connections and guesses.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Open TCP connections, agents included; more wait to be accepted.
    pub connections: u32,
    /// How long a connection may take for the head of a request, in seconds; also how long it may
    /// stay quiet before its next request.
    pub header_seconds: u32,
    /// How long the body of a request may take, in seconds.
    pub body_seconds: u32,
    /// Open TCP connections from one address, which is a network of 64 bits with IPv6; a campus
    /// behind one address counts as one.
    pub connections_per_address: u32,
    /// Wrong passwords for one account, from browsers it never signed in with, before pauses begin.
    pub guesses_per_account: u32,
    /// The longest pause that strangers' wrong guesses can put on an account, in seconds.
    pub account_pause_seconds: u32,
    /// Wrong passwords, codes or secrets from one address before pauses begin.
    pub guesses_per_address: u32,
    /// The longest pause of an address, in seconds.
    pub address_pause_seconds: u32,
}

/// What is forwarded between computers that cannot reach each other.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RelayConfig {
    /// Whether anything is forwarded at all.
    pub enabled: bool,
    /// Bytes per second of all sessions together, shared fairly among them; 0 is no limit.
    pub bytes_per_second: u64,
    /// Bytes per second of one session, both directions together; 0 is no limit.
    pub session_bytes_per_second: u64,
    /// Bytes per second of all sessions of one account; 0 is no limit.
    pub user_bytes_per_second: u64,
    /// Bytes of all sessions of one account in a day (UTC); 0 is no limit.
    pub user_bytes_per_day: u64,
    /// Relays on other computers; agents take the nearest. They are offered whether or not this
    /// hub relays itself, and keep to limits of their own.
    pub others: Vec<OtherRelay>,
}

/// A relay on another computer, run there by `outport relay`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherRelay {
    /// How agents reach it, as `HOST:PORT`.
    pub address: String,
    /// A copy of its key file.
    pub key: PathBuf,
}

/// What the command line sets; present values win over every other layer.
#[derive(Clone, Debug, Default)]
pub struct HubOverrides {
    /// See [`HubConfig::data`].
    pub data: Option<PathBuf>,
    /// See [`HubConfig::listen`].
    pub listen: Option<SocketAddr>,
    /// See [`HubConfig::public_url`].
    pub public_url: Option<Url>,
    /// See [`HubConfig::tls_cert`].
    pub tls_cert: Option<PathBuf>,
    /// See [`HubConfig::tls_key`].
    pub tls_key: Option<PathBuf>,
    /// See [`HubConfig::behind_proxy`].
    pub behind_proxy: Option<bool>,
    /// See [`HubConfig::udp_listen`].
    pub udp_listen: Option<SocketAddr>,
    /// See [`HubConfig::public_udp`].
    pub public_udp: Option<String>,
}

impl HubConfig {
    /// Puts the layers together and checks the result.
    ///
    /// `file` must exist when it is given; `vars` are the process's environment variables.
    ///
    /// # Errors
    /// When the file cannot be read, or any layer holds a value that cannot be.
    pub fn load(
        file: Option<&Path>,
        vars: impl IntoIterator<Item = (String, String)>,
        overrides: HubOverrides,
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            Some(file) => read_table(file)?,
            None => toml::Table::new(),
        };
        let mut vars: Vec<_> = vars.into_iter().collect();
        vars.sort();
        for (name, value) in vars {
            if let Some(field) = name.strip_prefix(ENV_PREFIX)
                && field != "CONFIG"
            {
                put_variable(&mut table, &name, field, &value)?;
            }
        }
        let mut config: Self = table.try_into().map_err(|source| ConfigError::Value { source })?;
        config.apply(overrides);
        config.check()?;
        Ok(config)
    }

    /// Checks what no single field can know.
    ///
    /// # Errors
    /// When fields contradict each other, or the hub would be open to eavesdroppers.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        if !self.listen.ip().is_loopback() && self.tls_cert.is_none() && !self.behind_proxy {
            return Err(ConfigError::PlainBeyondLoopback { listen: self.listen });
        }
        if let Some(url) = &self.public_url {
            let loopback = crate::http::is_loopback_host(url);
            let secure = url.scheme() == "https" || url.scheme() == "http" && loopback;
            let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            if !secure || !bare || !url.username().is_empty() || url.password().is_some() {
                return Err(ConfigError::PublicUrl { url: url.clone() });
            }
        }
        if let Some(domain) = &self.identity_domain {
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let label = |label: &str| !label.is_empty() && label.chars().all(letter);
            if !domain.split('.').all(label) {
                return Err(ConfigError::IdentityDomain { domain: domain.clone() });
            }
        }
        for (name, value) in [
            ("limits.connections", self.limits.connections),
            ("limits.connections_per_address", self.limits.connections_per_address),
            ("limits.header_seconds", self.limits.header_seconds),
            ("limits.body_seconds", self.limits.body_seconds),
            ("max_active_tasks_per_user", self.max_active_tasks_per_user),
            ("task_deadline_days", self.task_deadline_days),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero { name });
            }
        }
        self.relay.check()?;
        if self.tokens.access_seconds < ACCESS_SECONDS_MIN {
            return Err(ConfigError::AccessTooShort { min: ACCESS_SECONDS_MIN });
        }
        Ok(())
    }

    /// Whether the hub itself speaks TLS.
    pub fn has_tls(&self) -> bool {
        self.tls_cert.is_some()
    }

    fn apply(&mut self, overrides: HubOverrides) {
        let HubOverrides {
            data,
            listen,
            public_url,
            tls_cert,
            tls_key,
            behind_proxy,
            udp_listen,
            public_udp,
        } = overrides;
        set(&mut self.data, data);
        set(&mut self.listen, listen);
        set(&mut self.behind_proxy, behind_proxy);
        self.public_url = public_url.or(self.public_url.take());
        self.tls_cert = tls_cert.or(self.tls_cert.take());
        self.tls_key = tls_key.or(self.tls_key.take());
        self.udp_listen = udp_listen.or(self.udp_listen);
        self.public_udp = public_udp.or(self.public_udp.take());
    }
}

impl RelayConfig {
    fn check(&self) -> Result<(), ConfigError> {
        for (name, value) in [
            ("relay.bytes_per_second", self.bytes_per_second),
            ("relay.session_bytes_per_second", self.session_bytes_per_second),
            ("relay.user_bytes_per_second", self.user_bytes_per_second),
        ] {
            if (1..RELAY_RATE_MIN).contains(&value) {
                return Err(ConfigError::RelayTooSlow { name, min: RELAY_RATE_MIN });
            }
        }
        if OTHERS_MAX < self.others.len() {
            return Err(ConfigError::TooManyRelays { max: OTHERS_MAX });
        }
        for OtherRelay { address, .. } in &self.others {
            let parts = address.rsplit_once(':');
            let is_good = |(host, port): (&str, &str)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
            };
            if HOST_BYTES_MAX < address.len() || !parts.is_some_and(is_good) {
                return Err(ConfigError::RelayAddress { address: address.clone() });
            }
        }
        Ok(())
    }

    /// What the relay keeps to; `None` when it forwards nothing.
    pub(crate) fn limits(&self) -> Option<RelayLimits> {
        let limit = |value| (value != 0).then_some(value);
        self.enabled.then_some(RelayLimits {
            rate: limit(self.bytes_per_second),
            session_rate: limit(self.session_bytes_per_second),
            user_rate: limit(self.user_bytes_per_second),
            user_bytes_per_day: limit(self.user_bytes_per_day),
        })
    }
}

/// Where a hub keeps its data unless told otherwise.
pub fn default_data_dir() -> PathBuf {
    directories::ProjectDirs::from("dev", "outport", "outport")
        .map_or_else(|| PathBuf::from("outport-hub"), |dirs| dirs.data_dir().join("hub"))
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("cannot read the settings in {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} does not say what a hub understands", path.display())]
    File { path: PathBuf, source: toml::de::Error },
    #[error("a setting has a value that it cannot have")]
    Value { source: toml::de::Error },
    #[error("the environment variable {name} names no setting")]
    Variable { name: String },
    #[error("tls_cert and tls_key need each other; set both or neither")]
    HalfTls,
    #[error(
        "{listen} can be reached from other computers, but there is no TLS: set --tls-cert and --tls-key, or --behind-proxy if a proxy in front does TLS"
    )]
    PlainBeyondLoopback { listen: SocketAddr },
    #[error(
        "{url} cannot be the public address: write https://HOST[:PORT] without a path (http:// is for this computer only)"
    )]
    PublicUrl { url: Url },
    #[error("`{domain}` cannot stand after the @ of an identity: write a domain, like example.org")]
    IdentityDomain { domain: String },
    #[error("{name} is 0, and then nothing would work")]
    Zero { name: &'static str },
    #[error(
        "{name} is too little for a connection to live on: write {min} or more, 0 for no limit, or relay.enabled = false"
    )]
    RelayTooSlow { name: &'static str, min: u64 },
    #[error("relay.others: `{address}` is no address of a relay; write HOST:PORT")]
    RelayAddress { address: String },
    #[error("relay.others: more than {max} relays are more than a computer tries")]
    TooManyRelays { max: usize },
    #[error("access tokens must live at least {min} seconds, or clients renew them all the time")]
    AccessTooShort { min: u32 },
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            data: default_data_dir(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)),
            public_url: None,
            name: "Outport".to_owned(),
            identity_domain: None,
            tls_cert: None,
            tls_key: None,
            behind_proxy: false,
            udp_listen: None,
            public_udp: None,
            udp_second_listen: None,
            registration: Registration::Closed,
            metrics_open: false,
            max_active_tasks_per_user: 100,
            task_deadline_days: 30,
            tokens: TokenLifetimes::default(),
            limits: Limits::default(),
            relay: RelayConfig::default(),
        }
    }
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            bytes_per_second: 0,
            session_bytes_per_second: 0,
            user_bytes_per_second: 0,
            user_bytes_per_day: 0,
            others: Vec::new(),
        }
    }
}

impl Default for TokenLifetimes {
    fn default() -> Self {
        Self {
            access_seconds: 48 * 3600,
            refresh_days: 180,
            code_seconds: 300,
            device_code_seconds: 900,
            browser_hours: 12,
            link_hours: 24,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            connections_per_address: 4096,
            header_seconds: 20,
            body_seconds: 60,
            guesses_per_account: 10,
            account_pause_seconds: 30,
            guesses_per_address: 20,
            address_pause_seconds: 900,
        }
    }
}

fn read_table(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let refuse = |source| ConfigError::File { path: path.to_owned(), source };
    // Read as a whole first: these errors name the line, those after the merge cannot.
    toml::from_str::<HubConfig>(&text).map_err(refuse)?;
    text.parse().map_err(refuse)
}

fn put_variable(
    table: &mut toml::Table,
    name: &str,
    field: &str,
    value: &str,
) -> Result<(), ConfigError> {
    let unknown = || ConfigError::Variable { name: name.to_owned() };
    let field = field.to_ascii_lowercase();
    let (group, key) = match field.split_once("__") {
        Some((group, key)) => (Some(group), key),
        None => (None, field.as_str()),
    };
    let target = match group {
        Some(group) => table
            .entry(group)
            .or_insert_with(|| toml::Table::new().into())
            .as_table_mut()
            .ok_or_else(unknown)?,
        None => table,
    };
    let known = toml::Table::try_from(HubConfig::documented()).map_err(|_| unknown())?;
    let known = match group {
        Some(group) => known.get(group).and_then(|value| value.as_table()).and_then(|t| t.get(key)),
        None => known.get(key),
    };
    let value = match known.ok_or_else(unknown)? {
        toml::Value::Boolean(_) => value.parse().map(toml::Value::Boolean).ok(),
        toml::Value::Integer(_) => value.parse().map(toml::Value::Integer).ok(),
        toml::Value::String(_) => None,
        toml::Value::Float(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => return Err(unknown()),
    }
    .unwrap_or_else(|| value.into());
    target.insert(key.to_owned(), value);
    Ok(())
}

impl HubConfig {
    /// A value of every field, so that the kind of each can be read off.
    fn documented() -> Self {
        let some = || Some(PathBuf::from("x"));
        Self {
            public_url: Url::parse("https://x").ok(),
            identity_domain: Some("x".to_owned()),
            tls_cert: some(),
            tls_key: some(),
            udp_listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))),
            public_udp: Some("x".to_owned()),
            udp_second_listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))),
            ..Self::default()
        }
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

const ENV_PREFIX: &str = "OUTPORT_HUB_";
/// The port of HTTP and of UDP alike.
const DEFAULT_PORT: u16 = 7440;
/// The official clients renew a token that has less than 60 seconds left, before every call.
const ACCESS_SECONDS_MIN: u32 = 120;
/// Signs of life and a packet of content now and then need some of it.
pub(crate) const RELAY_RATE_MIN: u64 = 16 * 1024;
/// With the hub's own they are as many as a session may be told of.
const OTHERS_MAX: usize = RELAYS_MAX - 1;
/// The longest name of a host, and a port.
const HOST_BYTES_MAX: usize = 260;

#[cfg(test)]
mod tests {
    use super::*;

    fn load(vars: &[(&str, &str)], overrides: HubOverrides) -> Result<HubConfig, ConfigError> {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        HubConfig::load(None, vars, overrides)
    }

    #[test]
    fn flags_win_over_variables_and_variables_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hub.toml");
        std::fs::write(
            &file,
            "name = 'From file'\nmetrics_open = true\n[tokens]\nlink_hours = 3\ncode_seconds = 9\n",
        )
        .unwrap();
        let vars = [
            ("OUTPORT_HUB_TOKENS__LINK_HOURS".to_owned(), "5".to_owned()),
            ("OUTPORT_HUB_LISTEN".to_owned(), "127.0.0.1:1".to_owned()),
            ("OUTPORT_HUB_IDENTITY_DOMAIN".to_owned(), "1234".to_owned()),
        ];
        let flags = HubOverrides { listen: "127.0.0.1:2".parse().ok(), ..HubOverrides::default() };
        let config = HubConfig::load(Some(&file), vars, flags).unwrap();
        assert_eq!(config.name, "From file");
        assert!(config.metrics_open);
        assert_eq!((config.tokens.link_hours, config.tokens.code_seconds), (5, 9));
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.identity_domain.as_deref(), Some("1234"));
    }

    #[test]
    fn the_relay_forwards_without_limits_unless_told_otherwise() {
        let config = load(&[], HubOverrides::default()).unwrap();
        assert_eq!(config.relay.limits(), Some(RelayLimits::default()));
        let off = load(&[("OUTPORT_HUB_RELAY__ENABLED", "false")], HubOverrides::default());
        assert_eq!(off.unwrap().relay.limits(), None);
        let vars = [
            ("OUTPORT_HUB_RELAY__BYTES_PER_SECOND", "100000"),
            ("OUTPORT_HUB_RELAY__SESSION_BYTES_PER_SECOND", "200000"),
            ("OUTPORT_HUB_RELAY__USER_BYTES_PER_SECOND", "300000"),
            ("OUTPORT_HUB_RELAY__USER_BYTES_PER_DAY", "400000"),
        ];
        let limits = load(&vars, HubOverrides::default()).unwrap().relay.limits().unwrap();
        assert_eq!((limits.rate, limits.session_rate), (Some(100_000), Some(200_000)));
        assert_eq!((limits.user_rate, limits.user_bytes_per_day), (Some(300_000), Some(400_000)));
    }

    #[test]
    fn plain_http_beyond_this_computer_is_refused() {
        let open = || HubOverrides { listen: "0.0.0.0:80".parse().ok(), ..HubOverrides::default() };
        assert!(matches!(load(&[], open()), Err(ConfigError::PlainBeyondLoopback { .. })));
        assert!(load(&[], HubOverrides { behind_proxy: Some(true), ..open() }).is_ok());
        let tls = HubOverrides {
            tls_cert: Some("c.pem".into()),
            tls_key: Some("k.pem".into()),
            ..open()
        };
        assert!(load(&[], tls).is_ok());
        let half = HubOverrides { tls_cert: Some("c.pem".into()), ..open() };
        assert!(matches!(load(&[], half), Err(ConfigError::HalfTls)));
    }

    #[test]
    fn mistakes_are_named() {
        let unknown = load(&[("OUTPORT_HUB_LISTN", "x")], HubOverrides::default());
        assert!(unknown.unwrap_err().to_string().contains("OUTPORT_HUB_LISTN"));
        assert!(load(&[("OUTPORT_HUB_METRICS_OPEN", "maybe")], HubOverrides::default()).is_err());
        let slow =
            load(&[("OUTPORT_HUB_RELAY__USER_BYTES_PER_SECOND", "9")], HubOverrides::default());
        assert!(slow.unwrap_err().to_string().contains("relay.user_bytes_per_second"));
        let zero = load(&[("OUTPORT_HUB_LIMITS__CONNECTIONS", "0")], HubOverrides::default());
        assert!(matches!(zero, Err(ConfigError::Zero { name: "limits.connections" })));
        for domain in ["a b", ".example", "@x", "x/y"] {
            let result = load(&[("OUTPORT_HUB_IDENTITY_DOMAIN", domain)], HubOverrides::default());
            assert!(matches!(result, Err(ConfigError::IdentityDomain { .. })), "{domain}");
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hub.toml");
        std::fs::write(&file, "name = 'x'\nlistn = '127.0.0.1:1'\n").unwrap();
        let error = HubConfig::load(Some(&file), [], HubOverrides::default()).unwrap_err();
        let text = outport_types::Chain(&error).to_string();
        assert!(text.contains("hub.toml") && text.contains("line 2"), "{text}");
        for url in ["http://hub.example.org", "https://h/x", "https://u:p@h", "ftp://h"] {
            let result = load(&[("OUTPORT_HUB_PUBLIC_URL", url)], HubOverrides::default());
            assert!(matches!(result, Err(ConfigError::PublicUrl { .. })), "{url}");
        }
        for url in ["http://localhost:7440", "http://127.0.0.1/", "https://hub.example.org"] {
            assert!(load(&[("OUTPORT_HUB_PUBLIC_URL", url)], HubOverrides::default()).is_ok());
        }
    }
}
