//! What the environment and the operating system say about the proxy.

#[cfg(any(target_os = "macos", test))]
mod listed;
#[cfg(target_os = "macos")]
mod macos;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper_util::client::proxy::matcher::Matcher;
use outport_api::client::{HubUrl, Proxy};
use outport_control::ProxySource;
use tokio::time::timeout;

use super::{Way, WayError};

/// The operating system, asked for the proxy to an address; a test asks something else.
pub(super) struct SystemProxies(Box<Ask>);

type Ask = dyn FnOnce(&str) -> Option<String> + Send;

impl SystemProxies {
    pub(super) fn of_this_computer() -> Self {
        Self(Box::new(remembered))
    }

    #[cfg(test)]
    pub(super) fn scripted(answer: &'static str) -> Self {
        Self(Box::new(move |_| Some(answer.to_owned())))
    }

    #[cfg(test)]
    pub(super) fn silent() -> Self {
        Self(Box::new(|_| None))
    }
}

/// The proxy that the environment names for a hub, or else the operating system; none for a hub that
/// `NO_PROXY` names.
pub(super) async fn named(
    hub: &HubUrl,
    variable: impl Fn(&str) -> Option<String>,
    system: SystemProxies,
) -> Result<Option<Way>, WayError> {
    let exempt = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    if is_exempt(hub, &exempt) {
        return Ok(None);
    }
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) else { continue };
        let proxy =
            Proxy::with_login(&text).map_err(|source| WayError::Address { named: name, source })?;
        return Ok(Some(Way { proxy, source: ProxySource::Environment }));
    }
    let url = hub.as_url().to_string();
    let asking = crate::blocking(move || (system.0)(&url));
    let Ok(answer) = timeout(SYSTEM_TIMEOUT, asking).await else {
        tracing::warn!("the operating system does not say whether there is a proxy");
        return Ok(None);
    };
    let Some(text) = answer else { return Ok(None) };
    let proxy = Proxy::with_login(&text)
        .map_err(|source| WayError::Address { named: "the operating system", source })?;
    Ok(Some(Way { proxy, source: ProxySource::System }))
}

/// Whether `NO_PROXY` names a hub, by the rules that curl has.
fn is_exempt(hub: &HubUrl, exempt: &str) -> bool {
    let Ok(target) = hub.as_url().as_str().parse() else { return false };
    // Many write `*.example.org` for what is spelled `.example.org`.
    let rules = Matcher::builder().all("http://proxy").no(exempt.replace("*.", "."));
    rules.build().intercept(&target).is_none()
}

/// What the system says, or said a moment ago: every request asks.
fn remembered(url: &str) -> Option<String> {
    static LAST: Mutex<Option<(Instant, String, Option<String>)>> = Mutex::new(None);
    // Held while the system is asked, so that those who come meanwhile wait for the one answer.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((when, of, answer)) if of == url && when.elapsed() < FRESH => answer.clone(),
        Some(_) | None => {
            let answer = ask_system(url);
            *last = Some((Instant::now(), url.to_owned(), answer.clone()));
            answer
        }
    }
}

/// The desktop's portal, which knows the settings of GNOME and KDE and resolves their PAC files.
#[cfg(not(any(windows, target_os = "macos")))]
fn ask_system(url: &str) -> Option<String> {
    let bus = zbus::blocking::connection::Builder::session().ok()?;
    let bus = bus.method_timeout(SYSTEM_TIMEOUT).build().ok()?; // none where no desktop runs
    match portal::look_up(&bus, url) {
        Ok(proxies) => first_of(&proxies),
        Err(error) => {
            tracing::debug!(%error, "the desktop does not say whether there is a proxy");
            None
        }
    }
}

#[cfg(not(any(windows, target_os = "macos")))]
mod portal {
    use zbus::blocking::Connection;

    /// The proxies for an address, best first.
    pub(super) fn look_up(bus: &Connection, url: &str) -> zbus::Result<Vec<String>> {
        let answer = bus.call_method(
            Some("org.freedesktop.portal.Desktop"),
            "/org/freedesktop/portal/desktop",
            Some("org.freedesktop.portal.ProxyResolver"),
            "Lookup",
            &(url,),
        )?;
        answer.body().deserialize()
    }
}

/// Windows itself, which applies its list of exceptions and resolves PAC files.
#[cfg(windows)]
fn ask_system(url: &str) -> Option<String> {
    use windows::{Foundation::Uri, Networking::Connectivity::NetworkInformation, core::HSTRING};
    let asked = || {
        let target = Uri::CreateUri(&HSTRING::from(url))?;
        let found = NetworkInformation::GetProxyConfigurationAsync(&target)?.join()?;
        let proxies = found.ProxyUris()?.into_iter().map(|uri| uri.AbsoluteUri());
        proxies.map(|uri| Ok(uri?.to_string())).collect::<windows::core::Result<Vec<_>>>()
    };
    match asked() {
        Ok(proxies) => first_of(&proxies),
        Err(error) => {
            tracing::debug!(%error, "Windows does not say whether there is a proxy");
            None
        }
    }
}

/// macOS itself, which applies its list of exceptions and runs PAC scripts.
#[cfg(target_os = "macos")]
fn ask_system(url: &str) -> Option<String> {
    match macos::look_up(url) {
        Ok(best) => first_of(best.as_slice()),
        Err(error) => {
            let error = outport_types::Chain(&error);
            tracing::debug!(%error, "macOS does not say whether there is a proxy");
            None
        }
    }
}

