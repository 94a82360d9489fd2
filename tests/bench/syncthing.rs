//! Syncthing: two instances that know each other and nobody else, driven over their REST API.
//!
//! Its settings are those that make it fast where nothing else is to be done: it looks for changes
//! when told so, compresses nothing, and keeps its usual priority. What it does for safety it does.

use std::{
    fmt, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use outport_tests::{
    net,
    process::{Process, wait_until},
};
use serde_json::{Value, json};

use crate::{
    data,
    group::Group,
    peers::{Job, Place, free_port, inside},
};

/// Both instances; they end with this.
#[derive(Debug)]
pub(crate) struct Syncthing {
    near: Instance,
    far: Instance,
    folder: PathBuf,
    /// How many folders there were so far.
    shared: AtomicU32,
}

#[derive(Debug)]
struct Instance {
    process: Process,
    host: Option<String>,
    api: SocketAddr,
    device: String,
}

/// A folder that both share, and what is to be in it.
#[derive(Debug)]
pub(crate) struct Shared {
    id: String,
    source: PathBuf,
    destination: PathBuf,
    files: u64,
    is_new: bool,
}

impl Syncthing {
    /// Starts both, and waits until they are connected.
    pub(crate) fn start(folder: &Path, place: &Place, group: &Group) -> Result<Self> {
        let port = free_port()?;
        let listen = format!("tcp://{}:{port}", place.address);
        let near = Instance::start(folder, "near", place.near.as_deref(), "", group)?;
        let far = Instance::start(folder, "far", place.far.as_deref(), &listen, group)?;
        near.meet(&far.device, &listen)?;
        far.meet(&near.device, "dynamic")?;
        let connected = |from: &Instance, to: &Instance| -> Result<bool> {
            let all = from.get("system/connections")?;
            Ok(all["connections"][&to.device]["connected"] == true)
        };
        wait_until(STARTUP, || {
            Ok((connected(&near, &far)? && connected(&far, &near)?).then_some(()))
        })
        .with_context(|| {
            format!("not connected:\n{}{}", near.process.printed(), far.process.printed())
        })?;
        Ok(Self { near, far, folder: folder.to_owned(), shared: AtomicU32::new(0) })
    }

    /// What comes before a run: the folder of the run before is known no more, unless it is filled
    /// `again`. Nothing but directories can be shared, so that a file gets one of its own.
    pub(crate) fn prepare(&self, job: Job<'_>) -> Result<Shared> {
        let before = self.shared.load(Ordering::Relaxed);
        let is_new = !job.again || before == 0;
        if is_new && before != 0 {
            for instance in [&self.near, &self.far] {
                instance.ask("DELETE", &format!("config/folders/{before}"), &Value::Null)?;
            }
        }
        let id = (before + u32::from(is_new)).to_string();
        self.shared.store(before + u32::from(is_new), Ordering::Relaxed);
        let (files, _) = data::size(job.source)?;
        let (source, destination) = if job.source.is_dir() {
            (job.source.to_owned(), job.destination.to_owned())
        } else {
            let [source, destination] = ["from", "to"].map(|side| self.folder.join(side).join(&id));
            fs::create_dir_all(&source)?;
            fs::hard_link(job.source, source.join(ONE))?;
            (source, destination)
        };
        fs::create_dir_all(&destination)?;
        Ok(Shared { id, source, destination, files, is_new })
    }

    /// From nothing known to everything there, as the far side says.
    pub(crate) fn copy(&self, shared: &Shared, job: Job<'_>, limit: Duration) -> Result<()> {
        let Shared { id, source, destination, files, is_new } = shared;
        if *is_new {
            self.far.share(id, destination, "receiveonly", &self.near.device)?;
            self.near.share(id, source, "sendonly", &self.far.device)?;
        } else {
            self.near.ask("POST", &format!("db/scan?folder={id}"), &Value::Null)?;
        }
        let status = format!("db/status?folder={id}");
        wait_until(limit, || {
            let near = self.near.get(&status)?;
            if near["state"] != "idle" || near["localFiles"] != *files {
                return Ok(None);
            }
            let far = self.far.get(&status)?;
            let has_all = ["globalFiles", "globalBytes"].iter().all(|all| far[all] == near[all]);
            let is_there = far["state"] == "idle" && far["needTotalItems"] == 0;
            Ok((has_all && is_there).then_some(()))
        })?;
        if !job.source.is_dir() {
            fs::rename(destination.join(ONE), job.destination)?;
        }
        Ok(())
    }
}

impl Instance {
    fn start(
        folder: &Path,
        name: &str,
        host: Option<&str>,
        listen: &str,
        group: &Group,
    ) -> Result<Self> {
        let home = folder.join(name);
        fs::create_dir_all(&home)?;
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700))?;
        let api = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        fs::write(home.join("config.xml"), config(api, listen))?;
        let mut command = Command::new("syncthing");
        command.arg("serve").arg(format!("--home={}", home.display()));
        command.args(["--no-browser", "--no-restart", "--no-upgrade", "--no-default-folder"]);
        command.env("HOME", &home);
        let command = inside(host, &command);
        let log = folder.join(format!("{name}.log"));
        let process = Process::start("syncthing", &mut group.command(&command), &log)?;
        let host = host.map(str::to_owned);
        let mut started = Self { process, host, api, device: String::new() };
        let device = wait_until(STARTUP, || {
            ensure!(started.process.runs()?, "syncthing ended:\n{}", started.process.printed());
            let status = started.get("system/status").ok();
            Ok(status.and_then(|status| Some(status["myID"].as_str()?.to_owned())))
        });
        started.device = device.context("syncthing does not answer")?;
        Ok(started)
    }

    /// Lets in another one, and dials it where its address is known.
    fn meet(&self, device: &str, address: &str) -> Result<()> {
        let known = json!({"deviceID": device, "addresses": [address], "compression": "never"});
        self.ask("PUT", &format!("config/devices/{device}"), &known).map(drop)
    }

    fn share(&self, id: &str, path: &Path, kind: &str, with: &str) -> Result<()> {
        let folder = json!({
            "id": id,
            "path": path,
            "type": kind,
            "devices": [{ "deviceID": with }],
            "rescanIntervalS": 0,
            "fsWatcherEnabled": false,
            // The marker of a folder that is there; its own would be one more directory in the copy.
            "markerName": ".",
            "minDiskFree": { "value": 0, "unit": "%" },
        });
        self.ask("PUT", &format!("config/folders/{id}"), &folder).map(drop)
    }

    fn get(&self, what: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.ask("GET", what, &Value::Null)?)?)
    }

    /// Asks its REST API, from the host that it runs on.
    fn ask(&self, method: &str, what: &str, body: &Value) -> Result<String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} /rest/{what} HTTP/1.0\r\nHost: {}\r\nX-API-Key: {KEY}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.api,
            body.len()
        );
        let api = self.api;
        let talk = move || {
            let mut stream = TcpStream::connect(api)?;
            stream.write_all(request.as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = match &self.host {
            None => talk()?,
            Some(host) => {
                net::on_host(host, talk)?.join().map_err(|_| anyhow!("it panicked"))??
            }
        };
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer of HTTP")?;
        let is_fine = head.split_whitespace().nth(1) == Some("200");
        ensure!(is_fine, "syncthing: {method} {what}: {head}\n{body}");
        Ok(body.to_owned())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It watches over a process of its own, which only it can end.
        self.process.terminate(STARTUP).ok();
    }
}

