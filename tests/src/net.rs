//! Small networks of our own: hosts in network namespaces, joined by one slow or fast wire, or by an
//! internet with routers that translate addresses.
//!
//! Everything made here has a name that no other run uses, and goes away when dropped.

mod rules;

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd as _,
    path::Path,
    process::Command,
    sync::{
        atomic::{AtomicU16, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::sched::{CloneFlags, setns};
use socket2::SockRef;
use tempfile::TempDir;

use crate::process::{Process, run, wait_until};

/// Two namespaces joined by a wire; left is 10.213.0.1, right is 10.213.0.2.
#[derive(Debug)]
pub struct Wire {
    left: String,
    right: String,
}

impl Wire {
    /// Whether this process may make namespaces.
    pub fn possible() -> bool {
        cfg!(target_os = "linux") && rustix::process::geteuid().is_root()
    }

    /// Makes the two hosts and the wire.
    ///
    /// # Errors
    /// When the system's `ip` refuses.
    pub fn lay() -> Result<Self> {
        let id = format!("{:08x}", fastrand::u32(..));
        let wire = Self { left: format!("op{id}l"), right: format!("op{id}r") };
        sh(&["ip", "netns", "add", &wire.left])?;
        sh(&["ip", "netns", "add", &wire.right])?;
        let (l, r) = (wire.left.as_str(), wire.right.as_str());
        sh(&[
            "ip", "-n", l, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns",
            r,
        ])?;
        for (host, address) in [(l, Self::LEFT), (r, Self::RIGHT)] {
            sh(&["ip", "-n", host, "addr", "add", &format!("{address}/24"), "dev", "wire"])?;
            sh(&["ip", "-n", host, "link", "set", "wire", "mtu", "9000", "up"])?;
            sh(&["ip", "-n", host, "link", "set", "lo", "up"])?;
        }
        Ok(wire)
    }

    /// Holds what both ends send to `rate`, as `tc` spells it. What waited at another rate is lost.
    ///
    /// # Errors
    /// When the system's `tc` refuses.
    pub fn limit(&self, rate: &str) -> Result<()> {
        limit(&self.left, "wire", rate)?;
        limit(&self.right, "wire", rate)
    }

    /// The name of the left host's namespace.
    pub fn left(&self) -> &str {
        &self.left
    }

    /// The name of the right host's namespace.
    pub fn right(&self) -> &str {
        &self.right
    }

    /// Bytes that the right host has sent and received on the wire.
    ///
    /// # Errors
    /// When the counters cannot be read.
    pub fn right_bytes(&self) -> Result<(u64, u64)> {
        let counter = |name: &str| -> Result<u64> {
            let file = format!("/sys/class/net/wire/statistics/{name}");
            let mut command = inside(&self.right, "cat".as_ref());
            let read = run(command.arg(file), LIMIT)?;
            read.stdout.trim().parse().with_context(|| read.stderr)
        };
        Ok((counter("tx_bytes")?, counter("rx_bytes")?))
    }

    /// Drops without a word what the right host says and hears over TCP on `port`, as a router does
    /// that forgot a connection.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn forget(&self, port: u16) -> Result<()> {
        nft(
            &self.right,
            &format!(
                "table ip forgets {{
                    chain said {{ type filter hook output priority filter; tcp sport {port} drop; }}
                    chain heard {{ type filter hook input priority filter; tcp dport {port} drop; }}
                }}"
            ),
        )
    }

    /// Does so to all that the two hosts say to each other over TCP, but with the hub on `port`.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn spoil_tcp(&self, how: Spoilt, port: u16) -> Result<()> {
        let verdict = match how {
            // What tells the two passes itself.
            Spoilt::Cut => "tcp flags & rst == 0 reject with tcp reset",
            Spoilt::Silent => "drop",
            Spoilt::OnlySmall => "ip length 200-65535 drop",
        };
        nft(
            &self.right,
            &format!(
                "table ip spoils {{
                    chain said {{
                        type filter hook output priority filter;
                        meta l4proto tcp tcp dport != {port} {verdict};
                    }}
                    chain heard {{
                        type filter hook input priority filter;
                        meta l4proto tcp tcp sport != {port} {verdict};
                    }}
                }}"
            ),
        )
    }

    /// Gives the right host another address in the place of the one that it had.
    ///
    /// # Errors
    /// When the system's `ip` refuses.
    pub fn move_right(&self) -> Result<()> {
        let r = self.right.as_str();
        for (act, address) in [("del", Self::RIGHT), ("add", Self::RIGHT_LATER)] {
            sh(&["ip", "-n", r, "addr", act, &format!("{address}/24"), "dev", "wire"])?;
        }
        Ok(())
    }

    /// Has the right host keep its address and reach the left one, but as one that is in no network
    /// with it.
    ///
    /// # Errors
    /// When the system's `ip` refuses.
    pub fn right_leaves_network(&self) -> Result<()> {
        let r = self.right.as_str();
        sh(&["ip", "-n", r, "addr", "add", Self::RIGHT, "dev", "wire"])?;
        sh(&["ip", "-n", r, "addr", "del", &format!("{}/24", Self::RIGHT), "dev", "wire"])?;
        sh(&["ip", "-n", r, "route", "add", Self::LEFT, "dev", "wire"])
    }

    /// Undoes that.
    ///
    /// # Errors
    /// When the system's `ip` refuses.
    pub fn right_comes_back(&self) -> Result<()> {
        let r = self.right.as_str();
        sh(&["ip", "-n", r, "addr", "add", &format!("{}/24", Self::RIGHT), "dev", "wire"])
    }

    /// The local ports of the TCP connections that the right host has to a port of the left one.
    ///
    /// # Errors
    /// When the system's `ss` refuses.
    pub fn ports_to_left(&self, port: u16) -> Result<Vec<u16>> {
        let mut command = inside(&self.right, "ss".as_ref());
        let to = format!("{}:{port}", Self::LEFT);
        command.args(["-Htn", "state", "established", "dst", &to]);
        let found = run(&mut command, LIMIT)?;
        let port = |line: &str| line.split_whitespace().nth(2)?.rsplit(':').next()?.parse().ok();
        Ok(found.stdout.lines().filter_map(port).collect())
    }

    /// What listens for TCP connections on the right host.
    ///
    /// # Errors
    /// When the system's `ss` refuses.
    pub fn listeners_right(&self) -> Result<String> {
        Ok(run(inside(&self.right, "ss".as_ref()).arg("-Hltn"), LIMIT)?.stdout)
    }

    /// The left host's address.
    pub const LEFT: &str = "10.213.0.1";
    /// The right host's address.
    pub const RIGHT: &str = "10.213.0.2";
    /// What [`Wire::move_right`] makes of it: in the same network, so that only the address changes.
    pub const RIGHT_LATER: &str = "10.213.0.3";
}

