//! The other programs, each set up as its manual says and with its exact commands.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net,
    process::{Process, run, wait_until},
};

use crate::{
    group::{Group, RUN_LIMIT, Sample},
    syncthing::Syncthing,
};

/// A program that copies; its server runs as long as this lives.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Ends before its group goes.
    server: Option<Process>,
    syncthing: Option<Syncthing>,
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    kind: Kind,
    place: Place,
    port: u16,
    folder: PathBuf,
}

/// Where both ends are.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The namespace of the end that sends; none for this computer.
    pub(crate) near: Option<String>,
    /// That of the end that receives.
    pub(crate) far: Option<String>,
    /// Where the sender finds the receiver.
    pub(crate) address: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cp,
    Rsyncd,
    RsyncSsh,
    Scp,
    Rclone,
    GridFtp,
    GridFtpPrivate,
    Syncthing,
    Sendme,
}

/// What is asked of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) source: &'a Path,
    pub(crate) destination: &'a Path,
    /// Whether much of it is there already.
    pub(crate) again: bool,
}

/// All programs, by the names that the command line knows them by.
pub(crate) const PEERS: [&str; 9] = [
    "cp",
    "rsyncd",
    "rsync-ssh",
    "scp",
    "rclone",
    "gridftp",
    "gridftp-private",
    "syncthing",
    "sendme",
];

impl Peer {
    /// Sets a program up; its files go below `folder`.
    pub(crate) fn start(name: &str, folder: &Path, place: &Place) -> Result<Self> {
        let (kind, name) = match name {
            "cp" => (Kind::Cp, "cp (no network)"),
            "rsyncd" => (Kind::Rsyncd, "rsyncd (not encrypted)"),
            "rsync-ssh" => (Kind::RsyncSsh, "rsync over ssh"),
            "scp" => (Kind::Scp, "scp"),
            "rclone" => (Kind::Rclone, "rclone over sftp"),
            "gridftp" => (Kind::GridFtp, "GridFTP (not encrypted, not verified)"),
            "gridftp-private" => (Kind::GridFtpPrivate, "GridFTP, encrypted (not verified)"),
            "syncthing" => (Kind::Syncthing, "Syncthing"),
            "sendme" => (Kind::Sendme, "sendme"),
            other => anyhow::bail!("no program `{other}`; there are {}", PEERS.join(", ")),
        };
        let folder = folder.join(format!("{kind:?}").to_lowercase());
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let group = Group::new(&format!("{kind:?}"))?;
        let port = free_port()?;
        let syncthing = (kind == Kind::Syncthing)
            .then(|| Syncthing::start(&folder, place, &group))
            .transpose()?;
        let place = place.clone();
        let mut peer = Self { name, group, kind, place, port, folder, server: None, syncthing };
        if let Some(server) = peer.serving()? {
            let log = peer.folder.join("log");
            let command = inside(peer.place.far.as_deref(), &server);
            peer.server = Some(Process::start(name, &mut peer.group.command(&command), &log)?);
            peer.wait_listening()?;
        }
        Ok(peer)
    }

    /// Whether it knows what is there already.
    pub(crate) fn repeats(&self) -> bool {
        match self.kind {
            Kind::Rsyncd | Kind::RsyncSsh | Kind::Rclone | Kind::Syncthing => true,
            Kind::Cp | Kind::Scp | Kind::GridFtp | Kind::GridFtpPrivate | Kind::Sendme => false,
        }
    }

