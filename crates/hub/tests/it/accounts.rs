//! Accounts: the first administrator, links, the command line's part, guesses.

use outport_hub::{AdminError, Hub, NewUser, PasswordError, Registration};
use reqwest::StatusCode;

use crate::support::{Browser, PASSWORD, TestHub, text};

#[tokio::test]
async fn the_first_link_makes_one_administrator() {
    let hub = TestHub::start().await;
    let link = hub.hub.first_admin_link().unwrap();
    let browser = Browser::new();
    let page = browser.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    let fill = |handle, password, repeat| {
        page.form(&[("handle", handle), ("password", password), ("repeat", repeat)])
    };
    let url = || hub.url("outport/welcome");
    for (handle, password, repeat) in [
        ("Not A Handle", PASSWORD, PASSWORD),
        ("smith", PASSWORD, "something else"),
        ("smith", "short", "short"),
        ("smith", "smith12smith", "smith12smith"),
    ] {
        let shown = browser.post(url(), &fill(handle, password, repeat)).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{handle} {password}");
        assert!(!shown.body.contains(password), "a password never comes back");
    }
    let made = browser.post(url(), &fill("smith", PASSWORD, PASSWORD)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    assert!(browser.get(hub.url("")).await.body.contains("smith@localhost"), "signed in");
    let again = browser.post(url(), &fill("second", PASSWORD, PASSWORD)).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert_eq!(Browser::new().get(&link).await.status, StatusCode::GONE);
    let admin = hub.admin().await;
    let users = admin.users().await.unwrap();
    assert_eq!(users.len(), 1);
    assert!(users[0].is_admin && !users[0].disabled);
    admin.close().await;
    let TestHub { hub, config, .. } = hub;
    hub.shutdown().await;
    let hub = Hub::bind(config).await.unwrap();
    assert_eq!(hub.first_admin_link(), None);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_restart_replaces_the_first_link() {
    let TestHub { hub, config, dir, .. } = TestHub::start().await;
    let old = hub.first_admin_link().unwrap();
    hub.shutdown().await;
    let hub = Hub::bind(config).await.unwrap();
    let query = old.split_once('?').unwrap().1;
    let old = format!("{}outport/welcome?{query}", hub.url());
    assert_eq!(Browser::new().get(old).await.status, StatusCode::GONE);
    let new = Browser::new().get(hub.first_admin_link().unwrap()).await;
    assert_eq!(new.status, StatusCode::OK);
    hub.shutdown().await;
    drop(dir);
}

#[tokio::test]
async fn a_link_ends_with_its_purpose() {
    let hub = TestHub::start().await;
    let first = hub.hub.first_admin_link().unwrap();
    let browser = Browser::new();
    let page = browser.get(&first).await;
    let admin = hub.admin().await;
    let new = NewUser {
        handle: "smith".parse().unwrap(),
        display_name: String::new(),
        email: None,
        is_admin: true,
        password: None,
    };
    let link = admin.add_user(new).await.unwrap().link.unwrap();
    assert_eq!(browser.get(&first).await.status, StatusCode::GONE);
    let form = page.form(&[("handle", "jones"), ("password", PASSWORD), ("repeat", PASSWORD)]);
    let late = browser.post(hub.url("outport/welcome"), &form).await;
    assert_eq!(late.status, StatusCode::GONE, "there is an administrator by now");
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    admin.set_password(&"smith".parse().unwrap(), "another fine phrase").await.unwrap();
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
    assert_eq!(admin.users().await.unwrap().len(), 1);
    admin.close().await;
}

#[tokio::test]
async fn the_command_line_works_on_a_running_hub() {
    let hub = TestHub::start().await;
    let admin = hub.admin().await;
    let new = |handle: &str, password: Option<&str>| NewUser {
        handle: handle.parse().unwrap(),
        display_name: String::new(),
        email: None,
        is_admin: false,
        password: password.map(str::to_owned),
    };
    let added = admin.add_user(new("smith", None)).await.unwrap();
    assert_eq!(added.username, "smith@localhost");
    let taken = admin.add_user(new("smith", None)).await.unwrap_err();
    assert!(matches!(taken, AdminError::Taken { .. }), "{taken}");
    let simple = admin.add_user(new("jones", Some("1234567890"))).await.unwrap_err();
    assert!(matches!(simple, AdminError::Password(PasswordError::TooSimple)), "{simple}");

    let browser = Browser::new();
    let page = browser.get(added.link.unwrap()).await;
    assert!(page.body.contains("smith"), "{}", page.body);
    let form = page.form(&[("password", PASSWORD), ("repeat", PASSWORD)]);
    let set = browser.post(hub.url("outport/password"), &form).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    let client = hub.make_instance().await;
    let answer = hub.sign_in("smith", &client).await;
    let token = text(&answer["access_token"]);
    assert_eq!(hub.get("v2/oauth2/userinfo", &token).await.0, StatusCode::OK);

    let smith = "smith".parse().unwrap();
    admin.sign_out(&smith).await.unwrap();
    assert_eq!(hub.get("v2/oauth2/userinfo", &token).await.0, StatusCode::UNAUTHORIZED);
    let token = text(&hub.sign_in("smith", &client).await["access_token"]);
    assert_eq!(hub.get("v2/oauth2/userinfo", &token).await.0, StatusCode::OK);
    admin.set_disabled(&smith, true).await.unwrap();
    assert_eq!(hub.get("v2/oauth2/userinfo", &token).await.0, StatusCode::UNAUTHORIZED);
    let other = Browser::new();
    let page = other.get(hub.url("outport/sign-in")).await;
    let shown = other.type_password(&hub, &page, "smith", PASSWORD).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    admin.set_disabled(&smith, false).await.unwrap();
    admin.set_password(&smith, "another fine phrase").await.unwrap();
    let shown = other.type_password(&hub, &page, "smith", PASSWORD).await;
    assert_eq!(shown.status, StatusCode::UNAUTHORIZED);
    let shown = other.type_password(&hub, &page, "SMITH@localhost", "another fine phrase").await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    let nobody = admin.set_disabled(&"nobody".parse().unwrap(), true).await.unwrap_err();
    assert!(matches!(nobody, AdminError::NoUser { .. }));
    admin.close().await;
}

#[tokio::test]
async fn an_application_that_is_removed_ends_at_once() {
    let hub = TestHub::start().await;
    let app = hub.add_app("Nightly Backup").await;
    assert_eq!(app.handle, "nightly-backup");
    assert!(!format!("{app:?}").contains(&app.secret));
    let id = app.client_id;
    let client = app.into();
    let form = [("grant_type", "client_credentials"), ("scope", "openid")];
    let (_, answer) = hub.post("v2/oauth2/token", &client, &form).await;
    let token = text(&answer["access_token"]);
    let (_, user) = hub.get("v2/oauth2/userinfo", &token).await;
    assert_eq!(user["sub"], id.to_string());
    assert_eq!(user["preferred_username"], format!("{id}@clients.auth.globus.org"));
    let admin = hub.admin().await;
    assert_eq!(admin.apps().await.unwrap()[0].handle.as_deref(), Some("nightly-backup"));
    admin.remove_app(id).await.unwrap();
    assert!(matches!(admin.remove_app(id).await, Err(AdminError::NoApp { .. })));
    assert!(admin.apps().await.unwrap().is_empty());
    admin.close().await;
    assert_eq!(hub.get("v2/oauth2/userinfo", &token).await.0, StatusCode::UNAUTHORIZED);
    let (status, _) = hub.post("v2/oauth2/token", &client, &form).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn strangers_who_guess_wait_and_the_owners_browser_does_not() {
    let hub = TestHub::start().await;
    hub.add_person("smith").await;
    let owner = Browser::new();
    let page = owner.get(hub.url("outport/sign-in")).await;
    let entered = owner.type_password(&hub, &page, "smith", PASSWORD).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER);

    let stranger = Browser::new();
    let theirs = stranger.get(hub.url("outport/sign-in")).await;
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let shown = stranger.type_password(&hub, &theirs, "smith", "a wrong guess").await;
        statuses.push(shown.status);
    }
    assert_eq!(statuses[9], StatusCode::UNAUTHORIZED);
    assert_eq!(statuses[10], StatusCode::TOO_MANY_REQUESTS);
    let right = stranger.type_password(&hub, &theirs, "smith", PASSWORD).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "a right guess in a pause helps not");
    let page = owner.get(hub.url("outport/sign-in")).await;
    let entered = owner.type_password(&hub, &page, "smith", PASSWORD).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    hub.clock.advance_seconds(31);
    let right = stranger.type_password(&hub, &theirs, "smith", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "no pause is longer than half a minute");
}

