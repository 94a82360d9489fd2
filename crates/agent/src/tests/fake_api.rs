//! The hub's public API in a few lines: answers what a test set, and remembers what was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinSet,
};

pub(super) struct FakeApi {
    address: String,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

struct Shared {
    /// By `METHOD /path`; a list is answered one after the other, its last one for good.
    answers: Mutex<BTreeMap<String, Vec<Answer>>>,
    asked: Mutex<Vec<Asked>>,
    events: broadcast::Sender<Live>,
}

/// What happens to those who listen to events.
#[derive(Clone)]
enum Live {
    Message(String),
    Cut,
}

#[derive(Clone)]
enum Answer {
    Document(u16, String),
    /// The request is taken in and the connection closed: an answer that is lost.
    Lost,
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) what: String,
    pub(super) query: String,
    pub(super) body: String,
}

impl FakeApi {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            answers: Mutex::default(),
            asked: Mutex::default(),
            events: broadcast::Sender::new(64),
        });
        let mut serving = JoinSet::new();
        let of = Arc::clone(&shared);
        serving.spawn(async move {
            let mut visitors = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                visitors.spawn(serve(stream, Arc::clone(&of)));
            }
        });
        Self { address, shared, _serving: serving }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the answer of a request, `GET /path`; more than one are given one after the other.
    pub(super) fn on(&self, what: &str, status: u16, document: &Value) -> &Self {
        self.put(what, Answer::Document(status, document.to_string()))
    }

    /// The next answer of a request is lost on its way.
    pub(super) fn lose(&self, what: &str) -> &Self {
        self.put(what, Answer::Lost)
    }

    /// Forgets what was set for a request.
    pub(super) fn clear(&self, what: &str) {
        self.shared.answers.lock().unwrap().remove(what);
    }

    fn put(&self, what: &str, answer: Answer) -> &Self {
        self.shared.answers.lock().unwrap().entry(what.to_owned()).or_default().push(answer);
        self
    }

    /// Tells whoever listens.
    pub(super) fn tell(&self, message: &Value) {
        self.shared.events.send(Live::Message(message.to_string())).ok();
    }

    /// Closes the streams of whoever listens.
    pub(super) fn cut(&self) {
        self.shared.events.send(Live::Cut).ok();
    }

    pub(super) fn listeners(&self) -> usize {
        self.shared.events.receiver_count()
    }

    /// All requests of a kind so far.
    pub(super) fn asked(&self, what: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.what == what).cloned().collect()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(asked) = read(&mut stream).await else { return };
    let what = asked.what.clone();
    shared.asked.lock().unwrap().push(asked);
    let answer = {
        let mut answers = shared.answers.lock().unwrap();
        answers.get_mut(&what).map(|list| match list.len() {
            1 => list[0].clone(),
            _ => list.remove(0),
        })
    };
    let (status, body) = match answer {
        Some(Answer::Document(status, body)) => (status, body),
        Some(Answer::Lost) => return,
        None if what == "GET /outport/v1/events" => return tell(stream, &shared).await,
        None => {
            let body = json!({ "code": "ClientError.NotFound", "message": "nothing there" });
            (404, body.to_string())
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

async fn tell(mut stream: TcpStream, shared: &Shared) {
    let mut events = shared.events.subscribe();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let hello = json!({
        "type": "hello",
        "hub_time": "2026-01-31T12:00:00+00:00",
        "request_id": "00000000-0000-0000-0000-000000000001",
    });
    let first = format!("{head}data: {hello}\n\n");
    if stream.write_all(first.as_bytes()).await.is_err() {
        return;
    }
    let mut byte = [0];
    loop {
        let live = tokio::select! {
            live = events.recv() => live,
            _ = stream.read(&mut byte) => return, // whoever listened is gone
        };
        let Ok(Live::Message(message)) = live else { return };
        if stream.write_all(format!("data: {message}\n\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let got = stream.read(&mut chunk).await.ok()?;
        if got == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..got]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        let mut words = head.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        return Some(Asked {
            what: format!("{method} {path}"),
            query: query.to_owned(),
            body: body.to_owned(),
        });
    }
}
