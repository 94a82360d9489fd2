//! A hub with a clock that moves, a browser without a screen, and short ways to tokens.

use std::collections::BTreeMap;

use outport_hub::{Admin, AppAdded, Clock, Hub, HubConfig, NewUser};
use reqwest::{Client, Response, StatusCode, Url, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "harbour chart ink";
pub(crate) const VERIFIER: &str = "a-verifier-of-forty-three-or-more-characters-0123456789";
/// The SHA-256 of [`VERIFIER`] in base64.
pub(crate) const CHALLENGE: &str = "J9TmIaVChuLuKWL8GcvIAk6l0wor0nLlZSzQlWcB3dY";
pub(crate) const TEMPLATE: &str = "95fdeba8-fac2-42bd-a357-e068d82ff78e";
pub(crate) const TRANSFER: &str = "urn:globus:auth:scope:transfer.api.globus.org:all";
pub(crate) const AUTH: &str =
    "openid profile email urn:globus:auth:scope:auth.globus.org:view_identity_set";
pub(crate) const TIMERS: &str =
    "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer";
pub(crate) const LOGIN: &str = "openid profile email \
     urn:globus:auth:scope:auth.globus.org:view_identity_set \
     urn:globus:auth:scope:transfer.api.globus.org:all \
     urn:globus:auth:scope:groups.api.globus.org:all \
     urn:globus:auth:scope:search.api.globus.org:all \
     https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer[urn:globus:auth:scope:transfer.api.globus.org:all] \
     https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/all";

/// A hub on a port of its own, in a directory that goes away.
pub(crate) struct TestHub {
    pub(crate) hub: Hub,
    pub(crate) clock: Clock,
    pub(crate) http: Client,
    pub(crate) config: HubConfig,
    pub(crate) dir: TempDir,
}

impl TestHub {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut HubConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = HubConfig::default();
        config.data = dir.path().join("data");
        config.listen = "127.0.0.1:0".parse().unwrap();
        change(&mut config);
        let clock = Clock::system();
        let hub = Hub::bind_with_clock(config.clone(), clock.clone()).await.unwrap();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { hub, clock, http, config, dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.hub.url())
    }

    pub(crate) async fn admin(&self) -> Admin {
        Admin::open(self.config.clone()).await.unwrap()
    }

    /// Adds a person with [`PASSWORD`].
    pub(crate) async fn add_person(&self, handle: &str) {
        let admin = self.admin().await;
        let user = NewUser {
            handle: handle.parse().unwrap(),
            display_name: "Anna Smith".to_owned(),
            email: Some("anna@lab.example".to_owned()),
            is_admin: false,
            password: Some(PASSWORD.to_owned()),
        };
        admin.add_user(user).await.unwrap();
        admin.close().await;
    }

    pub(crate) async fn add_app(&self, name: &str) -> AppAdded {
        let admin = self.admin().await;
        let app = admin.add_app(name).await.unwrap();
        admin.close().await;
        app
    }

    /// Makes a client from the official command's template; returns its id and secret.
    pub(crate) async fn make_instance(&self) -> Instance {
        let body = serde_json::json!({"client": {"template_id": TEMPLATE, "name": "Globus CLI"}});
        let response = self.http.post(self.url("v2/api/clients")).json(&body).send().await.unwrap();
        let (status, body) = json(response).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let credential = &body["included"]["client_credential"];
        assert_eq!(credential["client"], body["client"]["id"]);
        Instance { id: text(&credential["client"]), secret: text(&credential["secret"]) }
    }

    /// Posts a form as a client with a secret.
    pub(crate) async fn post(
        &self,
        path: &str,
        client: &Instance,
        form: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let request = self.http.post(self.url(path)).basic_auth(&client.id, Some(&client.secret));
        json(request.form(form).send().await.unwrap()).await
    }

    /// Posts a form as it is.
    pub(crate) async fn post_plain(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        json(self.http.post(self.url(path)).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        json(self.http.get(self.url(path)).bearer_auth(token).send().await.unwrap()).await
    }

    /// The address of the authorization page.
    pub(crate) fn authorize_url(&self, client: &str, more: &[(&str, &str)]) -> Url {
        let mut fields = BTreeMap::from([
            ("client_id", client),
            ("redirect_uri", "http://localhost:53124"),
            ("response_type", "code"),
            ("scope", LOGIN),
            ("state", "_default"),
            ("access_type", "offline"),
        ]);
        fields.extend(more.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        Url::parse_with_params(&self.url("v2/oauth2/authorize"), fields).unwrap()
    }

    /// Takes a person through sign-in and consent; returns the tokens.
    pub(crate) async fn sign_in(&self, handle: &str, client: &Instance) -> Value {
        let mut browser = Browser::new();
        let url = self.authorize_url(&client.id, &[]);
        let code = browser.consent(self, handle, url).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", "http://localhost:53124"),
        ];
        let (status, body) = self.post("v2/oauth2/token", client, &form).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }
}

/// A client with a secret.
#[derive(Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl From<AppAdded> for Instance {
    fn from(app: AppAdded) -> Self {
        Self { id: app.client_id.to_string(), secret: app.secret }
    }
}

