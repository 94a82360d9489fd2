//! The way through an HTTP proxy, where the environment names one.
//!
//! The proxy is asked for a tunnel (`CONNECT`) to the hub; what passes through is encrypted to the
//! hub, and inside that sealed between the pinned keys.

use std::{env, io, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use outport_api::client::HubUrl;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use url::Url;

/// A proxy that makes tunnels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// `user:password` as the proxy wants to hear it.
    credentials: Option<Credentials>,
}

#[derive(Clone, PartialEq, Eq)]
struct Credentials(String);

/// Why the proxy is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ProxyError {
    #[error("the proxy that {variable} names is not an http:// address")]
    NotHttp { variable: &'static str },
    #[error("the proxy does not answer")]
    Io(#[source] io::Error),
    #[error("the proxy does not answer in time")]
    Slow,
    #[error("the proxy refused: {0}")]
    Refused(String),
}

/// The proxy for a hub; none for a hub on this computer, or one that `NO_PROXY` names.
pub(super) fn for_hub(hub: &HubUrl) -> Result<Option<Proxy>, ProxyError> {
    find(hub, |name| env::var(name).ok())
}

fn find(
    hub: &HubUrl,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, ProxyError> {
    if hub.is_loopback() || !hub.is_encrypted() {
        return Ok(None);
    }
    let host = hub.as_url().host_str().unwrap_or_default().trim_matches(['[', ']']);
    let exempt = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    if exempt.split(',').any(|entry| is_exempt(host, entry)) {
        return Ok(None);
    }
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) else { continue };
        return read(text.trim()).map(Some).ok_or(ProxyError::NotHttp { variable: name });
    }
    Ok(None)
}

fn read(text: &str) -> Option<Proxy> {
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&url).ok().filter(|url| url.scheme() == "http")?;
    let user = percent_decoded(url.username());
    let credentials = (!user.is_empty()).then(|| {
        let password = percent_decoded(url.password().unwrap_or_default());
        Credentials(STANDARD.encode(format!("{user}:{password}")))
    });
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    Some(Proxy { host, port: url.port_or_known_default()?, credentials })
}

fn is_exempt(host: &str, entry: &str) -> bool {
    let entry = entry.trim().trim_start_matches("*.").trim_start_matches('.');
    match host.strip_suffix(entry) {
        Some(rest) => !entry.is_empty() && (rest.is_empty() || rest.ends_with('.')),
        None => entry == "*",
    }
}

fn percent_decoded(text: &str) -> String {
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

impl Proxy {
    /// Asks for a tunnel to the hub.
    pub(super) async fn tunnel(
        &self,
        stream: &mut TcpStream,
        host: &str,
        port: u16,
    ) -> Result<(), ProxyError> {
        let target =
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(Credentials(text)) = &self.credentials {
            request += &format!("Proxy-Authorization: Basic {text}\r\n");
        }
        request += "\r\n";
        let asking = async {
            stream.write_all(request.as_bytes()).await?;
            read_head(stream).await
        };
        let head = timeout(ANSWER_TIMEOUT, asking).await.map_err(|_| ProxyError::Slow)?;
        let head = head.map_err(ProxyError::Io)?;
        let status = head.lines().next().unwrap_or_default();
        if status.split(' ').nth(1) == Some("200") {
            return Ok(());
        }
        Err(ProxyError::Refused(status.chars().filter(|c| !c.is_control()).take(100).collect()))
    }
}

/// The head of the answer. What follows it belongs to the hub, so not a byte more is taken.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if HEAD_BYTES_MAX <= head.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer has no end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Proxies like to talk, but not that much.
const HEAD_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn the_environment_names_the_proxy() {
        let hub: HubUrl = "https://hub.example.org".parse().unwrap();
        let with = |pairs: &[(&str, &str)]| {
            let found = find(&hub, |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            });
            found.map(|proxy| proxy.map(|proxy| (proxy.host, proxy.port)))
        };
        let proxy = Some(("proxy.lan".to_owned(), 3128));
        assert_eq!(with(&[]).unwrap(), None);
        assert_eq!(with(&[("HTTPS_PROXY", "http://proxy.lan:3128")]).unwrap(), proxy);
        assert_eq!(with(&[("all_proxy", "proxy.lan:3128/")]).unwrap(), proxy);
        assert_eq!(with(&[("HTTP_PROXY", "http://proxy.lan:3128")]).unwrap(), None);
        for exempt in ["*", "example.org", ".example.org", "a.b, *.example.org", "hub.example.org"]
        {
            let pairs = [("HTTPS_PROXY", "http://proxy.lan:3128"), ("NO_PROXY", exempt)];
            assert_eq!(with(&pairs).unwrap(), None, "{exempt}");
        }
        for other in ["ample.org", "example.com", ""] {
            let pairs = [("HTTPS_PROXY", "http://proxy.lan:3128"), ("NO_PROXY", other)];
            assert_eq!(with(&pairs).unwrap(), proxy, "{other}");
        }
        let socks = with(&[("ALL_PROXY", "socks5://proxy.lan")]);
        assert!(matches!(socks, Err(ProxyError::NotHttp { variable: "ALL_PROXY" })));
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_with_name_and_password() {
        let (proxy, asked) = ask("HTTP/1.1 200 Connection established\r\nx: y\r\n\r\nhello").await;
        assert!(proxy.is_ok());
        assert!(asked.starts_with("CONNECT hub.example.org:443 HTTP/1.1\r\n"), "{asked}");
        let credentials = STANDARD.encode("ann:p@ss");
        assert!(
            asked.contains(&format!("Proxy-Authorization: Basic {credentials}\r\n")),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_quoted() {
        let (refused, _) = ask("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("407 Proxy Authentication Required"), "{error}");
    }

    async fn ask(answer: &str) -> (Result<(), ProxyError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = read(&format!("http://ann:p%40ss@127.0.0.1:{port}")).unwrap();
        assert!(!format!("{proxy:?}").contains("ss\""));
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = read_head(&mut stream).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            (asked, stream)
        };
        let asking = async {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let tunnel = proxy.tunnel(&mut stream, "hub.example.org", 443).await;
            if tunnel.is_ok() {
                let mut first = [0; 5];
                stream.read_exact(&mut first).await.unwrap();
                assert_eq!(&first, b"hello", "what belongs to the hub is left alone");
            }
            tunnel
        };
        let (tunnel, (asked, _)) = tokio::join!(asking, serving);
        (tunnel, asked)
    }
}
