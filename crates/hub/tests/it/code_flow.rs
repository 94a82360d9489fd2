//! The authorization code, from the page to the tokens, and every way in which it must fail.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    Browser, CHALLENGE, Instance, LOGIN, PASSWORD, TRANSFER, TestHub, VERIFIER, for_server, text,
};

#[tokio::test]
async fn one_sign_in_brings_a_token_for_each_of_six_services() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    assert_eq!(answer["resource_server"], "auth.globus.org");
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["state"], "_default");
    let servers = [
        "auth.globus.org",
        "transfer.api.globus.org",
        "groups.api.globus.org",
        "search.api.globus.org",
        "524230d7-ea86-4a52-8312-86065a9e0417",
        "flows.globus.org",
    ];
    let mut granted: Vec<String> = Vec::new();
    for server in servers {
        let token = for_server(&answer, server);
        assert!(60 < token["expires_in"].as_u64().unwrap());
        assert!(token["refresh_token"].is_string());
        granted.extend(text(&token["scope"]).split(' ').map(str::to_owned));
        let form = [("token", token["refresh_token"].as_str().unwrap())];
        let (_, valid) = hub.post("v2/oauth2/token/validate", &client, &form).await;
        assert_eq!(valid["active"], true);
    }
    // Top-level names only, exactly as they were asked for.
    let mut asked: Vec<_> =
        LOGIN.split_whitespace().map(|name| name.split('[').next().unwrap().to_owned()).collect();
    asked.sort();
    granted.sort();
    assert_eq!(granted, asked);
    let claims = claims(&answer);
    assert_eq!(claims["aud"], client.id.as_str());
    assert_eq!(claims["preferred_username"], "smith@localhost");
    assert!(claims["iat"].as_i64() < claims["exp"].as_i64());
    hub.hub.shutdown().await;
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let more = [("access_type", ""), ("scope", TRANSFER)];
    let code = code(&hub, &client.id, &more).await;
    let (status, answer) = exchange(&hub, &client, &code, "http://localhost:53124").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["refresh_token"], Value::Null);
    assert_eq!(answer["other_tokens"], serde_json::json!([]));
    assert_eq!(answer["id_token"], Value::Null);
}

#[tokio::test]
async fn a_code_that_is_used_twice_ends_all_that_came_of_it() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let code = code(&hub, &client.id, &[]).await;
    let (_, answer) = exchange(&hub, &client, &code, "http://localhost:53124").await;
    let access = text(&answer["access_token"]);
    assert_eq!(hub.get("v2/oauth2/userinfo", &access).await.0, StatusCode::OK);
    let (status, again) = exchange(&hub, &client, &code, "http://localhost:53124").await;
    assert_invalid_grant(status, &again);
    assert_eq!(hub.get("v2/oauth2/userinfo", &access).await.0, StatusCode::UNAUTHORIZED);
    let refresh = text(&answer["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let (status, body) = hub.post("v2/oauth2/token", &client, &form).await;
    assert_invalid_grant(status, &body);
}

#[tokio::test]
async fn a_code_is_good_only_for_its_client_its_address_and_its_minutes() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let (client, other) = (hub.make_instance().await, hub.make_instance().await);
    let code_a = code(&hub, &client.id, &[]).await;
    let (status, body) = exchange(&hub, &client, &code_a, "http://localhost:53125").await;
    assert_invalid_grant(status, &body);
    let (status, body) = exchange(&hub, &other, &code_a, "http://localhost:53124").await;
    assert_invalid_grant(status, &body);
    let (status, _) = exchange(&hub, &client, &code_a, "http://localhost:53124").await;
    assert_eq!(status, StatusCode::OK, "wrong attempts do not spend the code");
    let code_b = code(&hub, &client.id, &[]).await;
    hub.clock.advance_seconds(301);
    let (status, body) = exchange(&hub, &client, &code_b, "http://localhost:53124").await;
    assert_invalid_grant(status, &body);
    let (status, body) = exchange(&hub, &client, "made-up", "http://localhost:53124").await;
    assert_invalid_grant(status, &body);
}

