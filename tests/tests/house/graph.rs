//! Who depends on whom, and what DESIGN.md allows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The arrows of DESIGN.md §2: each member with those that stand directly below it.
/// A member may use all that can be reached.
const HOUSE: &[(&str, &[&str])] = &[
    ("outport-types", &[]),
    ("outport-protocol", &["outport-types"]),
    ("outport-link", &["outport-protocol"]),
    ("outport-relay", &["outport-protocol"]),
    ("outport-mover", &["outport-protocol", "outport-link"]),
    ("outport-api", &["outport-types"]),
    ("outport-control", &["outport-types"]),
    ("outport-agent", &["outport-mover", "outport-api", "outport-control"]),
    ("outport-hub", &["outport-protocol", "outport-relay", "outport-api"]),
    ("outport-sim", &["outport-types", "outport-protocol"]),
    (
        "outport",
        &["outport-agent", "outport-hub", "outport-relay", "outport-control", "outport-api"],
    ),
    ("outport-desktop", &["outport-agent", "outport-control"]),
];

/// Arrows that only tests may go: the real thing in the place of a made-up one, never round in a circle.
const FOR_TESTS: &[(&str, &str)] = &[("outport-link", "outport-relay")];

/// Leaves that nothing uses.
const TESTS: &str = "outport-tests";
const XTASK: &str = "xtask";

/// Members without I/O, runtime or clock.
pub(crate) const PURE: [&str; 2] = ["outport-types", "outport-protocol"];

/// What brings a runtime, a socket, a disk or a thread along.
const IMPURE: &[&str] = &[
    "async-io",
    "async-std",
    "cap-std",
    "mio",
    "notify",
    "polling",
    "quinn",
    "quinn-proto",
    "quinn-udp",
    "smol",
    "socket2",
    "tokio",
];

/// Libraries that only these members may name, outside of their tests.
const AT_HOME: &[(&str, &[&str])] = &[
    // What is above a link knows streams, not what carries them.
    ("quinn", &["outport-link"]),
    ("quinn-proto", &["outport-link"]),
    ("quinn-udp", &["outport-link", "outport-relay"]),
    // One resolver opens what belongs to users.
    ("cap-std", &["outport-mover"]),
    ("cap-fs-ext", &["outport-mover"]),
    // Nothing below the agent reads a config file.
    ("toml", &["outport-agent", "outport-hub", "outport"]),
    ("keyring", &["outport-agent"]),
    ("sea-orm", &["outport-hub"]),
    // Only the desktop app has windows.
    ("tauri", &["outport-desktop"]),
    // Libraries have an error type for each operation.
    ("anyhow", &["outport", XTASK]),
];

/// The packages of one build and what each depends on.
#[derive(Debug)]
pub(crate) struct Graph {
    members: BTreeMap<String, Member>,
    /// By package id: its name, and the ids of what it needs at run time.
    packages: BTreeMap<String, Package>,
}

#[derive(Debug)]
struct Member {
    id: String,
    /// Every name that the manifest declares, for whichever system, and whether only for tests.
    declared: BTreeSet<(String, bool)>,
}

#[derive(Debug)]
struct Package {
    name: String,
    needs: Vec<String>,
}

impl Graph {
    /// Takes what `cargo metadata` printed.
    pub(crate) fn read(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let in_workspace = list(&metadata["workspace_members"]);
        let mut members = BTreeMap::new();
        let mut names = BTreeMap::new();
        for package in list(&metadata["packages"]) {
            names.insert(text(&package["id"]), text(&package["name"]));
            if !in_workspace.contains(&package["id"]) {
                continue;
            }
            let declared = list(&package["dependencies"])
                .iter()
                .map(|dependency| (text(&dependency["name"]), dependency["kind"] == "dev"))
                .collect();
            let member = Member { id: text(&package["id"]), declared };
            members.insert(text(&package["name"]), member);
        }
        let at_run_time = |dep: &Value| list(&dep["dep_kinds"]).iter().any(|k| k["kind"].is_null());
        let packages = list(&metadata["resolve"]["nodes"]).into_iter().map(|node| {
            let id = text(&node["id"]);
            let needs = list(&node["deps"]);
            let needs = needs.iter().filter(|dep| at_run_time(dep)).map(|dep| text(&dep["pkg"]));
            let name = names.get(&id).unwrap_or(&id).clone();
            (id, Package { name, needs: needs.collect() })
        });
        Self { packages: packages.collect(), members }
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The arrows between members that the design does not draw. Those for tests count too.
    pub(crate) fn forbidden_arrows(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        for (from, member) in &self.members {
            let drawn = member.declared.iter().filter(|(to, _)| is_drawn(to) && to != from);
            for (to, only_for_tests) in drawn {
                let for_tests = FOR_TESTS.contains(&(from.as_str(), to.as_str()));
                let is_allowed = match from.as_str() {
                    TESTS => to != XTASK,
                    XTASK => false,
                    _ if *only_for_tests && for_tests => true,
                    _ => reach(from).contains(to.as_str()),
                };
                if !is_allowed {
                    found.insert(format!("{from} -> {to}"));
                }
            }
        }
        found.into_iter().collect()
    }

    /// Declared libraries that belong to another member.
    pub(crate) fn misplaced_libraries(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (from, member) in self.members.iter().filter(|(from, _)| *from != TESTS) {
            for (library, only_for_tests) in &member.declared {
                let home = AT_HOME.iter().find(|(name, _)| name == library);
                let elsewhere = home.is_some_and(|(_, home)| !home.contains(&from.as_str()));
                if elsewhere && !only_for_tests {
                    found.push(format!("{from} -> {library}"));
                }
            }
        }
        found
    }

    /// What a member brings along that has a runtime, a socket or a disk in it.
    pub(crate) fn impure_dependencies(&self, member: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![self.members[member].id.clone()];
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop() {
            let package = self.packages.get(&id);
            let name = package.map_or(id.as_str(), |package| package.name.as_str());
            if IMPURE.contains(&name) {
                found.insert(name.to_owned());
            }
            if let Some(package) = package
                && seen.insert(id)
            {
                open.extend(package.needs.iter().cloned());
            }
        }
        found.into_iter().collect()
    }
}

/// Whether the design has a member of this name.
pub(crate) fn is_drawn(name: &str) -> bool {
    [TESTS, XTASK].contains(&name) || HOUSE.iter().any(|(member, _)| *member == name)
}

/// All that stands below a member.
fn reach(member: &str) -> BTreeSet<&'static str> {
    let below = |name: &str| HOUSE.iter().find(|(from, _)| *from == name).map_or(&[][..], |m| m.1);
    let mut reached = BTreeSet::new();
    let mut open = below(member).to_vec();
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(below(name));
        }
    }
    reached
}