#[tokio::test]
async fn registration_is_closed_unless_opened() {
    let hub = TestHub::start().await;
    let shown = Browser::new().get(hub.url("outport/register")).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    let hub = TestHub::start_with(|config| config.registration = Registration::Open).await;
    let browser = Browser::new();
    let page = browser.get(hub.url("outport/register")).await;
    let form = page.form(&[("handle", "jones"), ("password", PASSWORD), ("repeat", PASSWORD)]);
    let made = browser.post(hub.url("outport/register"), &form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let again = browser.post(hub.url("outport/register"), &form).await;
    assert!(again.body.contains("taken"), "{}", again.body);
    let admin = hub.admin().await;
    assert!(!admin.users().await.unwrap()[0].is_admin);
    admin.close().await;
}

#[tokio::test]
async fn a_place_holder_becomes_the_identity_of_whoever_comes() {
    let hub = TestHub::start().await;
    let app = hub.add_app("lookup").await.into();
    let form = [("grant_type", "client_credentials"), ("scope", "openid")];
    let (_, answer) = hub.post("v2/oauth2/token", &app, &form).await;
    let token = text(&answer["access_token"]);
    let path = "v2/api/identities?usernames=smith@localhost&provision=true";
    let (_, body) = hub.get(path, &token).await;
    let id = text(&body["identities"][0]["id"]);
    assert_eq!(body["identities"][0]["status"], "unused");
    hub.add_person("smith").await;
    let (_, body) = hub.get("v2/api/identities?usernames=SMITH@localhost", &token).await;
    assert_eq!(body["identities"][0]["id"], id);
    assert_eq!(body["identities"][0]["status"], "used");
}
