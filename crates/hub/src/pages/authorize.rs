//! The authorization page: an app asks for tokens, the person signs in and says yes or no.
//!
//! The request stays in the page's address and is checked anew at every step, so that nothing is
//! stored before the person has agreed.
//! An unknown app or address for the answer ends here, on a page; every other error is the app's to
//! hear.

use axum::{
    extract::{OriginalUri, State},
    http::StatusCode,
    response::Response,
};
use outport_types::{AccountId, ClientId, IdentityId};
use sea_orm::{ActiveModelTrait as _, Set};
use url::Url;
use uuid::Uuid;

use super::{
    browser::{Browser, SignedIn},
    consent::{self, Asker},
    page::{Frame, PageError, problem, redirect},
    sign_in::{self, Next, SignInReason},
    text::fill,
};
use crate::{
    auth::{
        client::{self, Client},
        consent as consents,
        grant::{self, NewGrant},
        scope::ScopeRequest,
    },
    http::FormFields,
    random::Secret,
    state::HubState,
    store::{StoreError, entity::code},
};

/// A request that may be answered at its address.
#[derive(Clone, Debug)]
struct Request {
    client: Client,
    redirect_uri: Url,
    /// As the app wrote it; the exchange of the code must repeat it.
    redirect_text: String,
    state: Option<String>,
    scopes: ScopeRequest,
    challenge: Option<String>,
    nonce: Option<String>,
    offline: bool,
    prompt: Prompt,
    needs: SessionNeeds,
}

/// What the app wants the person to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompt {
    /// What is necessary.
    Usual,
    /// The password, again.
    SignIn,
}

/// How the person must have signed in.
#[derive(Clone, Debug, Default)]
struct SessionNeeds {
    identities: Vec<Uuid>,
    domains: Vec<String>,
    message: Option<String>,
}

/// Why a request is not carried on.
enum Refusal {
    /// Told on a page, because the address for answers cannot be trusted.
    Page { status: StatusCode, text: &'static str },
    /// Told to the app.
    Answer(Box<ErrorAnswer>),
}

/// An error that the app may hear.
struct ErrorAnswer {
    redirect_uri: Url,
    state: Option<String>,
    error: &'static str,
    description: String,
}

/// `GET /v2/oauth2/authorize`
pub(super) async fn get(
    State(hub): State<HubState>,
    browser: Browser,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let query = uri.query().unwrap_or_default();
    let request = match read(&hub, &browser, query).await? {
        Ok(request) => request,
        Err(refusal) => return refuse(&hub, &browser, refusal),
    };
    let next = Next::parse(&format!("/v2/oauth2/authorize?{}", without_prompt(query)));
    match &browser.signed_in {
        Some(signed_in) if request.prompt == Prompt::Usual && request.needs.are_met(signed_in) => {
            show_consent(&hub, &browser, signed_in, &request, query)
        }
        Some(_) | None => {
            let reason = request.reason(&hub, &browser).await?;
            sign_in::show(&hub, &browser, &next, reason)
        }
    }
}

/// `POST /v2/oauth2/authorize`: the person's answer.
pub(super) async fn post(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    let t = Frame::new(&hub, &browser).t;
    if !browser.is_own_form(&hub, &form) {
        return problem(&hub, &browser, StatusCode::FORBIDDEN, t.error_form);
    }
    let query = form.get("request").unwrap_or_default();
    let request = match read(&hub, &browser, query).await? {
        Ok(request) => request,
        Err(refusal) => return refuse(&hub, &browser, refusal),
    };
    let Some(signed_in) =
        browser.signed_in.clone().filter(|signed_in| request.needs.are_met(signed_in))
    else {
        let next = Next::parse(&format!("/v2/oauth2/authorize?{}", without_prompt(query)));
        let reason = request.reason(&hub, &browser).await?;
        return sign_in::show(&hub, &browser, &next, reason);
    };
    if form.get("answer") != Some("allow") {
        let refusal = request.refusal("access_denied", "The person said no.");
        return refuse(&hub, &browser, refusal);
    }
    let code = issue_code(&hub, &signed_in, &request).await?;
    let mut target = request.redirect_uri.clone();
    target.query_pairs_mut().append_pair("code", code.reveal());
    if let Some(state) = &request.state {
        target.query_pairs_mut().append_pair("state", state);
    }
    redirect(target.as_str(), Vec::new())
}

impl Request {
    fn refusal(&self, error: &'static str, description: &str) -> Refusal {
        Refusal::Answer(Box::new(ErrorAnswer {
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            error,
            description: description.to_owned(),
        }))
    }