/// The best of what a system offers; nothing where that is the straight way.
fn first_of(proxies: &[String]) -> Option<String> {
    proxies.first().filter(|first| !first.starts_with("direct:")).cloned()
}

impl fmt::Debug for SystemProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemProxies")
    }
}

/// Longer than a burst of requests, shorter than anybody waits for a change to be in force.
const FRESH: Duration = Duration::from_secs(5);
/// A PAC file may have to be fetched first; a desktop that does not answer must not keep anybody.
const SYSTEM_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use outport_api::client::ProxyAddressError;

    use super::*;

    async fn find(
        system: SystemProxies,
        pairs: &[(&str, &str)],
    ) -> Result<Option<String>, WayError> {
        let hub: HubUrl = "https://hub.example.org".parse().unwrap();
        let variable =
            |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
        let way = named(&hub, variable, system).await?;
        Ok(way.map(|way| format!("{:?} {}", way.source, way.proxy.address)))
    }

    #[tokio::test]
    async fn the_environment_names_the_proxy() {
        let with = |pairs| find(SystemProxies::silent(), pairs);
        let proxy = Some("Environment http://proxy.lan:3128".to_owned());
        assert_eq!(with(&[]).await.unwrap(), None);
        assert_eq!(with(&[("HTTPS_PROXY", "http://proxy.lan:3128")]).await.unwrap(), proxy);
        assert_eq!(with(&[("all_proxy", "proxy.lan:3128/")]).await.unwrap(), proxy);
        assert_eq!(with(&[("HTTP_PROXY", "http://proxy.lan:3128")]).await.unwrap(), None);
        let socks = with(&[("https_proxy", ""), ("ALL_PROXY", "socks5h://proxy.lan")]).await;
        assert_eq!(socks.unwrap().as_deref(), Some("Environment socks5://proxy.lan:1080"));
        let other = with(&[("ALL_PROXY", "https://proxy.lan")]).await.unwrap_err();
        let WayError::Address { named: "ALL_PROXY", source: ProxyAddressError::Kind(kind) } = other
        else {
            panic!("{other:?}");
        };
        assert_eq!(kind, "https");
    }

    #[tokio::test]
    async fn hubs_that_the_environment_exempts_are_reached_straight() {
        for (exempt, is) in [
            ("*", true),
            ("example.org", true),
            (".example.org", true),
            ("a.b, *.example.org", true),
            ("HUB.example.org", true),
            ("ample.org", false),
            ("example.com", false),
            ("", false),
        ] {
            let pairs = [("HTTPS_PROXY", "http://proxy.lan:3128"), ("NO_PROXY", exempt)];
            let found = find(SystemProxies::scripted("http://other"), &pairs).await.unwrap();
            assert_eq!(found.is_none(), is, "{exempt}");
        }
        let hub = "https://10.1.2.3".parse().unwrap();
        assert!(is_exempt(&hub, "10.0.0.0/8"));
        assert!(!is_exempt(&hub, "10.0.0.0/16"));
    }

    #[tokio::test]
    async fn the_system_is_asked_where_the_environment_says_nothing() {
        let system = || SystemProxies::scripted("http://system.lan:8080/");
        let found = find(system(), &[]).await.unwrap();
        assert_eq!(found.as_deref(), Some("System http://system.lan:8080"));
        let pairs = [("HTTPS_PROXY", "http://proxy.lan:3128")];
        let found = find(system(), &pairs).await.unwrap();
        assert_eq!(found.as_deref(), Some("Environment http://proxy.lan:3128"));
        assert_eq!(find(system(), &[("no_proxy", "example.org")]).await.unwrap(), None);
    }

    #[test]
    fn the_straight_way_is_no_proxy() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(first_of(&list(&["direct://"])), None);
        assert_eq!(first_of(&list(&[])), None);
        let both = list(&["http://proxy.lan:3128", "direct://"]);
        assert_eq!(first_of(&both).as_deref(), Some("http://proxy.lan:3128"));
    }

    #[cfg(not(any(windows, target_os = "macos")))]
    #[test]
    fn the_portal_of_the_desktop_is_asked_in_its_own_words() {
        use std::{
            io::{BufRead as _, BufReader},
            process::Stdio,
        };

        struct Portal;

        #[zbus::interface(name = "org.freedesktop.portal.ProxyResolver")]
        impl Portal {
            #[expect(clippy::unused_self, reason = "the macro wants a method")]
            fn lookup(&self, uri: &str) -> Vec<String> {
                vec![format!("socks5://proxy.lan:{}", uri.len()), "direct://".to_owned()]
            }
        }

        let mut bus_host = std::process::Command::new("dbus-daemon");
        bus_host.args(["--session", "--nofork", "--print-address"]).stdout(Stdio::piped());
        let Ok(mut bus_host) = bus_host.spawn() else { return }; // a computer without a desktop
        let mut address = String::new();
        BufReader::new(bus_host.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let join = || zbus::blocking::connection::Builder::address(address.trim()).unwrap();
        let portal = join().serve_at("/org/freedesktop/portal/desktop", Portal).unwrap();
        let _portal = portal.name("org.freedesktop.portal.Desktop").unwrap().build().unwrap();
        let bus = join().build().unwrap();
        let proxies = portal::look_up(&bus, "https://hub.example.org/").unwrap();
        bus_host.kill().unwrap();
        bus_host.wait().unwrap();
        assert_eq!(first_of(&proxies).as_deref(), Some("socks5://proxy.lan:24"));
    }
}
