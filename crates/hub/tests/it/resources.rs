//! Userinfo, identities, providers, consents, clients and the published metadata.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Instance, TEMPLATE, TestHub, json as read, text};

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    let (_, user) = hub.get("v2/oauth2/userinfo", &text(&answer["access_token"])).await;
    assert_eq!(user["preferred_username"], "smith@localhost");
    assert_eq!(user["name"], "Anna Smith");
    assert_eq!(user["email"], "anna@lab.example");
    let set = user["identity_set"].as_array().unwrap();
    assert_eq!(set[0]["sub"], user["sub"]);
    assert_eq!(set[0]["username"], "smith@localhost");
    assert!(set[0]["last_authentication"].is_i64());
    let app: Instance = hub.add_app("small").await.into();
    let form = [("grant_type", "client_credentials"), ("scope", "openid")];
    let (_, answer) = hub.post("v2/oauth2/token", &app, &form).await;
    let (_, user) = hub.get("v2/oauth2/userinfo", &text(&answer["access_token"])).await;
    assert_eq!((&user["name"], &user["identity_set"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn identities_are_found_and_unknown_ones_left_out() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let app: Instance = hub.add_app("lookup").await.into();
    let form = [("grant_type", "client_credentials"), ("scope", "openid")];
    let (_, answer) = hub.post("v2/oauth2/token", &app, &form).await;
    let token = text(&answer["access_token"]);
    let find = async |query: &str| {
        let (status, body) = hub.get(&format!("v2/api/identities?{query}"), &token).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["identities"].as_array().unwrap().clone()
    };
    let found = find("usernames=smith@localhost,nobody@localhost").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["email"], Value::Null, "an address is its owner's");
    let id = text(&found[0]["id"]);
    let found = find(&format!("ids={id},{},x,11111111-2222-4333-8444-555555555555", app.id)).await;
    assert_eq!(found.len(), 2);
    assert!(find("usernames=new@uni.example&provision=false").await.is_empty());
    let made = find("usernames=new@uni.example,bad%20name@x&provision=true").await;
    assert_eq!(made.len(), 1);
    assert_eq!(find("usernames=new@uni.example").await[0]["id"], made[0]["id"]);
    let many: Vec<String> = (0..101).map(|i| format!("u{i}@x")).collect();
    let (status, _) =
        hub.get(&format!("v2/api/identities?usernames={}", many.join(",")), &token).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, body) = hub.get("v2/api/identity_providers?domains=localhost", &token).await;
    assert_eq!(body["identity_providers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn consents_form_a_tree_that_only_their_owner_sees() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    hub.add_person("jones").await;
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    let token = text(&answer["access_token"]);
    let (_, user) = hub.get("v2/oauth2/userinfo", &token).await;
    let path = format!("v2/api/identities/{}/consents", text(&user["sub"]));
    hub.sign_in("smith", &client).await;
    let (status, _) = hub.get(&format!("{path}?all=True"), &token).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "those to other clients take a scope of their own");
    let (_, body) = hub.get(&path, &token).await;
    let consents = body["consents"].as_array().unwrap();
    assert_eq!(consents.len(), 10, "nine scopes and one below, once each");
    let ids: Vec<&Value> = consents.iter().map(|consent| &consent["id"]).collect();
    for consent in consents {
        let path = consent["dependency_path"].as_array().unwrap();
        assert_eq!(path.last(), Some(&consent["id"]));
        assert!(path.iter().all(|id| ids.contains(&id)));
        for key in ["client", "scope", "scope_name", "created", "last_used", "status"] {
            assert!(consent[key].is_string(), "{key}");
        }
        assert_eq!(consent["allows_refresh"], true);
    }
    assert_eq!(consents.iter().filter(|c| c["dependency_path"][1].is_i64()).count(), 1);
    let other = hub.sign_in("jones", &client).await;
    let (status, _) = hub.get(&path, &text(&other["access_token"])).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn clients_are_made_from_templates_only_and_can_leave() {
    let hub = TestHub::start().await;
    let post = async |body: Value| {
        read(hub.http.post(hub.url("v2/api/clients")).json(&body).send().await.unwrap()).await
    };
    let (status, _) = post(json!({"client": {"name": "x"}})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) =
        post(json!({"client": {"template_id": "11111111-2222-4333-8444-555555555555"}})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(post(json!({"client": 3})).await.0.is_client_error());
    let (client, other) = (hub.make_instance().await, hub.make_instance().await);
    assert_ne!(client.id, TEMPLATE);
    let delete = async |of: &Instance, by: &Instance| {
        let request = hub.http.delete(hub.url(&format!("v2/api/clients/{}", of.id)));
        read(request.basic_auth(&by.id, Some(&by.secret)).send().await.unwrap()).await
    };
    assert_eq!(delete(&client, &other).await.0, StatusCode::FORBIDDEN);
    let (status, body) = delete(&client, &client).await;
    assert_eq!((status, &body["client"]["id"]), (StatusCode::OK, &client.id.clone().into()));
    assert_eq!(delete(&client, &client).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn metadata_ignores_credentials_and_names_this_hub() {
    let hub = TestHub::start().await;
    let get = async |url: String| {
        let request = hub.http.get(url).basic_auth("someone", Some("wrong"));
        read(request.send().await.unwrap()).await
    };
    let (status, body) = get(hub.url(".well-known/openid-configuration")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["id_token_signing_alg_values_supported"], json!(["RS256"]));
    assert_eq!(body["issuer"], hub.hub.url().as_str());
    let (status, keys) = get(text(&body["jwks_uri"])).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(keys["keys"][0]["kty"], "RSA");
    assert!(keys["keys"][0]["n"].is_string() && keys["keys"][0]["e"].is_string());
}
