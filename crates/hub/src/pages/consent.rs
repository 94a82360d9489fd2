//! The question that a person answers before an app gets tokens.

use std::collections::BTreeSet;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use outport_api::auth::names::server;
use url::Url;

use super::{
    browser::{Browser, SignedIn},
    page::{Frame, PageError, render},
    text::{Texts, fill},
};
use crate::{
    auth::{
        client::{Client, ClientKind},
        scope::{self, ScopeRequest},
    },
    http::is_loopback_host,
    state::HubState,
};

/// Who asks for what.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    pub(super) client: &'a Client,
    pub(super) scopes: &'a ScopeRequest,
    pub(super) offline: bool,
    pub(super) destination: Destination<'a>,
}

/// Where the answer goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination<'a> {
    /// The hub's page that shows the code.
    OwnPage,
    Address(&'a Url),
    /// The device that shows this code.
    Device(&'a str),
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    frame: Frame,
    wants: String,
    count: String,
    wishes: Vec<&'static str>,
    names: Vec<String>,
    self_named: bool,
    destination: String,
    signed_in: String,
    action: &'static str,
    hidden: Vec<(&'static str, String)>,
    other_account: String,
}

/// Shows the question; the form goes to `action` with the `hidden` fields.
pub(super) fn show(
    hub: &HubState,
    browser: &Browser,
    signed_in: &SignedIn,
    asker: &Asker<'_>,
    action: &'static str,
    hidden: Vec<(&'static str, String)>,
    other_account: &str,
) -> Result<Response, PageError> {
    let frame = Frame::new(hub, browser);
    let t = frame.t;
    let mut wishes = wishes(t, asker.scopes);
    if asker.offline {
        wishes.push(t.consent_offline);
    }
    let names: Vec<String> = asker.scopes.names_in_full().into_iter().map(str::to_owned).collect();
    let form_target = match asker.destination {
        Destination::Address(url) => Some(url),
        Destination::OwnPage | Destination::Device(_) => None,
    };
    let page = ConsentPage {
        count: fill(t.consent_scopes, "count", &names.len().to_string()),
        wants: fill(t.consent_wants, "app", &asker.client.name),
        wishes,
        names,
        self_named: match asker.client.kind {
            ClientKind::Instance | ClientKind::Template => true,
            ClientKind::Public | ClientKind::Application => false,
        },
        destination: destination(t, asker.destination),
        signed_in: fill(t.signed_in_as, "who", signed_in.username()),
        action,
        hidden,
        other_account: other_account.to_owned(),
        frame,
    };
    render(StatusCode::OK, browser, &page, form_target)
}

fn destination(t: &Texts, destination: Destination<'_>) -> String {
    match destination {
        Destination::OwnPage => t.consent_to_page.to_owned(),
        Destination::Device(code) => fill(t.consent_to_device, "code", code),
        Destination::Address(url) => {
            let host = url.host_str().unwrap_or_default();
            let host = match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            };
            let text = if is_loopback_host(url) { t.consent_to_here } else { t.consent_to_site };
            fill(text, "host", &host)
        }
    }
}

/// The scopes in words, each once: also those that one app may pass on to another.
fn wishes(t: &'static Texts, scopes: &ScopeRequest) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    let words = scopes.names_in_full().into_iter().map(|name| wish(t, name));
    words.filter(|text| seen.insert(*text)).collect()
}

fn wish(t: &Texts, name: &str) -> &'static str {
    let owner = scope::resource_server(name).unwrap_or_default();
    match owner.as_str() {
        server::TRANSFER => t.scope_transfer,
        server::GROUPS => t.scope_groups,
        server::SEARCH => t.scope_search,
        server::FLOWS => t.scope_flows,
        server::TIMERS => t.scope_timers,
        "outport" => t.scope_agent,
        server::AUTH if name.ends_with("consents") || name.ends_with("authentications") => {
            t.scope_auth
        }
        server::AUTH => t.scope_identity,
        _ => t.scope_data,
    }
}
