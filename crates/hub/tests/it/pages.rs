//! The pages: what they send along, and what forged requests meet.

use reqwest::StatusCode;

use crate::support::{Browser, PASSWORD, TestHub};

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_foreign_forms() {
    let hub = TestHub::start().await;
    let client = hub.make_instance().await;
    let browser = Browser::new();
    let authorize = hub.authorize_url(&client.id, &[]).to_string();
    let link = hub.hub.first_admin_link().unwrap();
    let pages = ["", "outport/sign-in", "device", "v2/web/auth-code?code=x", "v2/oauth2/authorize"];
    let pages = pages.iter().map(|path| hub.url(path)).chain([authorize, link]);
    for page in pages {
        let shown = browser.get(&page).await;
        let header = |name: &str| shown.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{page}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{page}: {policy}");
        assert!(policy.contains("form-action 'self'"), "{page}: {policy}");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!shown.body.contains("<script") && !shown.body.contains(" style="), "{page}");
    }
}

#[tokio::test]
async fn the_answer_of_the_consent_form_may_go_to_the_checked_address_only() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let browser = Browser::new();
    let page = browser.get(hub.authorize_url(&client.id, &[])).await;
    let sent = browser.type_password(&hub, &page, "smith", PASSWORD).await;
    let consent = browser.get(hub.url(sent.location().trim_start_matches('/'))).await;
    let policy = consent.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://localhost:53124;"), "{policy}");
    // The request travels in the form, so it is checked anew.
    let forged = consent.body.replace("localhost%3A53124", "evil.example");
    assert_ne!(forged, consent.body);
    let mut form = consent.form(&[("answer", "allow")]);
    let request = form["request"].replace("localhost%3A53124", "evil.example");
    form.insert("request".to_owned(), request);
    let shown = browser.post(hub.url("v2/oauth2/authorize"), &form).await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST);
    assert!(!shown.headers.contains_key("location"));
}

#[tokio::test]
async fn a_form_that_this_browser_did_not_get_is_refused() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let client = hub.make_instance().await;
    let mut victim = Browser::new();
    victim.consent(&hub, "smith", hub.authorize_url(&client.id, &[])).await;
    let attacker = Browser::new();
    let theirs = attacker.get(hub.url("outport/sign-in")).await;
    let consent = victim.get(hub.authorize_url(&client.id, &[])).await;
    let mut form = consent.form(&[("answer", "allow")]);
    let good = form["form_token"].clone();
    for token in [theirs.form(&[])["form_token"].as_str(), "", "x"] {
        form.insert("form_token".to_owned(), token.to_owned());
        let shown = victim.post(hub.url("v2/oauth2/authorize"), &form).await;
        assert_eq!(shown.status, StatusCode::FORBIDDEN);
    }
    form.insert("form_token".to_owned(), good);
    let cross = victim.http.post(hub.url("v2/oauth2/authorize")).form(&form);
    let shown = cross.header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::FORBIDDEN);
    let shown = victim.post(hub.url("v2/oauth2/authorize"), &form).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    // Signing the victim in as the attacker would be forgery, too.
    let form = theirs.form(&[("login", "smith"), ("password", PASSWORD)]);
    let shown = Browser::new().post(hub.url("outport/sign-in"), &form).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_strangers_write_is_shown_and_never_run() {
    let hub = TestHub::start().await;
    let browser = Browser::new();
    let evil = "\"><script>alert(1)</script>";
    let body = serde_json::json!({"client": {
        "template_id": crate::support::TEMPLATE, "name": evil}});
    let made = hub.http.post(hub.url("v2/api/clients")).json(&body).send().await.unwrap();
    let made: serde_json::Value = made.json().await.unwrap();
    let id = made["client"]["id"].as_str().unwrap();
    let more = [("session_message", evil), ("state", evil)];
    let pages = [
        hub.authorize_url(id, &more).to_string(),
        format!("{}?code=%22%3E%3Cscript%3E", hub.url("v2/web/auth-code")),
        format!("{}?error_description=%3Cscript%3E", hub.url("v2/web/auth-code")),
        format!("{}?user_code=%22%3E%3Cscript%3E", hub.url("device")),
    ];
    for page in pages {
        let shown = browser.get(&page).await;
        assert!(!shown.body.contains("<script"), "{page}");
    }
    let page = browser.get(hub.url("outport/sign-in")).await;
    let shown = browser.type_password(&hub, &page, evil, "x").await;
    assert!(shown.body.contains("script") && !shown.body.contains("<script"));
}

#[tokio::test]
async fn after_signing_in_a_browser_never_leaves_the_hub() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    for next in ["https://evil.example/", "//evil.example/", "/\\evil.example", "/outport/x"] {
        let browser = Browser::new();
        let page = browser.get(hub.url("outport/sign-in")).await;
        let form = page.form(&[("login", "smith"), ("password", PASSWORD), ("next", next)]);
        let sent = browser.post(hub.url("outport/sign-in"), &form).await;
        assert_eq!(sent.location(), "/", "{next}");
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach_and_signing_out_ends_the_session() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let browser = Browser::new();
    let page = browser.get(hub.url("outport/sign-in")).await;
    let sent = browser.type_password(&hub, &page, "smith", PASSWORD).await;
    let mut cookies = 0;
    let mut session = String::new();
    for cookie in
        sent.headers.get_all("set-cookie").iter().chain(page.headers.get_all("set-cookie"))
    {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
        if cookie.starts_with("outport_session=") {
            cookie.split(';').next().unwrap().clone_into(&mut session);
        }
        cookies += 1;
    }
    assert_eq!(cookies, 3);
    let home = browser.get(hub.url("")).await;
    assert!(home.body.contains("smith@localhost"));
    browser.post(hub.url("outport/sign-out"), &home.form(&[])).await;
    assert!(!browser.get(hub.url("")).await.body.contains("smith@localhost"));
    let replay = hub.http.get(hub.url("")).header("cookie", session).send().await.unwrap();
    assert!(!replay.text().await.unwrap().contains("smith@localhost"), "ended at the hub, too");
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let browser = Browser::new();
    let page = browser.get(hub.url("outport/sign-in")).await;
    browser.type_password(&hub, &page, "smith", PASSWORD).await;
    hub.clock.advance_seconds(12 * 3600 - 1);
    assert!(browser.get(hub.url("")).await.body.contains("smith@localhost"));
    hub.clock.advance_seconds(2);
    assert!(!browser.get(hub.url("")).await.body.contains("smith@localhost"));
}

#[tokio::test]
async fn behind_https_cookies_stay_with_the_host() {
    let hub = TestHub::start_with(|config| {
        config.public_url = "https://hub.example".parse().ok();
        config.behind_proxy = true;
    })
    .await;
    let url = format!("http://{}/outport/sign-in", hub.hub.local_addr());
    let shown = hub.http.get(url).send().await.unwrap();
    let cookie = shown.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-outport_form=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(shown.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn pages_speak_the_language_of_the_browser() {
    let hub = TestHub::start().await;
    let get = hub.http.get(hub.url("outport/sign-in")).header("accept-language", "fr-CA,fr;q=0.9");
    let page = get.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("lang=\"fr\"") && page.contains("Se connecter"), "{page}");
}