#[tokio::test]
async fn a_public_client_needs_the_verifier_of_its_challenge() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
    let scope = format!("openid offline_access {TRANSFER} https://outport.dev/scopes/agent");
    let pkce = [
        ("scope", scope.as_str()),
        ("access_type", ""),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let code = code(&hub, &own, &pkce).await;
    let exchange = async |verifier: Option<&str>| {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", own.as_str()),
            ("code", code.as_str()),
            ("redirect_uri", "http://localhost:53124"),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        hub.post_plain("v2/oauth2/token", &form).await
    };
    for wrong in [None, Some("x"), Some(CHALLENGE)] {
        let (status, body) = exchange(wrong).await;
        assert_invalid_grant(status, &body);
    }
    let (status, answer) = exchange(Some(VERIFIER)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(for_server(&answer, "outport")["refresh_token"].is_string());
    assert_eq!(for_server(&answer, "outport")["scope"], "https://outport.dev/scopes/agent");
}

#[tokio::test]
async fn errors_that_the_app_may_hear_go_to_its_address_and_all_others_stay() {
    let hub = TestHub::start().await;
    let instance = hub.make_instance().await;
    let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
    let browser = Browser::new();
    let told = [
        (instance.id.as_str(), vec![("response_type", "token")], "unsupported_response_type"),
        (&instance.id, vec![("scope", "nonsense")], "invalid_scope"),
        (&instance.id, vec![("scope", "")], "invalid_scope"),
        (&instance.id, vec![("prompt", "none")], "interaction_required"),
        (&instance.id, vec![("session_required_mfa", "True")], "access_denied"),
        (&own, vec![], "invalid_request"),
        (&own, vec![("code_challenge", CHALLENGE)], "invalid_request"),
        (
            &own,
            vec![("code_challenge", "short"), ("code_challenge_method", "S256")],
            "invalid_request",
        ),
        (
            &own,
            vec![("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
            "invalid_request",
        ),
    ];
    for (client, more, error) in told {
        let shown = browser.get(hub.authorize_url(client, &more)).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{more:?}");
        assert!(shown.location().starts_with("http://localhost:53124/?error="), "{more:?}");
        assert_eq!(shown.query("error").as_deref(), Some(error), "{more:?}");
        assert_eq!(shown.query("state").as_deref(), Some("_default"));
    }
    let kept = [
        vec![("client_id", "11111111-2222-4333-8444-555555555555")],
        vec![("client_id", "not-an-id")],
        vec![("redirect_uri", "")],
        vec![("redirect_uri", "https://evil.example/")],
        vec![("redirect_uri", "http://localhost.evil.example/")],
        vec![("redirect_uri", "javascript:alert(1)")],
        vec![("redirect_uri", "http://127.0.0.1:1@evil.example/")],
    ];
    for more in kept {
        let shown = browser.get(hub.authorize_url(&instance.id, &more)).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{more:?}");
        assert!(!shown.headers.contains_key("location"), "{more:?}");
    }
    let twice =
        format!("{}&redirect_uri=https://evil.example/", hub.authorize_url(&instance.id, &[]));
    assert_eq!(browser.get(twice).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn saying_no_tells_the_app_so() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let browser = Browser::new();
    let page = browser.get(hub.authorize_url(&client.id, &[])).await;
    let sent = browser.type_password(&hub, &page, "smith", PASSWORD).await;
    let consent = browser.get(hub.url(sent.location().trim_start_matches('/'))).await;
    let shown = browser.answer(&hub, &consent, "deny").await;
    assert_eq!(shown.query("error").as_deref(), Some("access_denied"));
    assert_eq!(shown.query("code"), None);
}

#[tokio::test]
async fn the_prompt_asks_for_the_password_again_and_required_identities_must_be_there() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    hub.add_person("jones").await;
    let client = hub.make_instance().await;
    let mut browser = Browser::new();
    browser.consent(&hub, "smith", hub.authorize_url(&client.id, &[])).await;
    let asks = |page: &str| page.contains("name=\"password\"");
    let usual = browser.get(hub.authorize_url(&client.id, &[])).await;
    assert!(!asks(&usual.body), "already signed in");
    let prompt = browser.get(hub.authorize_url(&client.id, &[("prompt", "login")])).await;
    assert!(asks(&prompt.body));
    let sent = browser.type_password(&hub, &prompt, "smith", PASSWORD).await;
    assert!(!sent.location().contains("prompt="), "{}", sent.location());

    let answer = hub.sign_in("jones", &client).await;
    let jones = text(&claims(&answer)["sub"]);
    let needs = [("session_required_identities", jones.as_str())];
    let page = browser.get(hub.authorize_url(&client.id, &needs)).await;
    assert!(asks(&page.body) && page.body.contains("jones@localhost"), "{}", page.body);
    let domain = [("session_required_single_domain", "localhost")];
    assert!(!asks(&browser.get(hub.authorize_url(&client.id, &domain)).await.body));
    let domain = [("session_required_single_domain", "uni.example")];
    assert!(asks(&browser.get(hub.authorize_url(&client.id, &domain)).await.body));
}

#[tokio::test]
async fn the_hubs_own_page_shows_the_code() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let page = hub.url("v2/web/auth-code");
    let browser = Browser::new();
    let url = hub.authorize_url(&client.id, &[("redirect_uri", &page)]);
    let shown = browser.get(url).await;
    let sent = browser.type_password(&hub, &shown, "smith", PASSWORD).await;
    let consent = browser.get(hub.url(sent.location().trim_start_matches('/'))).await;
    let answered = browser.answer(&hub, &consent, "allow").await;
    let code = answered.query("code").unwrap();
    assert!(browser.get(answered.location()).await.body.contains(&code));
    let (status, _) = exchange(&hub, &client, &code, &page).await;
    assert_eq!(status, StatusCode::OK);
}

async fn code(hub: &TestHub, client: &str, more: &[(&str, &str)]) -> String {
    Browser::new().consent(hub, "smith", hub.authorize_url(client, more)).await
}

async fn exchange(
    hub: &TestHub,
    client: &Instance,
    code: &str,
    redirect_uri: &str,
) -> (StatusCode, Value) {
    let form =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
    hub.post("v2/oauth2/token", client, &form).await
}

fn assert_invalid_grant(status: StatusCode, body: &Value) {
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(body["error"], "invalid_grant");
    assert_eq!(body["errors"][0]["detail"], "invalid_grant");
}

fn claims(answer: &Value) -> Value {
    let id_token = text(&answer["id_token"]);
    let part = id_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url(part)).unwrap()
}

fn base64url(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
