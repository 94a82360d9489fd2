//! Tokens after they were issued: refresh, validate, introspect, revoke, and applications.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    AUTH, Browser, CHALLENGE, Instance, PASSWORD, TEMPLATE, TIMERS, TRANSFER, TestHub, VERIFIER,
    for_server, text,
};

#[tokio::test]
async fn an_application_gets_exactly_one_token_for_one_service() {
    let hub = TestHub::start().await;
    let app: Instance = hub.add_app("Nightly Backup").await.into();
    for (scope, server) in [(AUTH, "auth.globus.org"), (TRANSFER, "transfer.api.globus.org")] {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let (status, body) = hub.post("v2/oauth2/token", &app, &form).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["resource_server"], server);
        assert_eq!(body["scope"], scope);
        assert_eq!(body["other_tokens"], serde_json::json!([]));
        assert_eq!(body["refresh_token"], Value::Null);
    }
    let data = "https://auth.globus.org/scopes/11111111-2222-4333-8444-555555555555/data_access";
    let nested = format!("{TRANSFER}[*{data}]");
    let form = [("grant_type", "client_credentials"), ("scope", nested.as_str())];
    let (_, body) = hub.post("v2/oauth2/token", &app, &form).await;
    assert_eq!(body["scope"], TRANSFER, "top-level names only");
}

#[tokio::test]
async fn a_client_that_is_not_proven_gets_401() {
    let hub = TestHub::start().await;
    let app: Instance = hub.add_app("a b").await.into();
    let form = [("grant_type", "client_credentials"), ("scope", TRANSFER)];
    for (id, secret) in [
        (app.id.as_str(), "wrong"),
        (app.id.as_str(), ""),
        ("11111111-2222-4333-8444-555555555555", app.secret.as_str()),
        ("nobody", "x"),
        (TEMPLATE, "x"),
    ] {
        let client = Instance { id: id.to_owned(), secret: secret.to_owned() };
        let (status, body) = hub.post("v2/oauth2/token", &client, &form).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{id}");
        assert_eq!(body["errors"][0]["code"], "UNAUTHORIZED");
        assert_eq!(body["error"], "invalid_client");
        assert!(body["errors"][0]["id"].is_string());
    }
    let instance = hub.make_instance().await;
    let (status, body) = hub.post("v2/oauth2/token", &instance, &form).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"unauthorized_client".into()));
}

