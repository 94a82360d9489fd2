//! The server itself: limits, errors, metrics, stopping.

use std::time::Duration;

use outport_hub::{Hub, StartError};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{TestHub, json};

#[tokio::test]
async fn every_error_is_json_in_the_shape_of_its_api() {
    let hub = TestHub::start().await;
    let get = async |path: &str| json(hub.http.get(hub.url(path)).send().await.unwrap()).await;
    let (status, body) = get("v0.10/nothing").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for key in ["code", "message", "request_id"] {
        assert!(body[key].is_string(), "{key}");
    }
    assert_eq!(body["resource"], "/nothing");
    let (_, body) = get("v2/nothing").await;
    assert_eq!(body["errors"][0]["status"], "404");
    let (status, body) = get("v2/oauth2/token").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(body["error_description"].is_string());
    let (_, body) = get("outport/v1/nothing").await;
    assert!(body["code"].is_string() && body["request_id"].is_string());
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let hub = TestHub::start().await;
    let big = "x".repeat(100 * 1024);
    let (status, body) = hub.post_plain("v2/oauth2/token", &[("grant_type", big.as_str())]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body["error_description"].as_str().unwrap().contains("65536"));
}

#[tokio::test]
async fn health_and_metrics_are_there() {
    let hub = TestHub::start().await;
    let health = hub.http.get(hub.url("healthz")).send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok\n");
    let metrics = hub.http.get(hub.url("metrics")).send().await.unwrap().text().await.unwrap();
    let line = "outport_hub_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert!(metrics.contains("outport_hub_connections"));
    assert!(metrics.ends_with("# EOF\n"));
}

#[tokio::test]
async fn metrics_are_for_this_computer_unless_opened() {
    let behind = TestHub::start_with(|config| config.behind_proxy = true).await;
    let get = async |hub: &TestHub| {
        let request = hub.http.get(hub.url("metrics"));
        let request = request.header("x-forwarded-for", "127.0.0.1, 192.0.2.7");
        request.send().await.unwrap().status()
    };
    assert_eq!(get(&behind).await, StatusCode::FORBIDDEN);
    let open = TestHub::start_with(|config| {
        config.behind_proxy = true;
        config.metrics_open = true;
    })
    .await;
    assert_eq!(get(&open).await, StatusCode::OK);
}

#[tokio::test]
async fn one_address_gets_its_share_of_connections_only() {
    let hub = TestHub::start_with(|config| config.limits.connections_per_address = 2).await;
    let address = hub.hub.local_addr();
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    for socket in [&mut first, &mut second] {
        assert!(ask(socket).await.starts_with("HTTP/1.1 200"));
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    assert_eq!(ask(&mut third).await, "", "closed without an answer");
    assert!(ask(&mut first).await.starts_with("HTTP/1.1 200"), "the others go on");
}

#[tokio::test]
async fn a_client_that_dribbles_is_cut_off() {
    let hub = TestHub::start_with(|config| {
        config.limits.header_seconds = 1;
        config.limits.body_seconds = 1;
    })
    .await;
    let head = "POST /v2/oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n";
    for (sent, answer) in [("", ""), ("GET / HT", ""), (head, "HTTP/1.1 408 ")] {
        let mut socket = TcpStream::connect(hub.hub.local_addr()).await.unwrap();
        socket.write_all(sent.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut got));
        reading.await.expect("the hub ends the connection").ok();
        let got = String::from_utf8(got).unwrap();
        assert!(got.starts_with(answer), "{sent:?}: {got}");
    }
}

#[tokio::test]
async fn a_certificate_makes_it_https() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let hub = TestHub::start_with(|config| {
        config.tls_cert = Some(cert.clone());
        config.tls_key = Some(key);
    })
    .await;
    assert_eq!(hub.hub.url().scheme(), "https");
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let url = format!("https://localhost:{}/healthz", hub.hub.local_addr().port());
    assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), "ok\n");
    let mut config = hub.config.clone();
    config.data = dir.path().join("other");
    config.tls_key = Some(cert);
    let error = Hub::bind(config).await.unwrap_err();
    assert!(matches!(error, StartError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn a_second_hub_on_the_same_data_is_refused() {
    let hub = TestHub::start().await;
    let error = Hub::bind(hub.config.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::AlreadyRunning { .. }), "{error}");
}

#[tokio::test]
async fn stopping_ends_quiet_connections_and_frees_the_data() {
    let TestHub { hub, config, dir, .. } = TestHub::start().await;
    let mut quiet = TcpStream::connect(hub.local_addr()).await.unwrap();
    assert!(ask(&mut quiet).await.starts_with("HTTP/1.1 200"));
    tokio::time::timeout(Duration::from_secs(4), hub.shutdown()).await.unwrap();
    let mut rest = Vec::new();
    quiet.read_to_end(&mut rest).await.ok();
    let hub = Hub::bind(config).await.unwrap();
    hub.shutdown().await;
    drop(dir);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_secret_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let hub = TestHub::start().await;
    for name in ["hub.db", "hub.db-wal", "id-token-key.der", "cookie.key"] {
        let metadata = std::fs::metadata(hub.config.data.join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let dir = std::fs::metadata(&hub.config.data).unwrap();
    assert_eq!(dir.permissions().mode() & 0o777, 0o700);
}

/// Sends a request on a connection and reads what comes, up to the end of the answer.
async fn ask(socket: &mut TcpStream) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    if socket.write_all(request).await.is_err() {
        return String::new();
    }
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    while !answer.ends_with(b"ok\n") {
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(bytes) => answer.extend_from_slice(&chunk[..bytes]),
        }
    }
    String::from_utf8(answer).unwrap()
}
