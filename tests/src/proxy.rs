//! A proxy as offices have one: it lets nobody through without a password, and speaks HTTP (`CONNECT`)
//! and SOCKS version 5 on one port.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Result;

use crate::{inspector::Inspector, net::Internet, service::begin};

/// A proxy that serves until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: Option<JoinHandle<io::Result<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    http: AtomicUsize,
    socks: AtomicUsize,
    strangers: AtomicUsize,
    /// What all tunnels lead to, in the place of what was asked for.
    detour: Option<SocketAddr>,
    /// Both ends of every tunnel.
    tunnels: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Begins to serve on a host, for whoever reaches it at this address.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn in_host(host: &str, address: SocketAddr) -> Result<Self> {
        Self::with_detour(host, address, None)
    }

    /// The same, and all tunnels lead to what inspects them, on the same host.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn with_inspector(host: &str, address: SocketAddr, inspector: &Inspector) -> Result<Self> {
        Self::with_detour(host, address, Some(inspector.address()))
    }

    fn with_detour(host: &str, address: SocketAddr, detour: Option<SocketAddr>) -> Result<Self> {
        let shared = Arc::new(Shared { detour, ..Shared::default() });
        let serves = Arc::clone(&shared);
        // Threads that this one begins are on the host too.
        let (serving, ()) = begin(host, move |stands| {
            let listener = listen(address)?;
            stands.send(()).ok(); // it is waited for
            serve(&listener, &serves);
            Ok(())
        })?;
        Ok(Self { address, shared, serving: Some(serving) })
    }

    /// Where it is, for those who speak HTTP with it.
    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same with user and password, as an environment has it.
    pub fn http_with_login(&self) -> String {
        let password = Self::PASSWORD.replace(':', "%3A").replace(' ', "%20").replace('@', "%40");
        format!("http://{}:{password}@{}", Self::USER, self.address)
    }

    /// Where it is, for those who speak SOCKS with it.
    pub fn socks(&self) -> String {
        format!("socks5://{}", self.address)
    }

    /// Tunnels that it made, by HTTP and by SOCKS.
    pub fn made(&self) -> (usize, usize) {
        (self.shared.http.load(Ordering::SeqCst), self.shared.socks.load(Ordering::SeqCst))
    }

    /// Times that somebody had no password, or a wrong one.
    pub fn strangers(&self) -> usize {
        self.shared.strangers.load(Ordering::SeqCst)
    }

    /// Whom it lets through.
    pub const USER: &str = "ann.smith";
    /// The password, with what an address would have to escape.
    pub const PASSWORD: &str = "so: secret@it is";
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for stream in self.shared.tunnels().drain(..) {
            stream.shutdown(Shutdown::Both).ok(); // it may be over already
        }
        if let Some(serving) = self.serving.take() {
            serving.join().ok();
        }
    }
}

impl Shared {
    fn tunnels(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, target: &str) -> io::Result<TcpStream> {
        let place = match self.detour {
            Some(detour) => detour,
            None => {
                // The names of its host are for those whom `ip netns exec` runs there.
                let target = target.replace(Internet::NAME, Internet::HUB[0]);
                target.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?
            }
        };
        TcpStream::connect_timeout(&place, PATIENCE)
    }

    fn is_known(&self, user: &str, password: &str) -> bool {
        let known = user == Proxy::USER && password == Proxy::PASSWORD;
        if !known {
            self.strangers.fetch_add(1, Ordering::SeqCst);
        }
        known
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // How long it takes to notice that it shall stop.
    socket2::SockRef::from(&listener).set_read_timeout(Some(Duration::from_millis(100)))?;
    Ok(listener)
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.stop.load(Ordering::SeqCst) {
        let Ok((client, _)) = listener.accept() else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            answer(client, &shared).ok(); // whoever asked sees the connection end
        });
    }
}

fn answer(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let mut first = [0];
    client.peek(&mut first)?;
    let server = match first {
        [5] => socks(&mut client, shared)?,
        _ => connect(&mut client, shared)?,
    };
    let Some(server) = server else { return Ok(()) };
    client.set_read_timeout(None)?;
    shared.tunnels().extend([client.try_clone()?, server.try_clone()?]);
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        io::copy(&mut from_client, &mut to_server).ok();
        to_server.shutdown(Shutdown::Write).ok(); // the other side may be gone
    });
    let (mut from_server, mut to_client) = (server, client);
    io::copy(&mut from_server, &mut to_client).ok();
    to_client.shutdown(Shutdown::Write).ok(); // likewise
    up.join().ok();
    Ok(())
}

/// Answers who asks over HTTP; the other end of the tunnel, if there is one.
fn connect(client: &mut TcpStream, shared: &Shared) -> io::Result<Option<TcpStream>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut say = |line: &str| client.write_all(format!("HTTP/1.1 {line}\r\n\r\n").as_bytes());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authorization").then(|| value.trim().to_owned())
    };
    let login = head.lines().find_map(header).unwrap_or_default();
    let (user, password) = login.strip_prefix("Basic ").and_then(read_login).unwrap_or_default();
    if !shared.is_known(&user, &password) {
        let wants = "Proxy-Authenticate: Basic realm=\"office\"";
        say(&format!("407 Proxy Authentication Required\r\n{wants}"))?;
        return Ok(None);
    }
    let mut words = head.split(' ');
    let (Some("CONNECT"), Some(target)) = (words.next(), words.next()) else {
        say("403 Forbidden")?;
        return Ok(None);
    };
    match shared.reach(target) {
        Ok(server) => {
            shared.http.fetch_add(1, Ordering::SeqCst);
            say("200 Connection established")?;
            Ok(Some(server))
        }
        Err(_) => {
            say("502 Bad Gateway")?;
            Ok(None)
        }
    }
}

fn read_login(text: &str) -> Option<(String, String)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// Answers who asks over SOCKS; the other end of the tunnel, if there is one.
fn socks(client: &mut TcpStream, shared: &Shared) -> io::Result<Option<TcpStream>> {
    const PASSWORD: u8 = 2;
    let [_version, count] = bytes(client)?;
    if !text(client, count)?.as_bytes().contains(&PASSWORD) {
        shared.strangers.fetch_add(1, Ordering::SeqCst);
        client.write_all(&[5, 0xff])?;
        return Ok(None);
    }
    client.write_all(&[5, PASSWORD])?;
    let [_version, length] = bytes(client)?;
    let user = text(client, length)?;
    let [length] = bytes(client)?;
    let password = text(client, length)?;
    if !shared.is_known(&user, &password) {
        client.write_all(&[1, 1])?;
        return Ok(None);
    }
    client.write_all(&[1, 0])?;
    let [_version, command, _reserved, kind] = bytes(client)?;
    let host = match kind {
        1 => Ipv4Addr::from(bytes(client)?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(bytes::<16>(client)?)),
        _ => {
            let [length] = bytes(client)?;
            text(client, length)?
        }
    };
    let port = u16::from_be_bytes(bytes(client)?);
    let reached = match command {
        1 => shared.reach(&format!("{host}:{port}")).map_err(|_| 4),
        _ => Err(7),
    };
    let code = reached.as_ref().err().copied().unwrap_or(0);
    client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0])?;
    if reached.is_ok() {
        shared.socks.fetch_add(1, Ordering::SeqCst);
    }
    Ok(reached.ok())
}

fn bytes<const COUNT: usize>(client: &mut TcpStream) -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(client: &mut TcpStream, length: u8) -> io::Result<String> {
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// How long it waits for words, and for those whom it connects to.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than anybody asks with.
const HEAD_BYTES_MAX: usize = 16 * 1024;