impl Drop for Wire {
    fn drop(&mut self) {
        for host in [&self.left, &self.right] {
            sh(&["ip", "netns", "delete", host]).ok(); // half-made wires have only one host
        }
    }
}

/// What becomes of TCP on a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// Every connection is cut, and none comes up.
    Cut,
    /// Nothing gets through, and nobody is told.
    Silent,
    /// Only small packets get through.
    OnlySmall,
}

/// How a computer is joined to an [`Internet`]; with IPv4 alone, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// With a public address; it lets everybody in.
    Public,
    /// With a public address; it lets nothing in that it did not ask for.
    Firewalled,
    /// In a private network, behind a router that translates addresses and lets nothing in.
    Translated,
    /// The same with a router that gives every connection another port, so that an address that one
    /// host saw is of no use to another (a symmetric NAT).
    Scrambled,
    /// The same with a router that lets everybody in to a port that was ever used (a full cone).
    Open,
    /// The same as [`Joined::Translated`], and no UDP gets out either.
    Walled,
    /// In a private network, behind a router that lets nothing out, but for what the proxy that runs
    /// on it connects to.
    Proxied,
    /// With IPv6 alone, behind a router that lets nothing in that was not asked for.
    Ipv6Only,
    /// The same with a translator on the router (NAT64), by which it reaches IPv4 too. The network's
    /// DNS knows no other way to the hub.
    Nat64,
}

