//! The address of a hub.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The address of a hub: https, or http on this computer only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HubUrl(Url);

/// Why a text is no address of a hub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HubUrlError {
    /// It does not parse.
    #[error("`{text}` is not the address of a hub: write it like https://hub.example.org")]
    NotOne {
        /// What was given.
        text: String,
    },
    /// Tokens would cross the network in the clear.
    #[error("{url} is not encrypted: use https (plain http is for this computer only)")]
    Plain {
        /// What was given.
        url: String,
    },
    /// It has a path, a query or a password.
    #[error("{url} has more than a host and a port: leave the rest out")]
    NotBare {
        /// What was given.
        url: String,
    },
}

impl HubUrl {
    /// The URL of a path at this hub.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Whether the hub is on this computer.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The name or address of its host, and its port.
    pub fn host_and_port(&self) -> (String, u16) {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        (host, self.0.port_or_known_default().unwrap_or(443))
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL itself.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for HubUrl {
    type Err = HubUrlError;

    fn from_str(text: &str) -> Result<Self, HubUrlError> {
        let text = text.trim();
        let not_one = || HubUrlError::NotOne { text: text.to_owned() };
        let url = if text.contains("://") {
            Url::parse(text).map_err(|_| not_one())?
        } else {
            let secure = Url::parse(&format!("https://{text}")).map_err(|_| not_one())?;
            if is_loopback(&secure) {
                Url::parse(&format!("http://{text}")).map_err(|_| not_one())?
            } else {
                secure
            }
        };
        if !url.has_host() || !matches!(url.scheme(), "http" | "https") {
            return Err(not_one());
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            let mut shown = url;
            // A password that was pasted with the address must not end up on the screen.
            shown.set_password(None).ok();
            return Err(HubUrlError::NotBare { url: shown.to_string() });
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(HubUrlError::Plain { url: shown(&url) });
        }
        Ok(Self(url))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

impl fmt::Display for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shown(&self.0))
    }
}

impl TryFrom<String> for HubUrl {
    type Error = HubUrlError;

    fn try_from(text: String) -> Result<Self, HubUrlError> {
        text.parse()
    }
}

impl From<HubUrl> for String {
    fn from(url: HubUrl) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_an_address() {
        for (typed, meant) in [
            ("hub.example.org", "https://hub.example.org"),
            ("hub.example.org:7440", "https://hub.example.org:7440"),
            ("https://hub.example.org/", "https://hub.example.org"),
            ("127.0.0.1:7440", "http://127.0.0.1:7440"),
            ("localhost:7440", "http://localhost:7440"),
            ("http://[::1]:7440", "http://[::1]:7440"),
            (" https://HUB.example.org ", "https://hub.example.org"),
        ] {
            assert_eq!(typed.parse::<HubUrl>().unwrap().to_string(), meant, "{typed}");
        }
    }

    #[test]
    fn tokens_never_cross_a_network_in_the_clear() {
        for plain in ["http://hub.example.org", "http://10.0.0.1:7440", "http://localhost.evil.org"]
        {
            let error = plain.parse::<HubUrl>().unwrap_err();
            assert!(matches!(error, HubUrlError::Plain { .. }), "{plain}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        for bad in ["", "ftp://x", "https://", "https://a b", "/etc/passwd"] {
            assert!(bad.parse::<HubUrl>().is_err(), "{bad:?}");
        }
        let error = "https://ann:secret@hub/x?y".parse::<HubUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn hosts_and_ports_of_urls() {
        for (url, host, port) in [
            ("https://hub.example.org", "hub.example.org", 443),
            ("http://127.0.0.1:7440", "127.0.0.1", 7440),
            ("https://[2001:db8::1]:8443", "2001:db8::1", 8443),
        ] {
            let hub: HubUrl = url.parse().unwrap();
            assert_eq!(hub.host_and_port(), (host.to_owned(), port));
        }
    }
}