    /// What the sign-in page says about this request.
    async fn reason(&self, hub: &HubState, browser: &Browser) -> Result<SignInReason, PageError> {
        let t = Frame::new(hub, browser).t;
        let mut reason = SignInReason {
            app: Some(self.client.name.clone()),
            message: self.needs.message.clone(),
            ..SignInReason::default()
        };
        if !self.needs.identities.is_empty() {
            let names = self.needs.names(hub).await?;
            reason.note = Some(fill(t.sign_in_as, "who", &names.join(", ")));
            reason.login = names.into_iter().next();
        } else if !self.needs.domains.is_empty() {
            reason.note = Some(fill(t.sign_in_domain, "domain", &self.needs.domains.join(", ")));
        }
        Ok(reason)
    }
}

impl SessionNeeds {
    fn are_met(&self, signed_in: &SignedIn) -> bool {
        let owns = |id: &Uuid| signed_in.identities.iter().any(|identity| identity.id == *id);
        let of_domain = |domain: &String| {
            let mut names = signed_in.identities.iter().map(|identity| &identity.username);
            names.any(|name| name.split_once('@').is_some_and(|(_, own)| own == domain))
        };
        self.identities.iter().all(owns)
            && (self.domains.is_empty() || self.domains.iter().any(of_domain))
    }