impl Joined {
    fn has_ipv4(self) -> bool {
        self != Self::Ipv6Only
    }

    fn has_ipv6(self) -> bool {
        matches!(self, Self::Ipv6Only | Self::Nat64)
    }
}

/// A hub's host, which is also the internet between the others: it forwards between their networks
/// and knows no private address. Everybody knows it by one name, and it has an address of each family.
#[derive(Debug)]
pub struct Internet {
    id: String,
    hub: String,
    homes: Vec<String>,
    /// Where the proxy of each computer runs that has no other way out.
    proxies: Vec<Option<(String, SocketAddr)>>,
    /// They have their host's network device, so they go first.
    translators: Vec<Process>,
    all: Vec<String>,
    dir: TempDir,
}

impl Internet {
    /// The name of the hub's host.
    pub const NAME: &str = "hub.outport.test";
    /// Its addresses. Those of IPv4 look public here, as neither routers nor agents take private ones for
    /// an internet.
    pub const HUB: [&str; 2] = ["11.213.255.1", "2001:db8::1"];

    /// Whether there is a translator for [`Joined::Nat64`].
    pub fn translates() -> bool {
        run(Command::new("tayga").arg("--help"), LIMIT).is_ok()
    }

    /// Joins a hub and computers.
    ///
    /// # Errors
    /// When the system's `ip` or `nft`, or the translator, refuses.
    pub fn lay(homes: &[Joined]) -> Result<Self> {
        let id = format!("{:08x}", fastrand::u32(..));
        let hub = format!("op{id}hub");
        let mut net = Self {
            id,
            hub: hub.clone(),
            homes: Vec::new(),
            proxies: Vec::new(),
            translators: Vec::new(),
            all: Vec::new(),
            dir: tempfile::Builder::new().prefix("outport-internet-").tempdir()?,
        };
        net.add_host(&hub)?;
        forward(&hub)?;
        for address in Self::HUB {
            sh(&["ip", "-n", &hub, "addr", "add", address, "dev", "lo"])?;
        }
        for (n, joined) in (1_u8..).zip(homes) {
            net.add_home(n, *joined)?;
        }
        Ok(net)
    }

    fn add_home(&mut self, n: u8, joined: Joined) -> Result<()> {
        let (edge, home) = (format!("op{}edge{n}", self.id), format!("op{}home{n}", self.id));
        self.add_host(&edge)?;
        let near = format!("to{n}");
        cable((&self.hub, &near), (&edge, "out"))?;
        if joined.has_ipv4() {
            let public = format!("11.213.{n}");
            lead(
                (&self.hub, &near, &format!("{public}.1")),
                (&edge, "out", &format!("{public}.2")),
            )?;
        }
        if joined.has_ipv6() {
            let public = format!("2001:db8:0:{n}:");
            lead(
                (&self.hub, &near, &format!("{public}:1")),
                (&edge, "out", &format!("{public}:2")),
            )?;
        }
        let private = |host: u8| match joined.has_ipv6() {
            true => format!("2001:db8:{n}::{host}"),
            false => format!("192.168.{n}.{host}"),
        };
        let known = Self::HUB.map(|address| (address, Self::NAME));
        let proxy = SocketAddr::from(([192, 168, n, 1], PROXY_PORT));
        let has_proxy = joined == Joined::Proxied;
        self.proxies.push(has_proxy.then(|| (edge.clone(), proxy)));
        if matches!(joined, Joined::Public | Joined::Firewalled) {
            if joined == Joined::Firewalled {
                nft(&edge, rules::FIREWALL)?;
            }
            names(&edge, &known)?;
            self.homes.push(edge);
            return Ok(());
        }
        self.add_host(&home)?;
        cable((&edge, "in"), (&home, "out"))?;
        lead((&edge, "in", &private(1)), (&home, "out", &private(2)))?;
        if joined == Joined::Nat64 {
            self.translate(n, &edge, &private(2))?;
            let known = TRANSLATED_NAMES.map(|(ip, name)| (format!("{TRANSLATED}{ip}"), name));
            names(&home, &known.each_ref().map(|(address, name)| (address.as_str(), *name)))?;
        } else {
            names(&home, &known)?;
        }
        if joined.has_ipv6() {
            let network = format!("{}/64", private(0));
            let router = format!("2001:db8:0:{n}::2");
            sh(&["ip", "-n", &self.hub, "route", "add", &network, "via", &router])?;
        }
        route_as(&edge, joined, &private(2))?;
        self.homes.push(home);
        Ok(())
    }

