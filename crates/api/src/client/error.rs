//! Why a request came to nothing.

use std::{error::Error as _, io};

use outport_types::{Arg, Chain, Code, Problem};
use serde::Deserialize;

use super::{HubUrl, ProxyError};

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The hub does not answer, or the connection broke.
    #[error("the hub {hub} cannot be reached")]
    Unreachable {
        /// Which hub.
        hub: HubUrl,
        /// What the network said.
        source: reqwest::Error,
    },
    /// The proxy on the way to the hub is of no use.
    #[error("the way to the hub {hub} is closed")]
    Proxy {
        /// Which hub.
        hub: HubUrl,
        /// What the proxy said.
        source: Box<ProxyError>,
    },
    /// The hub took too long.
    #[error("the hub {hub} did not answer in time")]
    Timeout {
        /// Which hub.
        hub: HubUrl,
    },
    /// The hub said no.
    #[error("the hub refused")]
    Refused(#[source] Box<Refusal>),
    /// There is no token to ask with.
    #[error("there is no valid sign-in")]
    SignedOut(#[source] Box<Problem>),
    /// The answer is not what the API promises: no hub, or a hub of another time.
    #[error("the answer of {hub} is no {what}")]
    Garbled {
        /// Which hub.
        hub: HubUrl,
        /// What was expected.
        what: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The answer has more bytes than any honest one.
    #[error("the answer of {hub} is larger than {max} bytes")]
    TooLarge {
        /// Which hub.
        hub: HubUrl,
        /// The limit.
        max: usize,
    },
    /// The extra certificates, or TLS as a whole, cannot be used.
    #[error("encryption cannot be set up")]
    Tls(#[source] reqwest::Error),
}

impl ClientError {
    /// What a person is told, where the catalogue has words for it.
    pub fn problem(&self) -> Option<Problem> {
        match self {
            Self::Unreachable { hub, source } => Some(match distrust(source) {
                Some(why) => untrusted(hub, why),
                None => unreachable(hub, reason(source)),
            }),
            Self::Proxy { source, .. } => Some(source.problem()),
            Self::Timeout { hub } => Some(unreachable(hub, "no answer in time".to_owned())),
            Self::Refused(refusal) => refusal.problem.clone(),
            Self::SignedOut(problem) => Some(Problem::clone(problem)),
            Self::Garbled { .. } | Self::TooLarge { .. } | Self::Tls(_) => None,
        }
    }

    /// What a person is told, in the hub's own words where the catalogue has none.
    pub fn problem_at(&self, hub: &HubUrl) -> Problem {
        if let Some(problem) = self.problem() {
            return problem;
        }
        let about = |code, reason: String| {
            Problem::new(code, [("hub", hub.to_string().into()), ("reason", reason.into())])
        };
        match self {
            Self::Refused(refusal) if refusal.status == 401 => {
                Problem::new(Code::SignedOut, [("hub", hub.to_string().into())])
            }
            Self::Refused(refusal) => about(Code::HubRefused, refusal.message.clone()),
            Self::Tls(error) => about(Code::HubUntrusted, Chain(error).to_string()),
            Self::Garbled { what, .. } => {
                about(Code::NotAHub, format!("its answer is no {what} that Outport knows"))
            }
            Self::TooLarge { .. } => about(Code::NotAHub, "its answer has no end".to_owned()),
            Self::Unreachable { .. }
            | Self::Proxy { .. }
            | Self::Timeout { .. }
            | Self::SignedOut(_) => about(Code::HubUnreachable, Chain(self).to_string()),
        }
    }

    /// What the hub said no with.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Unreachable { .. }
            | Self::Proxy { .. }
            | Self::Timeout { .. }
            | Self::SignedOut(_)
            | Self::Garbled { .. }
            | Self::TooLarge { .. }
            | Self::Tls(_) => None,
        }
    }

    /// Whether the hub has no such thing (or does not show it).
    pub fn is_not_found(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == 404)
    }

    /// Whether a new sign-in is what helps.
    pub fn needs_sign_in(&self) -> bool {
        matches!(self, Self::SignedOut(_))
            || self.refusal().is_some_and(|refusal| refusal.status == 401)
    }

    /// Whether the same may succeed in a moment: the hub restarts, or the network is away.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Proxy { .. } | Self::Timeout { .. } => true,
            Self::Refused(refusal) => matches!(refusal.status, 429 | 500 | 502 | 503 | 504),
            Self::SignedOut(_) | Self::Garbled { .. } | Self::TooLarge { .. } | Self::Tls(_) => {
                false
            }
        }
    }
}

