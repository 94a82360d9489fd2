//! A small network of our own: two hosts in network namespaces, joined by one slow or fast wire.
//!
//! Everything made here has a name that no other run uses, and goes away when dropped.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};

use crate::process::run;

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

    /// Holds what both ends send to `rate`, as `tc` spells it.
    ///
    /// # Errors
    /// When the system's `tc` refuses.
    pub fn limit(&self, rate: &str) -> Result<()> {
        for host in [&self.left, &self.right] {
            sh(&[
                "tc", "-n", host, "qdisc", "replace", "dev", "wire", "root", "tbf", "rate", rate,
                "burst", "16kb", "latency", "100ms",
            ])?;
        }
        Ok(())
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

    /// The left host's address.
    pub const LEFT: &str = "10.213.0.1";
    /// The right host's address.
    pub const RIGHT: &str = "10.213.0.2";
}

impl Drop for Wire {
    fn drop(&mut self) {
        for host in [&self.left, &self.right] {
            sh(&["ip", "netns", "delete", host]).ok(); // half-made wires have only one host
        }
    }
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

/// The system's tools answer at once or are stuck.
const LIMIT: Duration = Duration::from_secs(10);