    fn serving(&self) -> Result<Option<Command>> {
        let Self { folder, port, place, .. } = self;
        let mut command;
        match self.kind {
            Kind::Cp | Kind::Syncthing | Kind::Sendme => return Ok(None),
            Kind::Rsyncd => {
                let config = folder.join("rsyncd.conf");
                let module = "uid = 0\ngid = 0\nuse chroot = no\n[all]\npath = /\nread only = no\n";
                fs::write(&config, module)?;
                command = Command::new("rsync");
                command.args(["--daemon", "--no-detach"]).arg(format!("--port={port}"));
                command.arg(format!("--address={}", place.address));
                command.arg(format!("--config={}", config.display()));
            }
            Kind::RsyncSsh | Kind::Scp | Kind::Rclone => {
                for key in ["host", "user"] {
                    let mut make = Command::new("ssh-keygen");
                    make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key));
                    done(&mut make)?;
                }
                fs::copy(folder.join("user.pub"), folder.join("authorized"))?;
                fs::create_dir_all("/run/sshd")?; // it does not start without
                command = Command::new("/usr/sbin/sshd");
                command.args(["-D", "-e", "-f", "/dev/null", "-o", "StrictModes=no"]);
                command.args(["-o", "Subsystem=sftp internal-sftp", "-o", "PidFile=none"]);
                command.args(["-o", "PermitRootLogin=yes", "-o", "UsePAM=no"]);
                command.args(["-o", &format!("ListenAddress={}:{port}", place.address)]);
                command.arg("-h").arg(folder.join("host"));
                let keys = folder.join("authorized");
                command.args(["-o", &format!("AuthorizedKeysFile={}", keys.display())]);
            }
            Kind::GridFtp => {
                command = Command::new("globus-gridftp-server");
                command.args([
                    "-aa",
                    "-anonymous-user",
                    "root",
                    "-allow-root",
                    "-p",
                    &port.to_string(),
                ]);
                command.args(["-data-interface", &place.address]);
            }
            Kind::GridFtpPrivate => {
                self.make_certificates()?;
                command = Command::new("globus-gridftp-server");
                command.args(["-allow-root", "-p", &port.to_string()]);
                command.args(["-data-interface", &place.address]);
                self.show_certificates(&mut command);
                command.env("GRIDMAP", folder.join("gridmap"));
            }
        }
        Ok(Some(command))
    }

    /// Copies, and measures it and all that works for it.
    pub(crate) fn measure(&self, job: Job<'_>, patience: Option<Duration>) -> Result<Sample> {
        if let Some(syncthing) = &self.syncthing {
            let shared = syncthing.prepare(job)?;
            let limit = patience.unwrap_or(RUN_LIMIT);
            return self.group.measure_work(|| syncthing.copy(&shared, job, limit));
        }
        let mut command = self.copy(job);
        if let Some(patience) = patience {
            command = limited(&command, patience);
        }
        self.group.measure(&command)
    }

    /// The command that copies.
    fn copy(&self, job: Job<'_>) -> Command {
        let Self { folder, port, place, .. } = self;
        let Job { source, destination, .. } = job;
        let is_tree = source.is_dir();
        let inner = if is_tree { "/" } else { "" };
        let from = format!("{}{inner}", source.display());
        let ssh = format!(
            "ssh -p {port} -i {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            folder.join("user").display()
        );
        let mut command;
        match self.kind {
            Kind::Cp => {
                command = Command::new("cp");
                command.arg("-a").arg(source).arg(destination);
            }
            Kind::Rsyncd => {
                command = Command::new("rsync");
                command.args(["-a", "-W", &from]);
                let to = destination.display();
                command.arg(format!("rsync://{}:{port}/all{to}{inner}", place.address));
            }
            Kind::RsyncSsh => {
                command = Command::new("rsync");
                command.args(["-a", "-W", "-e", &ssh, &from]);
                command.arg(format!("{}:{}{inner}", place.address, destination.display()));
            }
            Kind::Scp => {
                command = Command::new("scp");
                command.args(["-q", "-r", "-p", "-P", &port.to_string(), "-i"]);
                command.arg(folder.join("user")).args(["-o", "StrictHostKeyChecking=no"]);
                command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]);
                command.arg(source).arg(format!("{}:{}", place.address, destination.display()));
            }
            Kind::Rclone => {
                command = Command::new("rclone");
                command.args(["--config", "/dev/null", if is_tree { "copy" } else { "copyto" }]);
                command.args(["--transfers", "8", "--checkers", "16"]);
                // Its hashes are made by a command over ssh for each file: many minutes.
                command.arg("--sftp-disable-hashcheck");
                let key = folder.join("user");
                let remote = format!(
                    ":sftp,host={},port={port},user=root,key_file={}:{}",
                    place.address,
                    key.display(),
                    destination.display()
                );
                command.arg(source).arg(remote);
            }
            Kind::GridFtp | Kind::GridFtpPrivate => {
                command = Command::new("globus-url-copy");
                command.args(["-q", "-p", "4", "-fast"]);
                if is_tree {
                    command.args(["-r", "-cd", "-cc", "4"]);
                }
                let scheme = if self.kind == Kind::GridFtp { "ftp" } else { "gsiftp" };
                if self.kind == Kind::GridFtpPrivate {
                    command.args(["-dcpriv", "-s", SUBJECT]);
                    self.show_certificates(&mut command);
                }
                command.arg(format!("file://{from}"));
                let to = destination.display();
                command.arg(format!("{scheme}://{}:{port}{to}{inner}", place.address));
            }
            Kind::Syncthing => unreachable!("it is told what to do, and runs on"),
            // Its two ends are on two hosts, and the one needs what the other prints.
            Kind::Sendme => return self.send_and_receive(job),
        }
        inside(place.near.as_deref(), &command)
    }

    /// What two people type, the second after the first has read out the ticket. The sender would serve
    /// it to more of them, so it is ended.
    fn send_and_receive(&self, Job { source, destination, .. }: Job<'_>) -> Command {
        let host = |host: &Option<String>| match host {
            Some(host) => format!("ip netns exec {host}"),
            None => String::new(),
        };
        let mut command = Command::new("bash");
        if self.place.near.is_none() {
            // In a network with nothing but loopback, so that it looks for no router.
            command = Command::new("unshare");
            command.args(["--net", "bash"]);
        }
        command.arg("-c").arg(SEND_AND_RECEIVE).arg("sendme").arg(source).arg(destination);
        command.arg(&self.folder).arg(host(&self.place.near)).arg(host(&self.place.far));
        command
    }

    fn wait_listening(&self) -> Result<()> {
        let port = format!(":{}", self.port);
        let mut look = Command::new("ss");
        look.args(["-Hltn", "sport", "=", &port]);
        let mut look = inside(self.place.far.as_deref(), &look);
        wait_until(STARTUP, || {
            Ok((!run(&mut look, STARTUP)?.stdout.trim().is_empty()).then_some(()))
        })
        .with_context(|| {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            format!("{} does not listen:\n{log}", self.name)
        })
    }

    /// An authority of our own, and one certificate that both ends show each other.
    fn make_certificates(&self) -> Result<()> {
        let at = |name: &str| self.folder.join(name);
        let openssl = |words: &str| {
            let mut command = Command::new("openssl");
            command.args(words.split_whitespace()).current_dir(&self.folder);
            done(&mut command)
        };
        openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /O=Bench/CN=CA",
        )?;
        openssl(
            "req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /O=Bench/CN=end",
        )?;
        openssl(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out cert.pem",
        )?;
        let hash = openssl("x509 -in ca.pem -noout -hash")?.trim().to_owned();
        fs::create_dir_all(at("trusted"))?;
        fs::copy(at("ca.pem"), at("trusted").join(format!("{hash}.0")))?;
        let policy = "access_id_CA X509 '/O=Bench/CN=CA'\npos_rights globus CA:sign\ncond_subjects globus '\"/O=Bench/*\"'\n";
        fs::write(at("trusted").join(format!("{hash}.signing_policy")), policy)?;
        fs::write(at("gridmap"), format!("\"{SUBJECT}\" root\n"))?;
        fs::set_permissions(at("key.pem"), fs::Permissions::from_mode(0o400))?;
        Ok(())
    }

    fn show_certificates(&self, command: &mut Command) {
        command.env("X509_USER_CERT", self.folder.join("cert.pem"));
        command.env("X509_USER_KEY", self.folder.join("key.pem"));
        command.env("X509_CERT_DIR", self.folder.join("trusted"));
    }
}

