//! A tunnel through a proxy: asked for, and what comes of it in words.

use std::{io, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_socks::tcp::Socks5Stream;

use super::{Proxy, ProxyError, ProxyKind, host_and_port};

impl Proxy {
    /// Asks for a tunnel to a host, over a connection to this proxy. Not a byte of what the host
    /// sends is taken.
    ///
    /// # Errors
    /// When the proxy does not answer, or does not make the connection.
    pub async fn tunnel(
        &self,
        stream: TcpStream,
        host: &str,
        port: u16,
    ) -> Result<TcpStream, ProxyError> {
        let asking = async {
            match self.address.kind {
                ProxyKind::Http => self.connect(stream, &host_and_port(host, port)).await,
                ProxyKind::Socks5 => self.socks(stream, host, port).await,
            }
        };
        timeout(ANSWER_TIMEOUT, asking).await.unwrap_or_else(|_| Err(self.unreachable(too_late())))
    }

    /// Looks why nothing comes through this proxy; nothing, where a tunnel comes up.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check(&self, host: &str, port: u16) -> Result<(), ProxyError> {
        let connecting = TcpStream::connect((self.address.host.as_str(), self.address.port));
        let connected = timeout(ANSWER_TIMEOUT, connecting).await;
        let stream = connected.unwrap_or_else(|_| Err(too_late()));
        let stream = stream.map_err(|error| self.unreachable(error))?;
        self.tunnel(stream, host, port).await.map(drop)
    }

    async fn connect(&self, mut stream: TcpStream, target: &str) -> Result<TcpStream, ProxyError> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(login) = &self.login {
            let text = STANDARD.encode(format!("{}:{}", login.user, login.password.expose()));
            request += &format!("Proxy-Authorization: Basic {text}\r\n");
        }
        request += "\r\n";
        let asked = stream.write_all(request.as_bytes()).await;
        let head = match asked {
            Ok(()) => read_head(&mut stream).await,
            Err(error) => Err(error),
        };
        let head = Head::read(&head.map_err(|error| self.unreachable(error))?);
        match head.status {
            Some(200..=299) => Ok(stream),
            Some(407) if head.takes_passwords => Err(self.login_refused()),
            Some(_) | None => Err(self.refused(target.to_owned(), head.reason())),
        }
    }

    async fn socks(
        &self,
        stream: TcpStream,
        host: &str,
        port: u16,
    ) -> Result<TcpStream, ProxyError> {
        use tokio_socks::Error;
        let target = (host, port);
        let made = match &self.login {
            None => Socks5Stream::connect_with_socket(stream, target).await,
            Some(login) => {
                let (user, password) = (&login.user, login.password.expose());
                Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
            }
        };
        let reason = match made {
            Ok(tunnel) => return Ok(tunnel.into_inner()),
            Err(Error::Io(error)) => return Err(self.unreachable(error)),
            Err(
                Error::PasswordAuthFailure(_)
                | Error::NoAcceptableAuthMethods
                | Error::AuthorizationRequired,
            ) => return Err(self.login_refused()),
            Err(Error::ConnectionNotAllowedByRuleset) => "its rules do not allow it",
            Err(Error::NetworkUnreachable) => "it has no way to that network",
            Err(Error::HostUnreachable) => "it cannot reach or find that host",
            Err(Error::ConnectionRefused) => "nobody takes the connection there",
            Err(Error::TtlExpired) => "the way there is too long",
            Err(Error::CommandNotSupported) => "it makes no connections for others",
            Err(Error::AddressTypeNotSupported) => "it does not know this kind of address",
            Err(Error::GeneralSocksServerFailure) => "it failed, and does not say why",
            Err(Error::InvalidAuthValues(_)) => "it cannot be told this user and password",
            Err(_) => "its answer is not SOCKS version 5",
        };
        Err(self.refused(host_and_port(host, port), reason.to_owned()))
    }

    pub(in crate::client) fn unreachable(&self, source: io::Error) -> ProxyError {
        ProxyError::Unreachable { proxy: self.address.clone(), source }
    }

    fn login_refused(&self) -> ProxyError {
        let proxy = self.address.clone();
        match &self.login {
            None => ProxyError::NeedsLogin { proxy },
            Some(login) => ProxyError::LoginWrong { proxy, user: login.user.clone() },
        }
    }

    fn refused(&self, host: String, reason: String) -> ProxyError {
        ProxyError::Refused { proxy: self.address.clone(), host, reason }
    }
}

/// What a proxy answered to `CONNECT`.
struct Head {
    status: Option<u16>,
    /// What stands behind `HTTP/1.1`.
    line: String,
    /// Whether a password is what it wants; it may want something else, of Windows.
    takes_passwords: bool,
    /// What else it wants.
    ways: Vec<String>,
}