/// A browser that keeps cookies and never follows a redirect by itself.
pub(crate) struct Browser {
    pub(crate) http: Client,
}

/// What a browser sees.
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let http = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Self { http }
    }

    pub(crate) async fn get(&self, url: impl reqwest::IntoUrl) -> Shown {
        Shown::read(self.http.get(url).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, url: String, form: &BTreeMap<String, String>) -> Shown {
        Shown::read(self.http.post(url).form(form).send().await.unwrap()).await
    }

    /// Fills in the sign-in page that is shown.
    pub(crate) async fn type_password(
        &self,
        hub: &TestHub,
        page: &Shown,
        handle: &str,
        password: &str,
    ) -> Shown {
        let form = page.form(&[("login", handle), ("password", password)]);
        self.post(hub.url("outport/sign-in"), &form).await
    }

    /// Signs in, says yes, and returns the code.
    pub(crate) async fn consent(&mut self, hub: &TestHub, handle: &str, url: Url) -> String {
        let page = self.get(url).await;
        assert!(page.body.contains("name=\"password\""), "{}", page.body);
        let sent = self.type_password(hub, &page, handle, PASSWORD).await;
        let consent = self.get(hub.url(sent.location().trim_start_matches('/'))).await;
        let answered = self.answer(hub, &consent, "allow").await;
        answered.query("code").unwrap_or_else(|| panic!("no code: {}", answered.body))
    }

    /// Answers the consent page that is shown.
    pub(crate) async fn answer(&self, hub: &TestHub, page: &Shown, answer: &str) -> Shown {
        let form = page.form(&[("answer", answer)]);
        self.post(hub.url("v2/oauth2/authorize"), &form).await
    }
}

impl Shown {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// Where the answer sends the browser.
    pub(crate) fn location(&self) -> &str {
        let value = self.headers.get("location").unwrap_or_else(|| panic!("{}", self.body));
        value.to_str().unwrap()
    }

    /// A field of the query of the address that the answer sends the browser to.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse(self.location()).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The hidden fields of the page's form, with more.
    pub(crate) fn form(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut form = BTreeMap::new();
        for input in self.body.split("<input type=\"hidden\" ").skip(1) {
            let attribute = |name: &str| {
                let rest = input.split_once(&format!("{name}=\"")).unwrap().1;
                unescape(rest.split('"').next().unwrap())
            };
            form.insert(attribute("name"), attribute("value"));
        }
        form.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        form
    }
}

pub(crate) async fn json(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/json", "{status}");
    (status, response.json().await.unwrap())
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The token object for a resource server, wherever in the answer it stands.
pub(crate) fn for_server<'a>(answer: &'a Value, server: &str) -> &'a Value {
    let others = answer["other_tokens"].as_array().unwrap().iter();
    std::iter::once(answer)
        .chain(others)
        .find(|token| token["resource_server"] == server)
        .unwrap_or_else(|| panic!("no token for {server}: {answer}"))
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">")
}
