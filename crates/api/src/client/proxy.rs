//! A proxy between this computer and a hub, and what it is asked for.
//!
//! Who decides *whether* there is one is the agent; this is the proxy itself. The control channel
//! asks it for a tunnel here; requests of the API go through the same one by way of `reqwest`, and
//! where that fails, the reason is found here too, so that both say the same.

mod tunnel;

use std::{fmt, io, str::FromStr};

use outport_types::{Code, Problem};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Secret;

/// Where a proxy is and what it speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProxyAddress {
    kind: ProxyKind,
    host: String,
    port: u16,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP, where a tunnel is asked for with `CONNECT`.
    Http,
    /// SOCKS version 5. The proxy finds the address behind a name.
    Socks5,
}

/// A proxy, and what it is told of whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Where it is.
    pub address: ProxyAddress,
    /// Who asks, for a proxy that wants to know.
    pub login: Option<ProxyLogin>,
}

/// User and password for a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyLogin {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Why a text is no address of a proxy. None of them repeats the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyAddressError {
    /// It does not parse.
    #[error("it is no address")]
    NotOne,
    /// It speaks something else.
    #[error("Outport knows proxies at http:// and socks5://, but none at {0}://")]
    Kind(String),
    /// It has a path or more.
    #[error("it has more than a host and a port")]
    NotBare,
    /// It holds what must not be written down there.
    #[error("it holds a user or a password, which do not belong there")]
    Login,
    /// The user or the password is longer than proxies take.
    #[error(
        "its user or password has more than 255 bytes or holds a character that cannot be sent"
    )]
    BadLogin,
}

/// Why a proxy is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// There is no connection to it, or it broke.
    #[error("the proxy {proxy} cannot be reached")]
    Unreachable {
        /// Which proxy.
        proxy: ProxyAddress,
        /// Why.
        source: io::Error,
    },
    /// It wants to know who asks.
    #[error("the proxy {proxy} demands a user and a password")]
    NeedsLogin {
        /// Which proxy.
        proxy: ProxyAddress,
    },
    /// It does not know who asks.
    #[error("the proxy {proxy} does not accept the password of {user}")]
    LoginWrong {
        /// Which proxy.
        proxy: ProxyAddress,
        /// Who asked.
        user: String,
    },
    /// It does not make the connection.
    #[error("the proxy {proxy} does not connect to {host}: {reason}")]
    Refused {
        /// Which proxy.
        proxy: ProxyAddress,
        /// To what it was asked for a tunnel.
        host: String,
        /// What it says.
        reason: String,
    },
}

impl ProxyAddress {
    /// What it speaks.
    pub const fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// Its name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Proxy {
    /// Reads an address with user and password in it, as environments have it.
    ///
    /// # Errors
    /// When it is none.
    pub fn with_login(text: &str) -> Result<Self, ProxyAddressError> {
        let url = parse(text)?;
        let address = bare(&url)?;
        let user = decoded(url.username());
        if user.is_empty() {
            return Ok(Self { address, login: None });
        }
        let password = Secret::new(decoded(url.password().unwrap_or_default()));
        let login = ProxyLogin::new(user, password)?;
        Ok(Self { address, login: Some(login) })
    }
}

impl ProxyLogin {
    /// User and password, if a proxy can be told them.
    ///
    /// # Errors
    /// When they are longer than proxies take, or cannot be sent.
    pub fn new(user: String, password: Secret) -> Result<Self, ProxyAddressError> {
        let fits = |text: &str| text.len() <= LOGIN_BYTES_MAX && !text.contains(char::is_control);
        // Whoever reads "user:password" takes the first colon for the end of the name.
        if user.is_empty() || user.contains(':') || !fits(&user) || !fits(password.expose()) {
            return Err(ProxyAddressError::BadLogin);
        }
        Ok(Self { user, password })
    }
}

impl FromStr for ProxyAddress {
    type Err = ProxyAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = parse(text)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProxyAddressError::Login);
        }
        bare(&url)
    }
}

fn parse(text: &str) -> Result<Url, ProxyAddressError> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    Url::parse(&whole).map_err(|_| ProxyAddressError::NotOne)
}