    /// Starts a translator between IPv6 and IPv4 on a router, for the one computer behind.
    fn translate(&mut self, n: u8, edge: &str, home: &str) -> Result<()> {
        let (settings, log) =
            (self.dir.path().join(format!("{n}.conf")), self.dir.path().join("log"));
        let text = format!(
            "tun-device nat64\nipv4-addr 192.168.64.1\nprefix {TRANSLATED}/96\nmap 192.168.64.2 {home}\n"
        );
        fs::write(&settings, text)?;
        let mut command = inside(edge, "tayga".as_ref());
        command.arg("--nodetach").arg("--config").arg(&settings);
        command.arg("--pidfile").arg(settings.with_extension("pid"));
        let mut translator = Process::start("tayga", &mut command, &log)?;
        wait_until(LIMIT, || {
            ensure!(translator.runs()?, "tayga ended: {}", translator.printed());
            Ok(sh(&["ip", "-n", edge, "link", "set", "nat64", "up"]).ok())
        })?;
        self.translators.push(translator);
        for network in ["192.168.64.0/24", &format!("{TRANSLATED}/96")] {
            sh(&["ip", "-n", edge, "route", "add", network, "dev", "nat64"])?;
        }
        Ok(())
    }

    /// Where everybody reaches the network of the computer at `place`.
    pub fn public(place: usize) -> String {
        format!("11.213.{}.2", place + 1)
    }

    /// Holds what each computer sends to `rate`, as `tc` spells it. What waited at another rate is
    /// lost.
    ///
    /// # Errors
    /// When the system's `tc` refuses.
    pub fn limit(&self, rate: &str) -> Result<()> {
        self.homes.iter().try_for_each(|home| limit(home, "out", rate))
    }

    /// The same with what their routers send: TCP does not fill a queue of its own computer.
    ///
    /// # Errors
    /// When the system's `tc` refuses, or a computer has no router.
    pub fn limit_routers(&self, rate: &str) -> Result<()> {
        (0..self.homes.len()).try_for_each(|place| limit(&self.router_of(place)?, "out", rate))
    }