/// The command in a namespace, if it belongs into one.
pub(crate) fn inside(host: Option<&str>, command: &Command) -> Command {
    let mut there = match host {
        Some(host) => net::inside(host, Path::new(command.get_program())),
        None => Command::new(command.get_program()),
    };
    there.args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            there.env(name, value);
        }
    }
    there
}

fn limited(command: &Command, patience: Duration) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg(patience.as_secs().to_string()).arg(command.get_program());
    limited.args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            limited.env(name, value);
        }
    }
    limited
}

fn done(command: &mut Command) -> Result<String> {
    let finished = run(command, STARTUP)?;
    ensure!(finished.code == Some(0), "{command:?} failed: {}", finished.stderr);
    Ok(finished.stdout)
}

/// A port that nobody has at the moment: these servers take none of their own choice.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// `sendme` without its makers' relays and name servers. The ticket has the sender's addresses, and what
/// was received lies under its own name where the receiver was started.
const SEND_AND_RECEIVE: &str = r#"
set -e
source=$1 destination=$2 folder=$3 near=$4 far=$5
[ "$near" ] || ip link set lo up
work=$(mktemp -d -p "$folder")
mkdir "$work/near" "$work/far"
mkfifo "$work/said"
alone="--relay disabled --no-progress"
cd "$work/near"
$near sendme send $alone --ticket-type addresses "$source" > "$work/said" &
trap 'kill -INT $! && wait $! || true; rm -rf "$work"' EXIT
exec 3< "$work/said"
until [[ $line = "sendme receive "* ]]; do read -r line <&3; done
cd "$work/far"
$far sendme receive $alone "${line##* }"
mv "$(basename "$source")" "$destination"
"#;

const SUBJECT: &str = "/O=Bench/CN=end";
const STARTUP: Duration = Duration::from_secs(20);