impl Head {
    fn read(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let line = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split_once(' '));
        let line: String = line.map_or_else(String::new, |(_, line)| {
            line.chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect()
        });
        let mut ways: Vec<String> = lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("proxy-authenticate"))
            .filter_map(|(_, value)| value.split_whitespace().next())
            .map(|way| way.chars().filter(char::is_ascii_alphanumeric).take(20).collect())
            .collect();
        ways.truncate(WAYS_MAX);
        let takes_passwords =
            ways.is_empty() || ways.iter().any(|way| way.eq_ignore_ascii_case("basic"));
        let status = line.split(' ').next().and_then(|word| word.parse().ok());
        Self { status, line, takes_passwords, ways }
    }

    fn reason(&self) -> String {
        let line = &self.line;
        match self.status {
            Some(407) => {
                let ways = self.ways.join(", ");
                format!(
                    "it wants to know who asks by {ways}, and Outport has only user and password (Basic)"
                )
            }
            Some(401 | 403 | 405) => format!("it does not allow it (HTTP {line})"),
            Some(502..=504) => format!("it cannot reach that host itself (HTTP {line})"),
            Some(_) => format!("it answered HTTP {line}"),
            None => "its answer is not HTTP".to_owned(),
        }
    }
}

/// The head of the answer. What follows it belongs to the hub, so not a byte more is taken.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if HEAD_BYTES_MAX <= head.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer has no end"));
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let text = "it closed the connection without an answer";
                return Err(io::Error::new(error.kind(), text));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn too_late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it does not answer in time")
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Proxies like to talk, but not that much.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What of their words is repeated.
const REASON_CHARS_MAX: usize = 100;
/// Ways to say who asks that are named in an error.
const WAYS_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use outport_types::Code;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_tunnel_is_asked_for_with_user_and_password() {
        let (made, asked) =
            connect("ann:p%40ss@", "HTTP/1.1 200 Connection established\r\nx: y\r\n\r\nhello")
                .await;
        let mut stream = made.unwrap();
        let mut first = [0; 5];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello", "what belongs to the hub is left alone");
        assert!(asked.starts_with("CONNECT hub.example.org:443 HTTP/1.1\r\n"), "{asked}");
        let login = STANDARD.encode("ann:p@ss");
        assert!(asked.contains(&format!("Proxy-Authorization: Basic {login}\r\n")), "{asked}");
        let (_, asked) = connect("", "HTTP/1.0 200 OK\r\n\r\nhello").await;
        assert!(!asked.contains("Proxy-Authorization"), "{asked}");
    }

    #[tokio::test]
    async fn a_proxy_that_demands_a_password_says_so_and_whose_is_wrong() {
        let wants = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                     Proxy-Authenticate: NTLM\r\nproxy-authenticate: Basic realm=\"x\"\r\n\r\n";
        let problem = connect("", wants).await.0.unwrap_err().problem();
        assert_eq!(problem.code, Code::ProxyNeedsLogin, "{problem}");
        let problem = connect("ann:x@", wants).await.0.unwrap_err().problem();
        assert_eq!(problem.code, Code::ProxyLoginWrong);
        assert!(problem.message.contains("`ann`"), "{problem}");
        let windows = "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n";
        let problem = connect("ann:x@", windows).await.0.unwrap_err().problem();
        assert_eq!(problem.code, Code::ProxyRefused);
        assert!(problem.message.contains("NTLM"), "{problem}");
    }

    #[tokio::test]
    async fn what_a_proxy_says_no_with_is_told() {
        for (answer, word) in [
            ("HTTP/1.1 403 Forbidden\r\n\r\n", "does not allow it (HTTP 403 Forbidden)"),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "cannot reach that host itself"),
            ("HTTP/1.1 418 Teapot\r\n\r\n", "it answered HTTP 418 Teapot"),
            ("SSH-2.0-x\r\n\r\n", "not HTTP"),
        ] {
            let problem = connect("", answer).await.0.unwrap_err().problem();
            assert_eq!(problem.code, Code::ProxyRefused);
            assert!(problem.message.contains(word), "{answer}: {problem}");
            assert!(problem.message.contains("hub.example.org:443"), "{problem}");
        }
        let endless = "x".repeat(HEAD_BYTES_MAX + 1);
        for (answer, word) in [("", "without an answer"), (&endless, "has no end")] {
            let problem = connect("", answer).await.0.unwrap_err().problem();
            assert_eq!(problem.code, Code::ProxyUnreachable);
            assert!(problem.message.contains(word), "{problem}");
        }
    }

    #[tokio::test]
    async fn a_socks_proxy_is_told_the_name_of_the_hub_and_who_asks() {
        let serving = async |mut stream: TcpStream| {
            assert_eq!(methods(&mut stream).await, [0, 2]);
            stream.write_all(&[5, 2]).await.unwrap();
            let mut login = [0; 3 + 3 + 4];
            stream.read_exact(&mut login).await.unwrap();
            assert_eq!(&login, b"\x01\x03ann\x04p@ss");
            stream.write_all(&[1, 0]).await.unwrap();
            assert_eq!(target(&mut stream).await, ("hub.example.org".to_owned(), 443));
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
        };
        let mut stream = through("socks5://ann:p%40ss@", serving).await.unwrap();
        let mut first = [0; 5];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello");
    }

    #[tokio::test]
    async fn what_a_socks_proxy_says_no_with_is_told() {
        for (code, word) in [
            (1, "failed"),
            (2, "rules do not allow"),
            (3, "no way to that network"),
            (4, "cannot reach or find"),
            (5, "nobody takes the connection"),
            (6, "too long"),
            (7, "no connections for others"),
            (8, "kind of address"),
            (99, "not SOCKS version 5"),
        ] {
            let serving = async |mut stream: TcpStream| {
                methods(&mut stream).await;
                stream.write_all(&[5, 0]).await.unwrap();
                target(&mut stream).await;
                stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            };
            let problem = through("socks5://", serving).await.unwrap_err().problem();
            assert_eq!(problem.code, Code::ProxyRefused, "{code}: {problem}");
            assert!(problem.message.contains(word), "{code}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_socks_proxy_that_demands_a_password_says_so_and_whose_is_wrong() {
        let wants = async |mut stream: TcpStream| {
            methods(&mut stream).await;
            stream.write_all(&[5, 0xff]).await.unwrap();
        };
        let problem = through("socks5://", wants).await.unwrap_err().problem();
        assert_eq!(problem.code, Code::ProxyNeedsLogin, "{problem}");
        let refuses = async |mut stream: TcpStream| {
            methods(&mut stream).await;
            stream.write_all(&[5, 2]).await.unwrap();
            let mut login = [0; 3 + 3 + 1];
            stream.read_exact(&mut login).await.unwrap();
            stream.write_all(&[1, 1]).await.unwrap();
        };
        let problem = through("socks5://ann:x@", refuses).await.unwrap_err().problem();
        assert_eq!(problem.code, Code::ProxyLoginWrong, "{problem}");
    }

    #[tokio::test]
    async fn a_check_finds_a_proxy_that_is_not_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        drop(listener);
        let proxy = Proxy::with_login(&format!("http://{place}")).unwrap();
        let problem = proxy.check("hub.example.org", 443).await.unwrap_err().problem();
        assert_eq!(problem.code, Code::ProxyUnreachable, "{problem}");
    }

    /// Asks a proxy of HTTP that answers with one text, and closes where that has no end.
    async fn connect(login: &str, answer: &str) -> (Result<TcpStream, ProxyError>, String) {
        let (asked, mut heard) = tokio::sync::mpsc::channel(1);
        let serving = async |mut stream: TcpStream| {
            asked.send(read_head(&mut stream).await.unwrap()).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        let made = through(&format!("http://{login}"), serving).await;
        (made, heard.recv().await.unwrap())
    }

    async fn through(
        proxy: &str,
        serving: impl AsyncFnOnce(TcpStream),
    ) -> Result<TcpStream, ProxyError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let proxy = Proxy::with_login(&format!("{proxy}{place}")).unwrap();
        let asking = async {
            let stream = TcpStream::connect(place).await.unwrap();
            proxy.tunnel(stream, "hub.example.org", 443).await
        };
        let serving = async { serving(listener.accept().await.unwrap().0).await };
        tokio::join!(asking, serving).0
    }

    /// The ways to say who asks that the other side offers.
    async fn methods(stream: &mut TcpStream) -> Vec<u8> {
        assert_eq!(stream.read_u8().await.unwrap(), 5);
        let mut methods = vec![0; usize::from(stream.read_u8().await.unwrap())];
        stream.read_exact(&mut methods).await.unwrap();
        methods
    }

    /// What the other side wants to be connected to.
    async fn target(stream: &mut TcpStream) -> (String, u16) {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(head, [5, 1, 0, 3], "a connection to a name");
        let mut name = vec![0; usize::from(stream.read_u8().await.unwrap())];
        stream.read_exact(&mut name).await.unwrap();
        (String::from_utf8(name).unwrap(), stream.read_u16().await.unwrap())
    }
}