    /// From now on no UDP gets out of the network of the computer at `place`, or in.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn wall_in(&self, place: usize) -> Result<()> {
        nft(&self.router_of(place)?, rules::WALL)
    }

    /// UDP gets out of the network of the computer at `place` again.
    ///
    /// # Errors
    /// When the system's `nft` refuses, as there is no wall.
    pub fn open_wall(&self, place: usize) -> Result<()> {
        nft(&self.router_of(place)?, "delete table inet wall")
    }

    /// Has the router of the computer at `place` lead whatever comes to a UDP port there, as its owner
    /// may set it by hand.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn forward(&self, place: usize, port: u16) -> Result<()> {
        let home = format!("192.168.{}.2", place + 1);
        nft(&self.router_of(place)?, &rules::forwarding(&home, port))
    }

    /// Counts from now on what the computer at `place` asks routers for, in whatever way.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn count_questions(&self, place: usize) -> Result<()> {
        nft(&self.router_of(place)?, rules::QUESTIONS)
    }

    /// How many packets of questions were counted.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn questions(&self, place: usize) -> Result<u64> {
        let mut command = inside(&self.router_of(place)?, "nft".as_ref());
        let listed = run(command.args(["list", "table", "ip", "questions"]), LIMIT)?.stdout;
        let count = listed
            .split_once("counter packets ")
            .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
        count.context(listed)
    }

    /// The namespace of the router of the computer at `place`, whose two sides are `in` and `out`.
    ///
    /// # Errors
    /// When there is no such computer.
    pub fn router_of(&self, place: usize) -> Result<String> {
        let home = self.homes.get(place).context("there is such a computer")?;
        Ok(home.replace("home", "edge"))
    }

    /// Gives the computer at `place` an IPv6 address and a router that says where to send to, and swallows
    /// what is sent.
    ///
    /// # Errors
    /// When the system's `ip` or `nft` refuses.
    pub fn lead_ipv6_nowhere(&self, place: usize) -> Result<()> {
        let (edge, home) = (self.router_of(place)?, &self.homes[place]);
        lead((&edge, "in", "2001:db8:dead::1"), (home, "out", "2001:db8:dead::2"))?;
        nft(&edge, rules::SWALLOW)
    }

    /// Plugs a cable of its own between the first two computers, that carries `rate` each way; they are
    /// in one network then.
    ///
    /// # Errors
    /// When the system's `ip` or `tc` refuses.
    pub fn plug(&self, rate: &str) -> Result<()> {
        let [first, second, ..] = &self.homes[..] else { bail!("there are two computers") };
        let ends = [(first, "172.20.0.1"), (second, "172.20.0.2")];
        cable((first, "cable"), (second, "cable"))?;
        for (home, address) in ends {
            plug((home, "cable", address))?;
            limit(home, "cable", rate)?;
        }
        Ok(())
    }

    /// Sends so many bytes from the first computer to the second one over plain TCP, by the hub's host
    /// as both connect outward; how many went through a second. With Cubic, as most systems.
    ///
    /// # Errors
    /// When a connection breaks or takes too long.
    pub fn plain_tcp(&self, bytes: u64) -> Result<f64> {
        let [first, second, ..] = &self.homes[..] else { bail!("there are two computers") };
        let (tell, told) = mpsc::channel();
        let middle = on_host(&self.hub, move || {
            let listener = TcpListener::bind((Self::HUB[0], 0))?;
            SockRef::from(&listener).set_tcp_congestion(b"cubic")?;
            let address = listener.local_addr()?;
            tell.send(address).ok();
            tell.send(address).ok();
            let (mut one, mut other) = (listener.accept()?.0, listener.accept()?.0);
            // The first byte of each says whether it sends.
            let mut words = [[0], [0]];
            one.read_exact(&mut words[0])?;
            other.read_exact(&mut words[1])?;
            match words {
                [[b's'], _] => io::copy(&mut one, &mut other)?,
                _ => io::copy(&mut other, &mut one)?,
            };
            Ok(0.0)
        })?;
        let address = told.recv_timeout(LIMIT)?;
        let receiver = on_host(second, move || {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(b"r")?;
            stream.read_exact(&mut [0])?;
            let began = Instant::now();
            let came = io::copy(&mut stream, &mut io::sink())?;
            if came + 1 != bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(came as f64 / began.elapsed().as_secs_f64())
        })?;
        let sender = on_host(first, move || {
            let mut stream = TcpStream::connect(address)?;
            SockRef::from(&stream).set_tcp_congestion(b"cubic")?;
            stream.write_all(b"s")?;
            io::copy(&mut io::repeat(b'x').take(bytes), &mut stream)?;
            Ok(0.0)
        })?;
        let mut rate = 0.0;
        for side in [sender, middle, receiver] {
            rate = side.join().map_err(|_| anyhow!("a side panicked"))??;
        }
        Ok(rate)
    }

    /// From now on packets of more than so many bytes do not get out of the network of the computer at
    /// `place`.
    ///
    /// # Errors
    /// When the system's `ip` refuses.
    pub fn narrow(&self, place: usize, bytes: u16) -> Result<()> {
        let edge = self.homes.get(place).context("there is such a computer")?;
        let edge = edge.replace("home", "edge");
        sh(&["ip", "-n", &edge, "link", "set", "out", "mtu", &bytes.to_string()])
    }

    /// The namespace of the hub's host.
    pub fn hub(&self) -> &str {
        &self.hub
    }

    /// Bytes that came to the computer at `place`.
    ///
    /// # Errors
    /// When the counter cannot be read.
    pub fn bytes_to(&self, place: usize) -> Result<u64> {
        let home = self.homes.get(place).context("there is such a computer")?;
        let mut command = inside(home, "cat".as_ref());
        let read = run(command.arg("/sys/class/net/out/statistics/rx_bytes"), LIMIT)?;
        read.stdout.trim().parse().with_context(|| read.stderr)
    }

    /// The namespaces of the computers, in order.
    pub fn homes(&self) -> &[String] {
        &self.homes
    }

    /// Where the proxy of a computer has to run, and under which address the computer reaches it;
    /// nothing for one with another way out.
    pub fn proxy_of(&self, home: usize) -> Option<(&str, SocketAddr)> {
        let (host, place) = self.proxies.get(home)?.as_ref()?;
        Some((host, *place))
    }

    fn add_host(&mut self, name: &str) -> Result<()> {
        sh(&["ip", "netns", "add", name])?;
        self.all.push(name.to_owned());
        // An address that nobody else can have is used at once.
        set(name, "net/ipv6/conf/default/accept_dad", 0)?;
        sh(&["ip", "-n", name, "link", "set", "lo", "up"])
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.translators.clear();
        for host in &self.all {
            sh(&["ip", "netns", "delete", host]).ok();
            fs::remove_dir_all(Path::new(NAMES).join(host)).ok(); // not every host has names
        }
    }
}

