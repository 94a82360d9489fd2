//! One request and its answer: bounded, retried where the hub asks for it, read into documents.

use std::time::Duration;

use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, header, redirect};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use super::{Client, ClientError, HubUrl, Proxy, ProxyKind, Refusal, Trust};
use crate::Secret;

/// A hub without anybody signed in.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    hub: HubUrl,
    proxy: Option<Proxy>,
}

/// What is sent beside the address.
#[derive(Debug, Default)]
pub(super) struct Ask<'a> {
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body<'a>,
    pub(super) bearer: Option<&'a Secret>,
}

#[derive(Debug, Default)]
pub(super) enum Body<'a> {
    #[default]
    None,
    Json(Vec<u8>),
    Form(&'a [(&'static str, &'a str)]),
}

impl Http {
    pub(super) fn new(hub: HubUrl, trust: &Trust) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("outport/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect would carry the token to whoever it names.
            .redirect(redirect::Policy::none())
            // Whether there is a proxy is decided elsewhere, for everything that goes to the hub.
            .no_proxy();
        let proxy = trust.proxy.clone().filter(|_| !hub.is_loopback());
        if let Some(proxy) = &proxy {
            builder = builder.proxy(for_reqwest(proxy).map_err(ClientError::Tls)?);
        }
        let roots = match &trust.extra_roots_pem {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(ClientError::Tls)?,
            None => Vec::new(),
        };
        builder = if !hub.is_encrypted() || cfg!(target_os = "macos") && !roots.is_empty() {
            // Plain http needs no store of certificates, which a small container may not have;
            // and Apple's verifier takes extra roots only instead of its own.
            builder.tls_certs_only(roots)
        } else {
            builder.tls_certs_merge(roots)
        };
        let client = builder.build().map_err(ClientError::Tls)?;
        Ok(Self { client, hub, proxy })
    }

    pub(super) fn hub(&self) -> &HubUrl {
        &self.hub
    }

    /// Sends a request, waits out what the hub asks to wait out, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        ask: Ask<'_>,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let bytes = self.ask_bytes(method, path, ask).await?;
        serde_json::from_slice(&bytes).map_err(|source| ClientError::Garbled {
            hub: self.hub.clone(),
            what,
            source,
        })
    }

    async fn ask_bytes(
        &self,
        method: Method,
        path: &str,
        ask: Ask<'_>,
    ) -> Result<Vec<u8>, ClientError> {
        let started = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self.request(method.clone(), path, &ask).timeout(REQUEST_TIMEOUT);
            let response = self.sent(request.send().await).await?;
            let status = response.status();
            let pause = pause_asked(&response);
            let bytes = self.read(response).await?;
            if status.is_success() {
                return Ok(bytes);
            }
            let busy =
                matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            let pause = pause.unwrap_or(PAUSE * tries);
            if !busy || TRIES_MAX <= tries || WAIT_MAX < started.elapsed() + pause {
                return Err(ClientError::Refused(Box::new(Refusal::read(status.as_u16(), &bytes))));
            }
            sleep(pause).await;
        }
    }

    /// Opens an answer that goes on for as long as the hub has something to say.
    pub(super) async fn stream(
        &self,
        path: &str,
        ask: Ask<'_>,
        accept: &'static str,
    ) -> Result<Response, ClientError> {
        let request = self.request(Method::GET, path, &ask).header(header::ACCEPT, accept);
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, request.send()).await;
        let response = match answer {
            Ok(response) => self.sent(response).await?,
            Err(_) => return Err(ClientError::Timeout { hub: self.hub.clone() }),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = self.read(response).await?;
        Err(ClientError::Refused(Box::new(Refusal::read(status.as_u16(), &bytes))))
    }

    fn request(&self, method: Method, path: &str, ask: &Ask<'_>) -> RequestBuilder {
        let mut url = self.hub.at(path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let mut request = self.client.request(method, url);
        request = match &ask.body {
            Body::None => request,
            Body::Json(bytes) => {
                request.header(header::CONTENT_TYPE, "application/json").body(bytes.clone())
            }
            Body::Form(fields) => request.form(fields),
        };
        match ask.bearer {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if ANSWER_BYTES_MAX < bytes.len() + chunk.len() {
                return Err(ClientError::TooLarge { hub: self.hub.clone(), max: ANSWER_BYTES_MAX });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The answer to a request, or why there is none. What a proxy said to it is heard by asking the
    /// proxy once more: the layers below keep it to themselves.
    async fn sent(&self, sent: reqwest::Result<Response>) -> Result<Response, ClientError> {
        let error = match sent {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let Some(proxy) = self.proxy.as_ref().filter(|_| error.is_connect()) else {
            return Err(self.failed(error));
        };
        let (host, port) = self.hub.host_and_port();
        match proxy.check(&host, port).await {
            Ok(()) => Err(self.failed(error)),
            Err(error) => {
                Err(ClientError::Proxy { hub: self.hub.clone(), source: Box::new(error) })
            }
        }
    }

    pub(super) fn failed(&self, error: reqwest::Error) -> ClientError {
        let hub = self.hub.clone();
        if error.is_timeout() && !error.is_connect() {
            return ClientError::Timeout { hub };
        }
        // The address can hold a code or a path of somebody's; errors are printed.
        ClientError::Unreachable { hub, source: error.without_url() }
    }
}

impl Client {
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        server: &'static str,
        path: &str,
        query: Vec<(&'static str, String)>,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let token = self.token(server).await?;
        let ask = Ask { query, bearer: Some(&token), ..Ask::default() };
        self.http.ask(Method::GET, path, ask, what).await
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        server: &'static str,
        method: Method,
        path: &str,
        document: Option<&(impl Serialize + Sync)>,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let token = self.token(server).await?;
        let body = match document {
            Some(document) => Body::Json(
                serde_json::to_vec(document).expect("documents have text keys and finite numbers"),
            ),
            None => Body::None,
        };
        let ask = Ask { body, bearer: Some(&token), ..Ask::default() };
        self.http.ask(method, path, ask, what).await
    }

    pub(super) async fn token(&self, server: &str) -> Result<Secret, ClientError> {
        self.bearer.token(server).await.map_err(|problem| ClientError::SignedOut(Box::new(problem)))
    }
}

/// The same proxy, as the client below wants to hear it.
fn for_reqwest(proxy: &Proxy) -> reqwest::Result<reqwest::Proxy> {
    let mut address = proxy.address.to_string();
    if proxy.address.kind() == ProxyKind::Socks5 {
        // So spelled, the proxy finds the hub's address, as it does for the control channel.
        address = address.replacen("socks5:", "socks5h:", 1);
    }
    let through = reqwest::Proxy::all(address)?;
    Ok(match &proxy.login {
        Some(login) => through.basic_auth(&login.user, login.password.expose()),
        None => through,
    })
}

/// What `Retry-After` says, where it says seconds.
fn pause_asked(response: &Response) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// A hub that cannot be reached in this time is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What the clients of the contract wait for an answer, listings of far endpoints included.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Larger than a listing of 100,000 long names.
const ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;
/// How often a busy hub is asked again, so that a person gets an answer.
const TRIES_MAX: u32 = 4;
/// The first pause, where the hub names none.
const PAUSE: Duration = Duration::from_millis(500);
/// Longer waits are the person's to decide.
const WAIT_MAX: Duration = Duration::from_secs(30);
