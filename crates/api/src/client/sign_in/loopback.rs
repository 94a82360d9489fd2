//! The page that the browser comes back to.
//!
//! A listener on a random port of the loopback address, alive for one sign-in. Anything on this
//! computer can connect to it, so a request is bounded in size and time, several are served at
//! once (browsers open connections ahead), and only the one that brings our state counts.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use url::Url;

use super::{Auth, SCOPES, SignInError, request::AuthorizationRequest};
use crate::{Secret, auth::TokenAnswer};

/// A sign-in in the browser, on its way.
#[derive(Debug)]
pub struct BrowserSignIn {
    auth: Auth,
    listener: TcpListener,
    request: Arc<AuthorizationRequest>,
}

/// Why no page can be served for the browser to come back to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// No port could be had.
    #[error("no port of the loopback address can be used")]
    Bind(#[source] io::Error),
    /// The system has no randomness.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
}

/// What a browser brings back.
#[derive(Debug)]
enum Answer {
    Code(Secret),
    Denied(String),
}

impl BrowserSignIn {
    pub(super) async fn listen(auth: Auth) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(ListenError::Bind)?;
        let port = listener.local_addr().map_err(ListenError::Bind)?.port();
        let back = format!("http://127.0.0.1:{port}/");
        let request = AuthorizationRequest::new(auth.hub(), auth.client_id, back, SCOPES)
            .map_err(ListenError::Random)?;
        Ok(Self { auth, listener, request: Arc::new(request) })
    }

    /// The address to open in the browser.
    pub fn url(&self) -> &Url {
        self.request.url()
    }

    /// How long the browser is waited for.
    pub const fn time_left(&self) -> Duration {
        SIGN_IN_TIMEOUT
    }

    /// Waits for the browser to come back, and turns what it brings into tokens.
    ///
    /// # Errors
    /// When the person refuses, does not come back in time, or the hub does not accept the code.
    pub async fn finish(self) -> Result<TokenAnswer, SignInError> {
        let answer = match timeout(SIGN_IN_TIMEOUT, self.answer()).await {
            Ok(answer) => answer.map_err(|error| SignInError::Listen(ListenError::Bind(error)))?,
            Err(_) => return Err(SignInError::Expired),
        };
        match answer {
            Answer::Code(code) => {
                self.auth.exchange(&code, &self.request).await.map_err(SignInError::Client)
            }
            Answer::Denied(message) => Err(SignInError::Denied { message }),
        }
    }

    async fn answer(&self) -> io::Result<Answer> {
        let mut visitors = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if visitors.len() < VISITORS_MAX => {
                    let (stream, _) = accepted?;
                    visitors.spawn(visit(stream, Arc::clone(&self.request)));
                }
                Some(visited) = visitors.join_next() => {
                    if let Ok(Some(answer)) = visited {
                        return Ok(answer);
                    }
                }
            }
        }
    }
}

/// Serves one connection; whoever is slow or brings nothing is let go.
async fn visit(mut stream: TcpStream, request: Arc<AuthorizationRequest>) -> Option<Answer> {
    let target = timeout(VISIT_TIMEOUT, read_target(&mut stream)).await.ok()??;
    let (answer, page) = judge(&target, &request);
    let (status, body) = match page {
        Page::Done => ("200 OK", page_html("You are signed in", "You can close this window.")),
        Page::Denied => (
            "200 OK",
            page_html("Not signed in", "The sign-in was refused. You can close this window."),
        ),
        Page::Foreign => (
            "400 Bad Request",
            page_html("Not this sign-in", "This page belongs to another sign-in. Start it again."),
        ),
        Page::Missing => ("404 Not Found", page_html("Nothing here", "There is no such page.")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let send = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.shutdown().await
    };
    timeout(VISIT_TIMEOUT, send).await.ok(); // the code counts even if the page does not arrive
    answer
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Done,
    Denied,
    Foreign,
    Missing,
}

/// What a visit means.
fn judge(target: &str, request: &AuthorizationRequest) -> (Option<Answer>, Page) {
    let Ok(url) = Url::parse(&format!("http://127.0.0.1{target}")) else {
        return (None, Page::Missing);
    };
    if url.path() != "/" || url.query().is_none() {
        return (None, Page::Missing);
    }
    let pair = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    if !pair("state").is_some_and(|state| request.is_own_state(&state)) {
        return (None, Page::Foreign);
    }
    match (pair("code"), pair("error")) {
        (Some(code), _) => (Some(Answer::Code(Secret::new(code))), Page::Done),
        (None, Some(error)) => {
            let message = pair("error_description").unwrap_or(error);
            (Some(Answer::Denied(message)), Page::Denied)
        }
        (None, None) => (None, Page::Missing),
    }
}

/// The target of a GET request; `None` when it is something else, too long, or broken off.
async fn read_target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 || HEAD_BYTES_MAX < head.len() + read {
            return None;
        }
        head.extend_from_slice(&chunk[..read]);
    }
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some(target)) if target.starts_with('/') => Some(target.to_owned()),
        _ => None,
    }
}

fn page_html(title: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Outport\
         </title><meta name=\"viewport\" content=\"width=device-width\"><style>\
         :root{{color-scheme:light dark}}body{{font:1.1rem/1.5 system-ui,sans-serif;display:grid;\
         min-height:90vh;place-content:center;text-align:center;margin:1rem}}h1{{font-size:1.6rem;\
         font-weight:600}}p{{opacity:.75}}</style></head><body><h1>{title}</h1><p>{text}</p>\
         </body></html>"
    )
}

/// Long enough to look a password up, short enough to end by itself when forgotten.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// A browser on this computer sends and reads a page at once.
const VISIT_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that a browser opens ahead, and some that are not one.
const VISITORS_MAX: usize = 16;
/// Browsers send less than this before the empty line, cookies of other local pages included.
const HEAD_BYTES_MAX: usize = 32 * 1024;