/// What the hub said no with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The contract's code, OAuth's word, or Outport's code.
    pub code: String,
    /// The text for people.
    pub message: String,
    /// What the hub's log knows it by.
    pub request_id: Option<String>,
    /// The same in Outport's own words, where the hub sent them.
    pub problem: Option<Problem>,
    /// The scopes to consent to, where that is what is missing.
    pub required_scopes: Vec<String>,
}

impl Refusal {
    /// Reads the body of an answer that is no success, in whatever shape the service writes it.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let read: AnyError = serde_json::from_slice(body).unwrap_or_default();
        let first = read.errors.first();
        let code = read
            .code
            .clone()
            .or_else(|| read.error.clone())
            .or_else(|| first.and_then(|item| item.code.clone()))
            .unwrap_or_else(|| format!("HTTP {status}"));
        let message = read
            .message
            .clone()
            .or_else(|| read.error_description.clone())
            .or_else(|| first.and_then(|item| item.detail.clone()))
            .unwrap_or_else(|| format!("the hub answered with HTTP status {status}"));
        let problem = read.problem.or_else(|| {
            // Under /outport/v1 the body is the problem itself.
            serde_json::from_slice(body).ok()
        });
        Self {
            status,
            code,
            message,
            request_id: read.request_id,
            problem,
            required_scopes: read.required_scopes,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnyError {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    errors: Vec<AnyErrorItem>,
    required_scopes: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    problem: Option<Problem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnyErrorItem {
    code: Option<String>,
    detail: Option<String>,
}

/// A problem whose code this version does not know is none; its text is in the message too.
fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Problem>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

fn unreachable(hub: &HubUrl, reason: String) -> Problem {
    Problem::new(
        Code::HubUnreachable,
        [("hub", Arg::Text(hub.to_string())), ("reason", Arg::Text(reason))],
    )
}

fn untrusted(hub: &HubUrl, reason: String) -> Problem {
    Problem::new(
        Code::HubUntrusted,
        [("hub", Arg::Text(hub.to_string())), ("reason", Arg::Text(reason))],
    )
}

/// What is wrong with the certificate of the other side, when that is why nobody was reached.
fn distrust(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(found) = cause {
        if let Some(tls @ rustls::Error::InvalidCertificate(_)) = found.downcast_ref() {
            return Some(tls.to_string());
        }
        // An error of TLS travels inside errors of I/O, which hide it from `source`.
        let inside = found.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match inside {
            Some(inside) => Some(inside),
            None => found.source(),
        };
    }
    None
}

/// The innermost cause: reqwest wraps what the network said in several layers of its own.
fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    Chain(innermost).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_refusal_is_understood() {
        let transfer = Refusal::read(
            404,
            br#"{"code":"EndpointNotFound","message":"no","request_id":"r","resource":"/x"}"#,
        );
        assert_eq!((transfer.code.as_str(), transfer.message.as_str()), ("EndpointNotFound", "no"));
        assert_eq!(transfer.request_id.as_deref(), Some("r"));

        let auth = Refusal::read(
            401,
            br#"{"errors":[{"code":"UNAUTHORIZED","detail":"x"}],"error":"invalid_grant",
                "error_description":"the code is too old"}"#,
        );
        assert_eq!(auth.code, "invalid_grant");
        assert_eq!(auth.message, "the code is too old");

        let outport = Refusal::read(
            502,
            br#"{"code":"NOT_CONNECTED","args":{"endpoint":"a#b"},"message":"away","request_id":"r"}"#,
        );
        assert_eq!(outport.problem.map(|problem| problem.code), Some(Code::NotConnected));

        let both = Refusal::read(
            502,
            br#"{"code":"ExternalError","message":"away","problem":{"code":"NOT_CONNECTED",
                "args":{"endpoint":"a#b"},"message":"away"}}"#,
        );
        assert_eq!(both.problem.map(|problem| problem.code), Some(Code::NotConnected));
    }

    #[test]
    fn a_page_of_a_proxy_is_a_refusal_too() {
        let refusal = Refusal::read(502, b"<html>Bad gateway</html>");
        assert_eq!(refusal.code, "HTTP 502");
        assert_eq!(refusal.message, "the hub answered with HTTP status 502");
    }

    #[test]
    fn a_problem_of_a_newer_hub_is_shown_by_its_text() {
        let refusal = Refusal::read(
            400,
            br#"{"code":"X","message":"text","problem":{"code":"FROM_LATER","message":"text"}}"#,
        );
        assert_eq!(refusal.problem, None);
        assert_eq!(refusal.message, "text");
    }
}