/// The address in a URL that has nothing else, or also a login.
fn bare(url: &Url) -> Result<ProxyAddress, ProxyAddressError> {
    let (kind, usual_port) = match url.scheme() {
        "http" => (ProxyKind::Http, 80),
        "socks5" | "socks5h" => (ProxyKind::Socks5, 1080),
        other => return Err(ProxyAddressError::Kind(other.to_owned())),
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(ProxyAddressError::NotBare);
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
    if host.is_empty() || HOST_BYTES_MAX < host.len() {
        return Err(ProxyAddressError::NotOne);
    }
    Ok(ProxyAddress { kind, host, port: url.port().unwrap_or(usual_port) })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) if *byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            Some(_) | None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, host, port } = self;
        let scheme = match kind {
            ProxyKind::Http => "http",
            ProxyKind::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}", host_and_port(host, *port))
    }
}

impl TryFrom<String> for ProxyAddress {
    type Error = ProxyAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProxyAddress> for String {
    fn from(address: ProxyAddress) -> Self {
        address.to_string()
    }
}

fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl ProxyError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        let of = |proxy: &ProxyAddress| ("proxy", proxy.to_string().into());
        match self {
            Self::Unreachable { proxy, source } => Problem::new(
                Code::ProxyUnreachable,
                [of(proxy), ("reason", source.to_string().into())],
            ),
            Self::NeedsLogin { proxy } => Problem::new(Code::ProxyNeedsLogin, [of(proxy)]),
            Self::LoginWrong { proxy, user } => {
                Problem::new(Code::ProxyLoginWrong, [of(proxy), ("user", user.as_str().into())])
            }
            Self::Refused { proxy, host, reason } => Problem::new(
                Code::ProxyRefused,
                [of(proxy), ("host", host.as_str().into()), ("reason", reason.as_str().into())],
            ),
        }
    }
}

/// What one byte can count, in SOCKS.
const LOGIN_BYTES_MAX: usize = 255;
/// The longest name that there is.
const HOST_BYTES_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, read) in [
            ("http://proxy.lan:3128", "http://proxy.lan:3128"),
            ("proxy.lan:3128/", "http://proxy.lan:3128"),
            (" PROXY.lan ", "http://proxy.lan:80"),
            ("socks5://proxy.lan", "socks5://proxy.lan:1080"),
            ("socks5h://Proxy.lan:9", "socks5://proxy.lan:9"),
            ("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
        ] {
            assert_eq!(text.parse::<ProxyAddress>().unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_repeated() {
        for text in [
            "",
            "http://",
            "https://proxy.lan",
            "socks4://proxy.lan",
            "http://proxy.lan/path",
            "http://proxy.lan?q",
            "http://ann:geheim@proxy.lan",
            "socks5://ann:geheim@proxy.lan",
            "ann:geheim@proxy.lan:3128",
        ] {
            let error = text.parse::<ProxyAddress>().unwrap_err();
            assert!(!error.to_string().contains("geheim"), "{text}: {error}");
            if text.contains('@') {
                assert_eq!(error, ProxyAddressError::Login, "{text}");
            }
        }
    }

    #[test]
    fn environments_have_the_login_in_the_address() {
        let proxy = Proxy::with_login("http://ann:p%40ss@proxy.lan:3128").unwrap();
        let login = proxy.login.as_ref().unwrap();
        assert_eq!((login.user.as_str(), login.password.expose()), ("ann", "p@ss"));
        assert!(!format!("{proxy:?}").contains("p@ss"));
        assert_eq!(proxy.address.to_string(), "http://proxy.lan:3128");
        let proxy = Proxy::with_login("socks5://ann@proxy.lan").unwrap();
        assert_eq!(proxy.login.unwrap().password.expose(), "");
        assert_eq!(Proxy::with_login("proxy.lan").unwrap().login, None);
        let long = format!("http://ann:{}@proxy.lan", "x".repeat(256));
        assert_eq!(Proxy::with_login(&long), Err(ProxyAddressError::BadLogin));
        assert_eq!(
            Proxy::with_login("http://ann:a%0d%0aX-Y:%20z@proxy.lan"),
            Err(ProxyAddressError::BadLogin)
        );
    }
}