/// Has a router do what makes its kind.
fn route_as(edge: &str, joined: Joined, home: &str) -> Result<()> {
    if joined == Joined::Proxied {
        return nft(edge, &rules::only_the_proxy());
    }
    forward(edge)?;
    nft(edge, rules::FIREWALL)?;
    match joined {
        Joined::Public | Joined::Firewalled | Joined::Proxied | Joined::Ipv6Only => Ok(()),
        Joined::Translated | Joined::Nat64 => nft(edge, rules::TRANSLATION),
        Joined::Scrambled => nft(edge, rules::SCRAMBLING),
        Joined::Open => {
            nft(edge, rules::TRANSLATION)?;
            nft(edge, &rules::openness(home))
        }
        Joined::Walled => {
            nft(edge, rules::TRANSLATION)?;
            nft(edge, rules::WALL)
        }
    }
}

/// Gives both ends of a wire their addresses; the second host reaches everything else of that family
/// through the first.
fn lead(
    (near, near_end, gateway): (&str, &str, &str),
    (far, far_end, address): (&str, &str, &str),
) -> Result<()> {
    plug((near, near_end, gateway))?;
    plug((far, far_end, address))?;
    sh(&["ip", "-n", far, "route", "add", "default", "via", gateway])
}

/// Has a host know addresses by names. Whatever `ip netns exec` runs there sees this file as
/// `/etc/hosts`.
fn names(host: &str, known: &[(&str, &str)]) -> Result<()> {
    let folder = Path::new(NAMES).join(host);
    fs::create_dir_all(&folder)?;
    let local = [("127.0.0.1", "localhost"), ("::1", "localhost")];
    let lines = local.iter().chain(known).map(|(address, name)| format!("{address} {name}\n"));
    Ok(fs::write(folder.join("hosts"), lines.collect::<String>())?)
}

/// Lays a wire between two hosts, each with the name of its end.
fn cable((near, near_end): (&str, &str), (far, far_end): (&str, &str)) -> Result<()> {
    sh(&[
        "ip", "-n", near, "link", "add", near_end, "type", "veth", "peer", "name", far_end,
        "netns", far,
    ])
}

/// Gives a host's end of a wire its address.
fn plug((host, end, address): (&str, &str, &str)) -> Result<()> {
    let bits = if address.contains(':') { 64 } else { 24 };
    sh(&["ip", "-n", host, "addr", "add", &format!("{address}/{bits}"), "dev", end])?;
    sh(&["ip", "-n", host, "link", "set", end, "up"])
}

