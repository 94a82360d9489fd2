use std::fs;

use outport_control::{Profile, Secret};
use tempfile::TempDir;

use super::*;
use crate::identity::testing::Keyring;

fn profile() -> (TempDir, Paths) {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    (home, paths)
}

fn wish(proxy: &str, user: Option<&str>, password: Option<&str>) -> NewProxy {
    NewProxy {
        proxy: proxy.to_owned(),
        user: user.map(str::to_owned),
        password: password.map(Secret::new),
        place: None,
    }
}

fn hub() -> HubUrl {
    "https://hub.example.org".parse().unwrap()
}

async fn password_for(paths: &Paths, proxy: &str) -> Option<String> {
    let way = choose(paths, &proxy.parse().unwrap(), &hub()).await.unwrap();
    way?.proxy.login.map(|login| login.password.expose().to_owned())
}

#[tokio::test]
async fn the_config_names_the_proxy_or_that_there_is_none() {
    let (_home, paths) = profile();
    assert_eq!(choose(&paths, &ProxyChoice::None, &hub()).await.unwrap(), None);
    let choice: ProxyChoice = "socks5://proxy.lan".parse().unwrap();
    let way = choose(&paths, &choice, &hub()).await.unwrap().unwrap();
    let shown = way.shown();
    assert_eq!(shown.address, "socks5://proxy.lan:1080");
    assert_eq!((shown.user, shown.source), (None, ProxySource::Config));
    let here = "http://127.0.0.1:7440".parse().unwrap();
    assert_eq!(choose(&paths, &choice, &here).await.unwrap(), None, "a hub on this computer");
}

#[tokio::test]
async fn a_password_is_told_to_the_proxy_that_it_was_set_for_and_to_no_other() {
    let (_home, paths) = profile();
    keep(&paths, &wish("http://proxy.lan:3128", Some("ann"), Some("geheim"))).unwrap();
    let own = password_for(&paths, "http://proxy.lan:3128").await;
    assert_eq!(own.as_deref(), Some("geheim"));
    for other in ["http://proxy.lan:3129", "socks5://proxy.lan:3128", "http://evil.lan:3128"] {
        assert_eq!(password_for(&paths, other).await, None, "{other}");
    }
    let kept = kept_login(&paths).unwrap().unwrap();
    assert_eq!((kept.user.as_str(), kept.place), ("ann", KeyPlace::File));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(paths.state_dir.join("proxy.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Another choice keeps it for when the system names that proxy; the proxy without a user does not.
    keep(&paths, &wish("system", None, None)).unwrap();
    assert!(password_for(&paths, "http://proxy.lan:3128").await.is_some());
    keep(&paths, &wish("http://proxy.lan:3128", None, None)).unwrap();
    assert_eq!(password_for(&paths, "http://proxy.lan:3128").await, None);
    assert_eq!(kept_login(&paths).unwrap(), None);
}

#[test]
fn the_password_that_is_kept_need_not_be_given_again_for_the_same_user() {
    let (_home, paths) = profile();
    let proxy = "http://proxy.lan:3128";
    keep(&paths, &wish(proxy, Some("ann"), Some("geheim"))).unwrap();
    keep(&paths, &wish(proxy, Some("ann"), None)).unwrap();
    for (proxy, user) in [(proxy, "bob"), ("http://other.lan", "ann")] {
        let refused = keep(&paths, &wish(proxy, Some(user), None)).unwrap_err();
        assert_eq!(refused.code, Code::BadProxy);
        assert!(refused.message.contains("needs a password"), "{refused}");
    }
    assert_eq!(kept_login(&paths).unwrap().unwrap().user, "ann");
}

#[test]
fn what_cannot_be_is_refused_and_no_password_is_repeated() {
    let (_home, paths) = profile();
    let refusal = |proxy: &str, user, password| {
        let refused = keep(&paths, &wish(proxy, user, password)).unwrap_err();
        assert_eq!(refused.code, Code::BadProxy);
        assert!(!refused.to_string().contains("geheim"), "{refused}");
        refused.message
    };
    let in_it = refusal("http://ann:geheim@proxy.lan:3128", None, None);
    assert!(in_it.contains("--user"), "{in_it}");
    refusal("ftp://proxy.lan", None, None);
    refusal("system", Some("ann"), Some("geheim"));
    refusal("http://proxy.lan", Some("a:b"), Some("geheim"));
    refusal("http://proxy.lan", Some("ann"), Some(&"geheim".repeat(50)));
    assert_eq!(kept_login(&paths).unwrap(), None);
}

#[tokio::test]
async fn a_password_in_the_keyring_is_found_there_and_a_locked_one_says_what_to_do() {
    let keyring = Keyring::install();
    let (_home, paths) = profile();
    let in_keyring = NewProxy {
        place: Some(KeyPlace::Keyring),
        ..wish("http://proxy.lan:3128", Some("ann"), Some("geheim"))
    };
    keep(&paths, &in_keyring).unwrap();
    let text = fs::read_to_string(paths.state_dir.join("proxy.json")).unwrap();
    assert!(!text.contains("geheim"), "{text}");
    keyring.lock_entry_once("default proxy");
    let choice = "http://proxy.lan:3128".parse().unwrap();
    let problem = choose(&paths, &choice, &hub()).await.unwrap_err().problem();
    assert_eq!(problem.code, Code::ProxyLoginUnavailable, "{problem}");
    let kept = password_for(&paths, "http://proxy.lan:3128").await;
    assert_eq!(kept.as_deref(), Some("geheim"));
    keyring.lock_entry_once("default proxy");
    let again = password_for(&paths, "http://proxy.lan:3128").await;
    assert_eq!(again.as_deref(), Some("geheim"), "the keyring is asked once");
    forget(&paths).unwrap();
    assert_eq!(password_for(&paths, "http://proxy.lan:3128").await, None);
    keep(&paths, &in_keyring).unwrap();
    keyring_core::unset_default_store();
    keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap());
    let problem = choose(&paths, &choice, &hub()).await.unwrap_err().problem();
    assert!(problem.message.contains("does not hold it"), "{problem}");
}

#[tokio::test]
async fn a_damaged_file_is_a_problem_and_not_a_way_without_a_user() {
    let (_home, paths) = profile();
    keep(&paths, &wish("http://proxy.lan:3128", Some("ann"), Some("geheim"))).unwrap();
    fs::write(paths.state_dir.join("proxy.json"), "{").unwrap();
    let choice = "http://proxy.lan:3128".parse().unwrap();
    let problem = choose(&paths, &choice, &hub()).await.unwrap_err().problem();
    assert_eq!(problem.code, Code::ProxyLoginUnavailable, "{problem}");
    keep(&paths, &wish("http://proxy.lan:3128", Some("ann"), Some("geheim"))).unwrap();
    assert!(choose(&paths, &choice, &hub()).await.unwrap().unwrap().proxy.login.is_some());
}