#[tokio::test]
async fn a_refresh_keeps_a_refresh_token_and_names_one_service() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    let timers = for_server(&answer, "524230d7-ea86-4a52-8312-86065a9e0417");
    let refresh = text(&timers["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    for _ in 0..2 {
        let (status, body) = hub.post("v2/oauth2/token", &client, &form).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["refresh_token"], refresh.as_str(), "a secret protects it already");
        assert_eq!(body["scope"], TIMERS);
        assert_eq!(body["other_tokens"], serde_json::json!([]));
        assert_ne!(body["access_token"], timers["access_token"]);
    }
    let other = hub.make_instance().await;
    let (status, _) = hub.post("v2/oauth2/token", &other, &form).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "another client's");
    // It lives as long as it is used.
    for _ in 0..3 {
        hub.clock.advance_seconds(100 * 86_400);
        let (status, _) = hub.post("v2/oauth2/token", &client, &form).await;
        assert_eq!(status, StatusCode::OK);
    }
    hub.clock.advance_seconds(181 * 86_400);
    let (status, _) = hub.post("v2/oauth2/token", &client, &form).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_public_clients_refresh_token_is_replaced_and_its_theft_noticed() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
    let first = public_refresh_token(&hub, &own).await;
    let refresh = async |token: &str| {
        let form = [("grant_type", "refresh_token"), ("client_id", &own), ("refresh_token", token)];
        let (status, body) = hub.post_plain("v2/oauth2/token", &form).await;
        (status, body["refresh_token"].as_str().map(str::to_owned), body)
    };
    let (status, second, _) = refresh(&first).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(second.as_deref(), Some(first.as_str()));
    // The answer was lost: the old one still works, until a new one is used.
    let (status, second, _) = refresh(&first).await;
    assert_eq!(status, StatusCode::OK);
    let (status, third, body) = refresh(&second.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let access = text(&body["access_token"]);
    let (status, _, body) = refresh(&first).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    let (status, ..) = refresh(&third.unwrap()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the whole grant has ended");
    assert_eq!(hub.get("v2/oauth2/userinfo", &access).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_two_that_used_one_refresh_token_only_one_goes_on() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
    let first = public_refresh_token(&hub, &own).await;
    let refresh = async |token: &str| {
        let form = [("grant_type", "refresh_token"), ("client_id", &own), ("refresh_token", token)];
        let (status, body) = hub.post_plain("v2/oauth2/token", &form).await;
        (status, body["refresh_token"].as_str().map(str::to_owned))
    };
    let (_, owners) = refresh(&first).await;
    let (_, thiefs) = refresh(&first).await;
    let (status, next) = refresh(&owners.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(refresh(&thiefs.unwrap()).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(refresh(&next.unwrap()).await.0, StatusCode::BAD_REQUEST, "the grant has ended");
}

#[tokio::test]
async fn introspection_tells_who_and_how_and_only_to_the_tokens_client() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let (client, other) = (hub.make_instance().await, hub.make_instance().await);
    let answer = hub.sign_in("smith", &client).await;
    let access = text(&answer["access_token"]);
    let form = [("token", access.as_str()), ("include", "session_info")];
    let (_, body) = hub.post("v2/oauth2/token/introspect", &client, &form).await;
    assert_eq!(body["active"], true);
    assert_eq!(body["username"], "smith@localhost");
    assert_eq!(body["client_id"], client.id.as_str());
    assert_eq!(body["scope"], AUTH);
    let sub = text(&body["sub"]);
    assert!(body["session_info"]["authentications"][&sub]["auth_time"].is_i64(), "{body}");
    for (client, token) in [(&other, access.as_str()), (&client, "made-up")] {
        let form = [("token", token)];
        let (status, body) = hub.post("v2/oauth2/token/introspect", client, &form).await;
        assert_eq!((status, body), (StatusCode::OK, serde_json::json!({"active": false})));
    }
    let form = [("token", access.as_str()), ("client_id", &client.id)];
    let (status, _) = hub.post_plain("v2/oauth2/token/introspect", &form).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a name alone proves nothing");
}

#[tokio::test]
async fn the_template_may_revoke_its_instances_tokens_and_a_missing_token_is_no_error() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    let transfer = for_server(&answer, "transfer.api.globus.org");
    let (access, refresh) = (text(&transfer["access_token"]), text(&transfer["refresh_token"]));
    let own = outport_api::auth::names::OUTPORT_CLIENT.to_string();
    let revoke = async |client: &str, token: &str| {
        let form = [("client_id", client), ("token", token)];
        let (status, body) = hub.post_plain("v2/oauth2/token/revoke", &form).await;
        assert_eq!((status, body), (StatusCode::OK, serde_json::json!({"active": false})));
    };
    let is_active = async |token: &str| {
        let (_, body) = hub.post("v2/oauth2/token/validate", &client, &[("token", token)]).await;
        body["active"] == true
    };
    revoke(&own, &refresh).await;
    revoke(TEMPLATE, "").await;
    revoke("", "").await;
    revoke(TEMPLATE, "made-up").await;
    assert!(is_active(&refresh).await && is_active(&access).await);
    revoke(TEMPLATE, &refresh).await;
    assert!(!is_active(&refresh).await && !is_active(&access).await);
    let others = for_server(&answer, "groups.api.globus.org");
    assert!(is_active(others["refresh_token"].as_str().unwrap()).await, "one service at a time");
}

#[tokio::test]
async fn a_token_that_is_old_unknown_or_for_another_service_is_401() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    let auth = text(&answer["access_token"]);
    let refresh = text(&answer["refresh_token"]);
    let transfer = text(&for_server(&answer, "transfer.api.globus.org")["access_token"]);
    assert_eq!(hub.get("v2/oauth2/userinfo", &auth).await.0, StatusCode::OK);
    for token in ["", "made-up", &transfer, &refresh] {
        let (status, body) = hub.get("v2/oauth2/userinfo", token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(body["errors"][0]["code"], "UNAUTHORIZED");
    }
    hub.clock.advance_seconds(48 * 3600);
    assert_eq!(hub.get("v2/oauth2/userinfo", &auth).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_resource_server_gets_dependent_tokens_within_what_was_allowed() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let service: Instance = hub.add_app("Service").await.into();
    let client = hub.make_instance().await;
    let own = format!("https://auth.globus.org/scopes/{}/all", service.id);
    let scope = format!("{own}[{TRANSFER}]");
    let url = hub.authorize_url(&client.id, &[("scope", &scope)]);
    let code = Browser::new().consent(&hub, "smith", url).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://localhost:53124"),
    ];
    let (_, answer) = hub.post("v2/oauth2/token", &client, &form).await;
    let token = text(&answer["access_token"]);
    let grant = "urn:globus:auth:grant_type:dependent_token";
    let form = [("grant_type", grant), ("token", token.as_str()), ("access_type", "offline")];
    let (status, body) = hub.post("v2/oauth2/token", &service, &form).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let tokens = body.as_array().unwrap();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0]["scope"], TRANSFER);
    assert!(tokens[0]["refresh_token"].is_string());
    let stranger: Instance = hub.add_app("Stranger").await.into();
    let (status, body) = hub.post("v2/oauth2/token", &stranger, &form).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
}