/// One that speaks to nobody by itself. Of what it does in the background nothing is left but the
/// other one's connection.
fn config(api: SocketAddr, listen: &str) -> String {
    let mut text = format!(
        "<configuration version=\"35\">\
         <gui enabled=\"true\" tls=\"false\"><address>{api}</address><apikey>{KEY}</apikey></gui>\
         <options><listenAddress>{listen}</listenAddress>"
    );
    let mut option = |name: &str, value: &dyn fmt::Display| {
        text += &format!("<{name}>{value}</{name}>");
    };
    for off in [
        "globalAnnounceEnabled",
        "localAnnounceEnabled",
        "relaysEnabled",
        "natEnabled",
        "startBrowser",
        "crashReportingEnabled",
        "setLowPriority",
    ] {
        option(off, &false);
    }
    for (name, value) in [
        ("autoUpgradeIntervalH", 0),
        ("stunKeepaliveStartS", 0),
        ("urAccepted", -1),
        ("progressUpdateIntervalS", -1),
        ("reconnectionIntervalS", 1),
    ] {
        option(name, &value);
    }
    text + "</options></configuration>"
}

/// What a file that is shared alone is called.
const ONE: &str = "one";
/// Nobody else reaches the API.
const KEY: &str = "bench";
const STARTUP: Duration = Duration::from_secs(30);