fn limit(host: &str, end: &str, rate: &str) -> Result<()> {
    // Under another name it is a new queue. An old one would keep what is in it and let it through
    // at the new rate: a tenth of a second of a fast wire is many seconds of a slow one.
    static QUEUES: AtomicU16 = AtomicU16::new(1);
    let name = format!("{:x}:", QUEUES.fetch_add(1, Ordering::Relaxed));
    sh(&[
        "tc", "-n", host, "qdisc", "replace", "dev", end, "root", "handle", &name, "tbf", "rate",
        rate, "burst", "16kb", "latency", "100ms",
    ])
}

fn forward(host: &str) -> Result<()> {
    set(host, "net/ipv4/ip_forward", 1)?;
    set(host, "net/ipv6/conf/all/forwarding", 1)
}

/// Has a host's kernel do something or not.
fn set(host: &str, name: &str, value: u8) -> Result<()> {
    let mut command = inside(host, "sh".as_ref());
    let done = run(command.args(["-c", &format!("echo {value} > /proc/sys/{name}")]), LIMIT)?;
    ensure!(done.code == Some(0), "{host} does not set {name}: {}", done.stderr.trim());
    Ok(())
}

pub(crate) fn nft(host: &str, rules: &str) -> Result<()> {
    let mut command = inside(host, "nft".as_ref());
    let done = run(command.arg(rules), LIMIT)?;
    ensure!(done.code == Some(0), "nft on {host}: {}", done.stderr.trim());
    Ok(())
}

/// Does something on a host.
///
/// # Errors
/// When there is no such host.
pub fn on_host<T: Send + 'static>(
    host: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<JoinHandle<io::Result<T>>> {
    let namespace = File::open(format!("/run/netns/{host}"))?;
    Ok(thread::spawn(move || {
        setns(namespace.as_fd(), CloneFlags::CLONE_NEWNET)?;
        work()
    }))
}

/// A command that runs on a host.
pub fn inside(host: &str, program: &Path) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host]).arg(program);
    command
}

fn sh(words: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = words else { bail!("no command") };
    let done = run(Command::new(program).args(arguments), LIMIT)?;
    if done.code != Some(0) {
        bail!("`{}` failed: {}", words.join(" "), done.stderr.trim());
    }
    Ok(())
}

/// Where `ip netns exec` looks for what a host has in the place of files in `/etc`.
const NAMES: &str = "/etc/netns";
/// In front of an IPv4 address it is the translator's for it; another one than in most networks.
const TRANSLATED: &str = "2001:db8:64:64::";
/// What the DNS behind a translator translates: the hub's name, and the one that all DNS know.
const TRANSLATED_NAMES: [(&str, &str); 2] =
    [(Internet::HUB[0], Internet::NAME), ("192.0.0.170", "ipv4only.arpa")];
/// Where most proxies listen.
const PROXY_PORT: u16 = 3128;
/// The system's tools answer at once or are stuck.
const LIMIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_that_becomes_slow_has_nothing_left_of_when_it_was_fast() -> Result<()> {
        if !Wire::possible() {
            crate::skip("network namespaces need root on Linux");
            return Ok(());
        }
        let wire = Wire::lay()?;
        wire.limit("8mbit")?;
        // Nobody has the address, so that nobody answers that nobody listens.
        let nobody = ["10.213.0.9", "lladdr", "02:00:00:00:00:09", "dev", "wire"];
        sh(&[&["ip", "-n", wire.left(), "neigh", "add"], &nobody[..]].concat())?;
        let mut command = inside(wire.left(), "bash".as_ref());
        let fill = format!("head -c 400000 /dev/zero > /dev/udp/{}/9", nobody[0]);
        run(command.args(["-c", &fill]), LIMIT)?;
        assert!(50_000 < waiting(&wire)?, "the wire is no slower than what is sent");
        wire.limit("1mbit")?;
        assert_eq!(waiting(&wire)?, 0);
        Ok(())
    }

    /// Bytes that the left host has not put on the wire yet.
    fn waiting(wire: &Wire) -> Result<u64> {
        let mut command = Command::new("tc");
        command.args(["-n", wire.left(), "-s", "-j", "qdisc", "show", "dev", "wire"]);
        let shown: serde_json::Value = serde_json::from_str(&run(&mut command, LIMIT)?.stdout)?;
        shown[0]["backlog"].as_u64().context("a queue says how long it is")
    }
}