#[tokio::test]
async fn consent_shows_the_whole_tree_and_lasts_only_where_the_person_said_so() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let service: Instance = hub.add_app("Service").await.into();
    let client = hub.make_instance().await;
    let agent = "https://outport.dev/scopes/agent";
    let scope = format!("https://auth.globus.org/scopes/{}/all[{TRANSFER}[{agent}]]", service.id);
    let url = hub.authorize_url(&client.id, &[("scope", &scope), ("access_type", "")]);
    let browser = Browser::new();
    let page = browser.get(url).await;
    let sent = browser.type_password(&hub, &page, "smith", PASSWORD).await;
    let consent = browser.get(hub.url(sent.location().trim_start_matches('/'))).await;
    for shown in [TRANSFER, agent, "register computers as your endpoints"] {
        assert!(consent.body.contains(shown), "{shown}: {}", consent.body);
    }
    let code = browser.answer(&hub, &consent, "allow").await.query("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://localhost:53124"),
    ];
    let (_, answer) = hub.post("v2/oauth2/token", &client, &form).await;
    let token = text(&answer["access_token"]);
    let grant = "urn:globus:auth:grant_type:dependent_token";
    let form = [("grant_type", grant), ("token", token.as_str()), ("access_type", "offline")];
    let (status, body) = hub.post("v2/oauth2/token", &service, &form).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body[0]["scope"], TRANSFER);
    assert_eq!(body[0]["refresh_token"], Value::Null, "nobody agreed to that");
}

#[tokio::test]
async fn a_client_that_anybody_can_make_is_no_resource_server() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let (client, other) = (hub.make_instance().await, hub.make_instance().await);
    let answer = hub.sign_in("smith", &client).await;
    let token = text(&answer["access_token"]);
    let grant = "urn:globus:auth:grant_type:dependent_token";
    let form = [("grant_type", grant), ("token", token.as_str())];
    let (status, body) = hub.post("v2/oauth2/token", &client, &form).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"unauthorized_client".into()));
    for owner in [other.id.as_str(), TEMPLATE] {
        let scope = format!("openid[https://auth.globus.org/scopes/{owner}/all[{TRANSFER}]]");
        let form = [("scope", scope.as_str())];
        let (status, body) = hub.post("v2/oauth2/device_authorization", &client, &form).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"invalid_scope".into()));
        let url = hub.authorize_url(&client.id, &[("scope", &scope)]);
        let sent = Browser::new().get(url).await;
        assert_eq!(sent.query("error").as_deref(), Some("invalid_scope"));
    }
}

async fn public_refresh_token(hub: &TestHub, client: &str) -> String {
    let more = [
        ("scope", "openid offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let code = Browser::new().consent(hub, "smith", hub.authorize_url(client, &more)).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", "http://localhost:53124"),
    ];
    let (status, body) = hub.post_plain("v2/oauth2/token", &form).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    text(&body["refresh_token"])
}
