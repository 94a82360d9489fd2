//! Sign-in of a device without a browser.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Browser, PASSWORD, Shown, TRANSFER, TestHub, for_server, text};

#[tokio::test]
async fn a_device_waits_until_the_person_says_yes() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let device = Device::begin(&hub).await;
    assert_eq!(device.poll(&hub).await.1["error"], "authorization_pending");
    assert_eq!(device.poll(&hub).await.1["error"], "slow_down", "too early");
    hub.clock.advance_seconds(10);
    assert_eq!(device.poll(&hub).await.1["error"], "authorization_pending");
    let browser = signed_in(&hub).await;
    let consent = device.open(&hub, &browser).await;
    assert!(consent.body.contains(&device.user_code), "{}", consent.body);
    let other = format!("outport/sign-in?next=/device%3Fuser_code={}", device.user_code);
    assert!(consent.body.contains(&other));
    let back = browser.get(hub.url(&other)).await.form(&[]);
    assert_eq!(back["next"], format!("/device?user_code={}", device.user_code));
    let done = browser.post(hub.url("device"), &consent.form(&[("answer", "allow")])).await;
    assert_eq!(done.status, StatusCode::OK);
    hub.clock.advance_seconds(10);
    let (status, answer) = device.poll(&hub).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(for_server(&answer, "transfer.api.globus.org")["refresh_token"].is_string());
    assert!(answer["id_token"].is_string());
    hub.clock.advance_seconds(10);
    let (status, body) = device.poll(&hub).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
}

#[tokio::test]
async fn a_device_hears_no_and_too_late() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let browser = signed_in(&hub).await;
    let device = Device::begin(&hub).await;
    let consent = device.open(&hub, &browser).await;
    browser.post(hub.url("device"), &consent.form(&[("answer", "deny")])).await;
    assert_eq!(device.poll(&hub).await.1["error"], "access_denied");
    let device = Device::begin(&hub).await;
    hub.clock.advance_seconds(901);
    assert_eq!(device.poll(&hub).await.1["error"], "expired_token");
    let shown = device.open(&hub, &browser).await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_code_that_was_answered_cannot_be_answered_again() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let browser = signed_in(&hub).await;
    let device = Device::begin(&hub).await;
    let consent = device.open(&hub, &browser).await;
    let (yes, no) = (consent.form(&[("answer", "allow")]), consent.form(&[("answer", "deny")]));
    // At the same moment: one of them wins.
    let answers = tokio::join!(
        browser.post(hub.url("device"), &yes),
        browser.post(hub.url("device"), &no),
        browser.post(hub.url("device"), &yes),
    );
    let answers = [answers.0.status, answers.1.status, answers.2.status];
    let won = answers.iter().filter(|status| **status == StatusCode::OK).count();
    let lost = answers.iter().filter(|status| **status == StatusCode::NOT_FOUND).count();
    assert_eq!((won, lost), (1, 2), "{answers:?}");
}

#[tokio::test]
async fn guessing_device_codes_means_waiting() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let browser = signed_in(&hub).await;
    let page = browser.get(hub.url("device")).await;
    let mut last = StatusCode::OK;
    for guess in 0..21 {
        let letters = format!("BBBB-BB{}{}", char::from(b'B'), char::from(b'A' + guess));
        let form = page.form(&[("user_code", &letters)]);
        last = browser.post(hub.url("device"), &form).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

struct Device {
    secret: String,
    user_code: String,
    page: String,
}

impl Device {
    async fn begin(hub: &TestHub) -> Self {
        let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
        let scope = format!("openid offline_access {TRANSFER}");
        let form = [("client_id", own.as_str()), ("scope", &scope)];
        let (status, body) = hub.post_plain("v2/oauth2/device_authorization", &form).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["interval"], 2);
        Self {
            secret: text(&body["device_code"]),
            user_code: text(&body["user_code"]),
            page: text(&body["verification_uri_complete"]),
        }
    }

    async fn poll(&self, hub: &TestHub) -> (StatusCode, Value) {
        let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", own.as_str()),
            ("device_code", &self.secret),
        ];
        hub.post_plain("v2/oauth2/token", &form).await
    }

    /// Types the code on the hub's page.
    async fn open(&self, hub: &TestHub, browser: &Browser) -> Shown {
        let page = browser.get(&self.page).await;
        assert!(page.body.contains(&self.user_code), "{}", page.body);
        let form = page.form(&[("user_code", &self.user_code.to_lowercase())]);
        browser.post(hub.url("device"), &form).await
    }
}

async fn signed_in(hub: &TestHub) -> Browser {
    let browser = Browser::new();
    let page = browser.get(hub.url("device?user_code=BCDF-GHJK")).await;
    let sent = browser.type_password(hub, &page, "smith", PASSWORD).await;
    assert_eq!(sent.location(), "/device?user_code=BCDF-GHJK");
    browser
}
