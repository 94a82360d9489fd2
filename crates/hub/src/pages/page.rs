//! How a page becomes an answer: its template, cookies and content security policy.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use outport_types::Chain;
use url::Url;

use super::{
    browser::Browser,
    text::{Texts, fill, texts},
};
use crate::{http, state::HubState};

/// What every template needs.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) t: &'static Texts,
    pub(super) hub_name: String,
    pub(super) form_token: String,
    /// Who is signed in, for the foot of the page.
    pub(super) who: Option<String>,
    pub(super) style: &'static str,
}

impl Frame {
    pub(super) fn new(hub: &HubState, browser: &Browser) -> Self {
        Self {
            t: texts(browser.language),
            hub_name: hub.config.name.clone(),
            form_token: browser.form_token(hub),
            who: browser.signed_in.as_ref().map(|signed_in| signed_in.username().to_owned()),
            style: super::style_path(),
        }
    }
}

/// A page that only tells something.
#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    title: String,
    text: String,
    is_error: bool,
}

/// Why a page could not be shown.
#[derive(Debug)]
pub(super) struct PageError(Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        tracing::error!(error = %Chain(self.0.as_ref()), "a page failed");
        // The language is not known here, and the store may be what failed: plain text will do.
        let text = fill(
            texts(outport_types::Language::En).error_internal,
            "request",
            &http::current_id().to_string(),
        );
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

/// Renders a page for a browser.
pub(super) fn render(
    status: StatusCode,
    browser: &Browser,
    page: &impl Template,
    form_target: Option<&Url>,
) -> Result<Response, PageError> {
    let body = page.render()?;
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(form_target)?);
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    for cookie in browser.page_cookies() {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A page that tells of a problem.
pub(super) fn problem(
    hub: &HubState,
    browser: &Browser,
    status: StatusCode,
    text: &str,
) -> Result<Response, PageError> {
    let frame = Frame::new(hub, browser);
    let title = frame.t.error_title.to_owned();
    let page = MessagePage { frame, title, text: text.to_owned(), is_error: true };
    render(status, browser, &page, None)
}

/// A page that tells how something ended.
pub(super) fn message(
    hub: &HubState,
    browser: &Browser,
    status: StatusCode,
    title: &str,
    text: &str,
) -> Result<Response, PageError> {
    let frame = Frame::new(hub, browser);
    let page = MessagePage {
        frame,
        title: title.to_owned(),
        text: text.to_owned(),
        is_error: !status.is_success(),
    };
    render(status, browser, &page, None)
}

/// Sends the browser on, with cookies.
pub(super) fn redirect(target: &str, cookies: Vec<HeaderValue>) -> Result<Response, PageError> {
    let location = HeaderValue::from_str(target)?;
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// No scripts at all; forms go to the hub, and from there at most to one place that was checked.
fn policy(form_target: Option<&Url>) -> Result<HeaderValue, PageError> {
    // Browsers apply `form-action` to the redirect that answers a form, too.
    let target = match form_target {
        Some(url) => match url.origin() {
            origin @ url::Origin::Tuple(..) => format!(" {}", origin.ascii_serialization()),
            url::Origin::Opaque(_) => format!(" {}:", url.scheme()),
        },
        None => String::new(),
    };
    let text = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Ok(HeaderValue::from_str(&text)?)
}
