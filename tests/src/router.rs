//! A router that opens ports when the computers behind it ask: miniupnpd, which runs on many of them.

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{
    net::{Internet, inside, nft},
    process::{Process, run},
};

/// How a router is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// PCP, and NAT-PMP.
    Pcp,
    /// UPnP.
    Upnp,
}

/// A program on a router that opens ports.
#[derive(Debug)]
pub struct PortOpener {
    router: String,
    _program: Process,
    _dir: TempDir,
}

impl PortOpener {
    /// Whether the program is on this computer.
    pub fn possible() -> bool {
        run(Command::new(PROGRAM).arg("--version"), LIMIT).is_ok()
    }

    /// Runs it on the router of the computer at `place`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn on(internet: &Internet, place: usize, speaks: Speaks) -> Result<Self> {
        let router = internet.router_of(place)?;
        nft(&router, RULES)?;
        let dir = tempfile::Builder::new().prefix("outport-router-").tempdir()?;
        let config = dir.path().join("config");
        fs::write(&config, settings(speaks, dir.path()))?;
        let mut command = inside(&router, PROGRAM.as_ref());
        command.arg("-d").arg("-f").arg(&config).arg("-P").arg(dir.path().join("pid"));
        let mut program = Process::start("the router", &mut command, &dir.path().join("log"))?;
        let ready = match speaks {
            Speaks::Pcp => "Listening for NAT-PMP/PCP",
            Speaks::Upnp => "HTTP listening on port",
        };
        program.wait_for(ready, LIMIT)?;
        Ok(Self { router, _program: program, _dir: dir })
    }

    /// The UDP ports that it leads inwards now.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn open_ports(&self) -> Result<Vec<u16>> {
        let mut command = inside(&self.router, "nft".as_ref());
        let listed = run(command.args(["list", "chain", "inet", "opened", "inwards"]), LIMIT)?;
        let rules = listed.stdout.lines().filter(|line| line.contains(" dnat "));
        let port = |rule: &str| {
            let (_, after) = rule.split_once("dport ")?;
            after.split_whitespace().next()?.parse().ok()
        };
        rules.map(|rule| port(rule).with_context(|| rule.to_owned())).collect()
    }
}

fn settings(speaks: Speaks, dir: &Path) -> String {
    let yes = |way| if way == speaks { "yes" } else { "no" };
    format!(
        "ext_ifname=out
listening_ip=in
enable_natpmp={}
enable_upnp={}
secure_mode=yes
uuid=00000000-0000-4000-8000-000000000001
upnp_table_name=opened
upnp_nat_table_name=opened
upnp_forward_chain=through
upnp_nat_chain=inwards
upnp_nat_postrouting_chain=outwards
lease_file={}
allow 1024-65535 192.168.0.0/16 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
",
        yes(Speaks::Pcp),
        yes(Speaks::Upnp),
        dir.join("leases").display()
    )
}

const PROGRAM: &str = "miniupnpd";
/// The chains that it fills, and what lets through whatever they lead inwards.
const RULES: &str = r#"table inet opened {
    chain through { }
    chain inwards { type nat hook prerouting priority dstnat; }
    chain outwards { type nat hook postrouting priority srcnat - 1; }
}
table inet firewall {
    chain through_it { ct status dnat accept; }
}"#;
const LIMIT: Duration = Duration::from_secs(10);
