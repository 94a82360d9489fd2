//! What macOS says about proxies: a list, best first, in which scripts (PAC) may stand for others.

/// One line of such a list.
pub(super) enum Entry<Script> {
    /// No proxy.
    Straight,
    /// A proxy, and how its address begins.
    Proxy { scheme: &'static str, host: String, port: Option<i32> },
    /// What names proxies when it is run.
    Script(Script),
    /// What is of no use here.
    Other,
}

/// The best of a list, spelled as other systems do. Scripts before it are run; where one fails, what
/// comes after it counts.
pub(super) fn best<Script>(
    list: Vec<Entry<Script>>,
    mut run: impl FnMut(Script) -> Vec<Entry<Script>>,
) -> Option<String> {
    list.into_iter().find_map(|entry| match entry {
        // What a script names is never another script.
        Entry::Script(script) => run(script).iter().find_map(Entry::spelled),
        Entry::Straight | Entry::Proxy { .. } | Entry::Other => entry.spelled(),
    })
}

impl<Script> Entry<Script> {
    fn spelled(&self) -> Option<String> {
        let (scheme, host, port) = match self {
            Self::Straight => return Some("direct://".to_owned()),
            Self::Proxy { scheme, host, port } => (scheme, host, port),
            Self::Script(_) | Self::Other => return None,
        };
        let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
        let host = if is_bare_ipv6 { format!("[{host}]") } else { host.clone() };
        Some(match port {
            Some(port) if *port != 0 => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"), // the usual one
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = Entry<&'static str>;

    #[test]
    fn the_first_that_is_of_use_counts() {
        let never = |_| panic!("no script is run");
        assert_eq!(best::<&str>(vec![], never).as_deref(), None);
        assert_eq!(best::<&str>(vec![Entry::Other], never).as_deref(), None);
        let list = vec![http("proxy.lan"), Entry::Straight, Entry::Script("late")];
        assert_eq!(best(list, never).as_deref(), Some("http://proxy.lan:3128"));
        let list = vec![Entry::Other, Entry::Straight, http("proxy.lan")];
        assert_eq!(best(list, never).as_deref(), Some("direct://"));
    }

    #[test]
    fn a_script_stands_for_what_it_names_and_a_failed_one_for_nothing() {
        let run = |script| match script {
            "one" => vec![Entry::Other, Entry::Script("two"), http("named.lan"), Entry::Straight],
            "straight" => vec![Entry::Straight],
            _ => vec![],
        };
        let through = |script| best(vec![Entry::Script(script), http("after.lan")], run);
        assert_eq!(through("one").as_deref(), Some("http://named.lan:3128"));
        assert_eq!(through("straight").as_deref(), Some("direct://"));
        assert_eq!(through("failed").as_deref(), Some("http://after.lan:3128"));
    }

    #[test]
    fn addresses_are_spelled_as_anywhere() {
        let spelled = |scheme, host: &str, port| {
            Line::Proxy { scheme, host: host.to_owned(), port }.spelled().unwrap()
        };
        assert_eq!(spelled("socks5", "proxy.lan", Some(1080)), "socks5://proxy.lan:1080");
        assert_eq!(spelled("http", "proxy.lan", None), "http://proxy.lan");
        assert_eq!(spelled("http", "proxy.lan", Some(0)), "http://proxy.lan");
        assert_eq!(spelled("http", "2001:db8::1", Some(8080)), "http://[2001:db8::1]:8080");
        assert_eq!(spelled("http", "[2001:db8::1]", Some(8080)), "http://[2001:db8::1]:8080");
    }

    fn http(host: &str) -> Line {
        Entry::Proxy { scheme: "http", host: host.to_owned(), port: Some(3128) }
    }
}