    async fn names(&self, hub: &HubState) -> Result<Vec<String>, PageError> {
        use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

        use crate::store::entity::identity;
        let rows = identity::Entity::find()
            .filter(identity::Column::Id.is_in(self.identities.clone()))
            .all(hub.store.read())
            .await?;
        Ok(rows.into_iter().map(|row| row.username).collect())
    }
}

/// Reads and checks a request; the outer error is ours, the inner one the request's.
async fn read(
    hub: &HubState,
    browser: &Browser,
    query: &str,
) -> Result<Result<Request, Refusal>, PageError> {
    let t = Frame::new(hub, browser).t;
    let page = |text| Ok(Err(Refusal::Page { status: StatusCode::BAD_REQUEST, text }));
    let Ok(fields) = FormFields::parse(query.as_bytes()) else { return page(t.error_request) };
    let (Some(id), Some(redirect_text)) = (fields.get("client_id"), fields.get("redirect_uri"))
    else {
        return page(t.error_request);
    };
    let client = match id.parse::<ClientId>() {
        Ok(id) => Client::find(&hub.store, id).await?,
        Err(_) => None,
    };
    let Some(client) = client else { return page(t.error_client) };
    let own_page = hub.url("v2/web/auth-code");
    let redirect_uri = match Url::parse(redirect_text) {
        Ok(url) if client.allows_redirect(redirect_text, &own_page) => url,
        Ok(_) | Err(_) => return page(t.error_redirect),
    };
    let request = match read_checked(client, redirect_uri, redirect_text, &fields) {
        Ok(request) => request,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(error) = client::find_unserved(&hub.store, &request.scopes).await? {
        let Request { redirect_uri, state, .. } = request;
        let (error, description) = ("invalid_scope", error.to_string());
        let answer = ErrorAnswer { redirect_uri, state, error, description };
        return Ok(Err(Refusal::Answer(Box::new(answer))));
    }
    Ok(Ok(request))
}

/// The part of reading whose errors the app may hear.
fn read_checked(
    client: Client,
    redirect_uri: Url,
    redirect_text: &str,
    fields: &FormFields,
) -> Result<Request, Refusal> {
    let state = fields.get("state").map(str::to_owned);
    let refuse = |error, description: String| {
        let (redirect_uri, state) = (redirect_uri.clone(), state.clone());
        Refusal::Answer(Box::new(ErrorAnswer { redirect_uri, state, error, description }))
    };
    if fields.get("response_type") != Some("code") {
        let text = "Only the response type `code` is known here.";
        return Err(refuse("unsupported_response_type", text.to_owned()));
    }
    let scopes = ScopeRequest::parse(fields.get("scope").unwrap_or_default())
        .map_err(|error| refuse("invalid_scope", error.to_string()))?;
    if scopes.items.is_empty() {
        return Err(refuse("invalid_scope", "No scope is asked for.".to_owned()));
    }
    let challenge = fields.get("code_challenge").map(str::to_owned);
    let written = |text: &String| text.len() == CHALLENGE_CHARS;
    let s256 = fields.get("code_challenge_method") == Some("S256");
    let challenge_ok = match &challenge {
        Some(challenge) => s256 && written(challenge),
        // Without a secret, only PKCE ties the code to whoever asked for it.
        None => !client.kind.is_public(),
    };
    if !challenge_ok {
        let text = "A code challenge by the method S256 is needed (PKCE).";
        return Err(refuse("invalid_request", text.to_owned()));
    }
    if fields.flag("session_required_mfa") {
        let text = "This hub cannot ask for a second factor.";
        return Err(refuse("access_denied", text.to_owned()));
    }
    let prompt = match fields.get("prompt") {
        Some("none") => {
            let text = "This hub always asks the person.";
            return Err(refuse("interaction_required", text.to_owned()));
        }
        Some("login") => Prompt::SignIn,
        Some(_) | None => Prompt::Usual,
    };
    let items = |name: &str| {
        let text = fields.get(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_lowercase)
    };
    let identities: Option<Vec<Uuid>> =
        items("session_required_identities").map(|item| Uuid::try_parse(&item).ok()).collect();
    let Some(identities) = identities else {
        return Err(refuse("invalid_request", "An identity is no id.".to_owned()));
    };
    let needs = SessionNeeds {
        identities,
        domains: items("session_required_single_domain").collect(),
        message: fields.get("session_message").map(|text| text.chars().take(300).collect()),
    };
    Ok(Request {
        offline: scopes.offline || fields.get("access_type") == Some("offline"),
        nonce: fields.get("nonce").map(str::to_owned),
        redirect_text: redirect_text.to_owned(),
        client,
        redirect_uri,
        state,
        scopes,
        challenge,
        prompt,
        needs,
    })
}

fn refuse(hub: &HubState, browser: &Browser, refusal: Refusal) -> Result<Response, PageError> {
    match refusal {
        Refusal::Page { status, text } => problem(hub, browser, status, text),
        Refusal::Answer(answer) => {
            let ErrorAnswer { mut redirect_uri, state, error, description } = *answer;
            redirect_uri
                .query_pairs_mut()
                .append_pair("error", error)
                .append_pair("error_description", &description);
            if let Some(state) = state {
                redirect_uri.query_pairs_mut().append_pair("state", &state);
            }
            redirect(redirect_uri.as_str(), Vec::new())
        }
    }
}

fn show_consent(
    hub: &HubState,
    browser: &Browser,
    signed_in: &SignedIn,
    request: &Request,
    query: &str,
) -> Result<Response, PageError> {
    let own_page = hub.url("v2/web/auth-code");
    let asker = Asker {
        client: &request.client,
        scopes: &request.scopes,
        offline: request.offline,
        destination: if request.redirect_text == own_page {
            consent::Destination::OwnPage
        } else {
            consent::Destination::Address(&request.redirect_uri)
        },
    };
    let hidden = vec![("request", query.to_owned())];
    let other = format!("/v2/oauth2/authorize?{}&prompt=login", without_prompt(query));
    consent::show(hub, browser, signed_in, &asker, "/v2/oauth2/authorize", hidden, &other)
}

async fn issue_code(
    hub: &HubState,
    signed_in: &SignedIn,
    request: &Request,
) -> Result<Secret, PageError> {
    let identity = signed_in.primary().ok_or("an account without an identity")?.id;
    let identity = IdentityId::from_uuid(identity);
    let now = hub.clock.now();
    let new = NewGrant {
        client: request.client.id,
        account: AccountId::from_uuid(signed_in.account.id),
        identity,
        session: Some(signed_in.session),
        signed_in_at: signed_in.at,
    };
    let secret = Secret::random();
    let hash = secret.hash();
    let until = now.plus_seconds(hub.config.tokens.code_seconds.into());
    let request = request.clone();
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            let (client, items) = (request.client.id, &request.scopes.items);
            consents::record(tx, client, identity, items, request.offline, now).await?;
            let grant = grant::create(tx, new, now).await?;
            code::ActiveModel {
                code_hash: Set(hash.to_vec()),
                grant_id: Set(grant),
                redirect_uri: Set(request.redirect_text),
                scope: Set(grant::scope_text(&request.scopes)),
                challenge: Set(request.challenge),
                nonce: Set(request.nonce),
                state: Set(request.state),
                offline: Set(request.offline),
                expires_at: Set(until.millis()),
                used_at: Set(None),
            }
            .insert(tx)
            .await?;
            Ok::<_, StoreError>(())
        })
    });
    write.await?;
    Ok(secret)
}

/// The query without `prompt`, which the sign-in has satisfied.
fn without_prompt(query: &str) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && name != "prompt"
    });
    kept.collect::<Vec<_>>().join("&")
}

/// A SHA-256 in base64.
const CHALLENGE_CHARS: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_prompt_is_left_out() {
        assert_eq!(without_prompt("a=1&prompt=login&state=%26x"), "a=1&state=%26x");
        assert_eq!(without_prompt("prompt=login"), "");
    }
}
