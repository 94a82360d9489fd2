//! The hub's own pages: sign-in, consent, devices, accounts.
//!
//! Rendered here, without scripts, in the language of the browser; they work in anything that can
//! send a form.

mod account;
mod authorize;
mod browser;
mod consent;
mod device;
mod page;
mod sign_in;
mod text;

use std::sync::LazyLock;

use askama::Template;
use axum::{
    Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use self::{
    browser::Browser,
    page::{Frame, PageError, problem, render},
};
use crate::{config::Registration, http::FormFields, state::HubState};

/// The routes for browsers.
pub(crate) fn router() -> Router<HubState> {
    Router::new()
        .route("/", get(home))
        .route("/outport/page.css", get(style))
        .route("/outport/sign-in", get(sign_in::get).post(sign_in::post))
        .route("/outport/sign-out", post(sign_in::sign_out))
        .route("/outport/welcome", get(account::welcome).post(account::post_welcome))
        .route("/outport/register", get(account::register).post(account::post_register))
        .route("/outport/password", get(account::password).post(account::post_password))
        .route("/device", get(device::get).post(device::post))
        .route("/v2/oauth2/authorize", get(authorize::get).post(authorize::post))
        .route("/v2/web/auth-code", get(auth_code))
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    hub_url: String,
    can_register: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    code: String,
}

async fn home(State(hub): State<HubState>, browser: Browser) -> Result<Response, PageError> {
    let page = HomePage {
        frame: Frame::new(&hub, &browser),
        hub_url: hub.base_url.as_str().trim_end_matches('/').to_owned(),
        can_register: hub.config.registration == Registration::Open,
    };
    render(StatusCode::OK, &browser, &page, None)
}

/// `GET /v2/web/auth-code`: shows a code to copy, or why there is none.
async fn auth_code(
    State(hub): State<HubState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let frame = Frame::new(&hub, &browser);
    let fields = FormFields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    match (fields.get("code"), fields.get("error_description")) {
        (Some(code), _) => {
            let code = code.chars().take(CODE_CHARS_MAX).collect();
            render(StatusCode::OK, &browser, &CodePage { frame, code }, None)
        }
        (None, Some(text)) => {
            let text: String = text.chars().take(CODE_CHARS_MAX).collect();
            problem(&hub, &browser, StatusCode::BAD_REQUEST, &text)
        }
        (None, None) => problem(&hub, &browser, StatusCode::BAD_REQUEST, frame.t.error_request),
    }
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        // The address changes with the content.
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, STYLE).into_response()
}

/// The address of the style sheet.
fn style_path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let digest = Sha256::digest(STYLE);
        format!("/outport/page.css?v={}", URL_SAFE_NO_PAD.encode(&digest[..9]))
    });
    &PATH
}

const STYLE: &str = include_str!("../templates/page.css");
/// Longer than any code of ours and any description of an error.
const CODE_CHARS_MAX: usize = 300;
