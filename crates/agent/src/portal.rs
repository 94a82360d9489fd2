//! Networks that want a sign-in in a browser before they let anything out, as in hotels and trains.
//!
//! Such a network answers in the place of everybody: at port 80 with the way to its own page, at other
//! ports with a certificate of its own, or not at all. So where no connection to the hub comes up, or
//! another certificate is shown, a page is asked for at port 80 of the hub's own name, in plain HTTP as
//! a browser would. Who sends that to another host, or says that it wants a sign-in (511), is one. The
//! answer is read no further than that; nobody else is asked, and nothing is told to whoever answers.

use std::time::Duration;

use outport_api::client::{HubUrl, Trust};
use outport_types::{Code, Problem};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};
use url::Url;

use crate::hub_link::connect_to;

/// Whether the network here answers for the hub, and wants a sign-in first.
pub(crate) async fn wants_sign_in(hub: &HubUrl, trust: &Trust) -> bool {
    // Through a proxy it is the proxy's network that counts, and on this computer there is none.
    if trust.proxy.is_some() || hub.is_loopback() || !hub.is_encrypted() {
        return false;
    }
    let (host, _) = hub.host_and_port();
    let asking = async {
        let stream = connect_to(host, HTTP_PORT).await.ok()?;
        ask(stream, &page(hub)).await
    };
    timeout(ASK_LIMIT, asking).await.ok().flatten().unwrap_or(false)
}

/// What is told where the hub was not reached: the network may have answered in its place.
pub(crate) async fn explain(problem: Problem, hub: &HubUrl, trust: &Trust) -> Problem {
    if wants_sign_in(hub, trust).await { self::problem(hub) } else { problem }
}

/// What a person is told.
pub(crate) fn problem(hub: &HubUrl) -> Problem {
    let (host, _) = hub.host_and_port();
    let args = [("host", host.into()), ("address", page(hub).to_string().into())];
    Problem::new(Code::NetworkSignIn, args)
}

/// The page of the hub's name that such a network answers for.
fn page(hub: &HubUrl) -> Url {
    let mut page = hub.at("/");
    // Both hold for an address of the web; https with its own port would stay https.
    page.set_scheme("http").ok();
    page.set_port(None).ok();
    page
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, page: &Url) -> Option<bool> {
    let host = page.host_str()?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: outport/{}\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    let mut head = Vec::new();
    let mut stream = stream.take(HEAD_BYTES_MAX);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            break;
        }
    }
    Some(sends_elsewhere(&String::from_utf8_lossy(&head), page))
}

/// Whether the head of an answer is that of a network that wants a sign-in.
fn sends_elsewhere(head: &str, page: &Url) -> bool {
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| {
        let (version, rest) = line.split_once(' ')?;
        version.starts_with("HTTP/1.").then(|| rest.get(..3)?.parse::<u16>().ok())?
    });
    match status {
        Some(511) => true,
        Some(301 | 302 | 303 | 307 | 308) => {
            let target = lines.take_while(|line| !line.is_empty()).find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("location").then(|| page.join(value.trim()).ok())?
            });
            target.is_some_and(|target| target.host_str() != page.host_str())
        }
        Some(_) | None => false,
    }
}

const HTTP_PORT: u16 = 80;
/// Whoever answers in the place of everybody is near.
const ASK_LIMIT: Duration = Duration::from_secs(3);
/// More than the head of any answer that counts.
const HEAD_BYTES_MAX: u64 = 8 * 1024;

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[test]
    fn only_who_sends_to_another_host_or_says_so_wants_a_sign_in() {
        let answer = |status: &str, location: &str| {
            let head = format!(
                "HTTP/1.1 {status}\r\nServer: x\r\n{location}\r\n\r\nLocation: http://late/"
            );
            sends_elsewhere(&head, &page(&hub()))
        };
        for (status, location, wants) in [
            ("511 Network Authentication Required", "", true),
            ("302 Found", "Location: http://portal.example/login?from=x", true),
            ("307 Temporary Redirect", "LOCATION:https://10.0.0.1/", true),
            ("303 See Other", "Location: //portal.example/", true),
            ("301 Moved Permanently", "Location: https://hub.example.org/", false),
            ("308 Permanent Redirect", "Location: https://HUB.example.org:8443/x", false),
            ("302 Found", "Location: /login", false),
            ("302 Found", "Location: http://[", false),
            ("302 Found", "", false),
            ("200 OK", "Location: http://portal.example/", false),
            ("404 Not Found", "", false),
            ("", "", false),
        ] {
            assert_eq!(answer(status, location), wants, "{status} {location}");
        }
        for head in ["", "SSH-2.0-x 302 \r\nLocation: http://a/\r\n\r\n", "HTTP/1.1 é", "HTTP/1.1"]
        {
            assert!(!sends_elsewhere(head, &page(&hub())), "{head}");
        }
    }

    #[test]
    fn the_page_that_a_browser_is_to_open_is_of_the_hubs_own_name() {
        assert_eq!(page(&hub()).as_str(), "http://hub.example.org/");
        let told = problem(&"https://[2001:db8::1]".parse().unwrap());
        assert!(told.message.contains("http://[2001:db8::1]/"), "{told}");
    }

    #[tokio::test]
    async fn an_answer_is_read_as_far_as_its_head_and_no_further() {
        let (mut portal, agent) = duplex(64 * 1024);
        let answering = async {
            let mut asked = [0; 1024];
            let bytes = portal.read(&mut asked).await.unwrap();
            let asked = String::from_utf8_lossy(&asked[..bytes]).into_owned();
            portal
                .write_all(b"HTTP/1.0 302 Found\r\nLocation: http://x/\r\n\r\nmore")
                .await
                .unwrap();
            (asked, portal)
        };
        let page = page(&hub());
        let (wants, (asked, _portal)) = tokio::join!(ask(agent, &page), answering);
        assert_eq!(wants, Some(true));
        assert!(asked.starts_with("GET / HTTP/1.1\r\nHost: hub.example.org\r\n"), "{asked}");

        let (mut portal, agent) = duplex(64 * 1024);
        portal.write_all(&[b'x'; 20_000]).await.unwrap();
        assert_eq!(ask(agent, &page).await, Some(false), "it does not wait for an end");
    }

    #[tokio::test]
    async fn nobody_is_asked_for_a_hub_on_this_computer() {
        let hub = "https://127.0.0.1:1".parse().unwrap();
        assert!(!wants_sign_in(&hub, &Trust::default()).await);
    }

    fn hub() -> HubUrl {
        "https://hub.example.org:7440".parse().unwrap()
    }
}
