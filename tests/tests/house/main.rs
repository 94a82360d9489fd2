//! The house stands as DESIGN.md §2 draws it: who may use whom, and what has no place where.
//!
//! The rules are tables in [`graph`] and [`sources`]; each is also shown to find what it is for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod graph;
mod sources;

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::graph::Graph;

#[test]
fn arrows_between_crates_are_those_of_the_design() {
    assert_eq!(Graph::read(&metadata()).forbidden_arrows(), [""; 0]);
}

#[test]
fn a_library_that_belongs_to_one_crate_is_named_by_no_other() {
    assert_eq!(Graph::read(&metadata()).misplaced_libraries(), [""; 0]);
}

#[test]
fn types_and_protocol_carry_no_runtime_and_no_socket() {
    let graph = Graph::read(&metadata());
    for member in graph::PURE {
        assert_eq!(graph.impure_dependencies(member), [""; 0], "{member}");
    }
}

#[test]
fn types_and_protocol_touch_no_disk_no_socket_no_thread_and_no_clock() {
    for folder in ["crates/types/src", "crates/protocol/src"] {
        let findings = sources::impure_paths(&root().join(folder)).unwrap();
        assert_eq!(findings, [""; 0]);
    }
}

#[test]
fn every_setting_of_the_hub_stands_in_its_document() {
    let source = fs::read_to_string(root().join("crates/hub/src/config.rs")).unwrap();
    let document = fs::read_to_string(root().join("docs/hub.md")).unwrap();
    let settings: Vec<_> = ["HubConfig", "TokenLifetimes", "Limits", "RelayConfig"]
        .iter()
        .flat_map(|name| sources::fields(&source, name))
        .collect();
    assert!(25 < settings.len(), "the settings were not read: {settings:?}");
    let told = |field: &&str| {
        !document.contains(&format!("`{field}`")) && !document.contains(&format!("`[{field}]`"))
    };
    assert_eq!(settings.into_iter().filter(told).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_member_of_the_workspace_is_in_the_design() {
    let graph = Graph::read(&metadata());
    assert!(12 < graph.members().count(), "the workspace was not read");
    let unknown: Vec<_> = graph.members().filter(|name| !graph::is_drawn(name)).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn an_arrow_upwards_is_found() {
    let graph = sample(&[("outport-protocol", &[("outport-link", "normal")])]);
    assert_eq!(graph.forbidden_arrows(), ["outport-protocol -> outport-link"]);
}

#[test]
fn an_arrow_sideways_is_found_also_in_dev_dependencies() {
    let graph = sample(&[("outport-hub", &[("outport-agent", "dev")])]);
    assert_eq!(graph.forbidden_arrows(), ["outport-hub -> outport-agent"]);
}

#[test]
fn an_arrow_to_or_from_a_leaf_is_found() {
    let graph = sample(&[
        ("outport-agent", &[("outport-tests", "dev")]),
        ("xtask", &[("outport-types", "normal")]),
    ]);
    let arrows = ["outport-agent -> outport-tests", "xtask -> outport-types"];
    assert_eq!(graph.forbidden_arrows(), arrows);
}

#[test]
fn arrows_to_all_that_stands_below_are_allowed() {
    let graph = sample(&[
        ("outport-mover", &[("outport-link", "normal"), ("outport-types", "normal")]),
        ("outport", &[("outport-mover", "normal"), ("outport-hub", "normal")]),
        ("outport-tests", &[("outport-agent", "normal"), ("quinn", "normal")]),
    ]);
    assert_eq!(graph.forbidden_arrows(), [""; 0]);
    assert_eq!(graph.misplaced_libraries(), [""; 0]);
}

#[test]
fn quinn_outside_of_link_is_found() {
    let graph = sample(&[
        ("outport-link", &[("quinn", "normal")]),
        ("outport-mover", &[("quinn-proto", "normal")]),
    ]);
    assert_eq!(graph.misplaced_libraries(), ["outport-mover -> quinn-proto"]);
}

#[test]
fn a_runtime_behind_another_dependency_is_found() {
    let graph = sample(&[
        ("outport-protocol", &[("harmless", "normal"), ("test-only", "dev")]),
        ("harmless", &[("socket2", "normal")]),
        ("test-only", &[("tokio", "normal")]),
    ]);
    assert_eq!(graph.impure_dependencies("outport-protocol"), ["socket2"]);
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What cargo says about this workspace, as it is built on this system.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--offline", "--filter-platform", &host()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// A workspace in the form of cargo's metadata: packages and what each depends on.
fn sample(packages: &[(&str, &[(&str, &str)])]) -> Graph {
    let kind = |kind: &str| if kind == "normal" { Value::Null } else { json!(kind) };
    let declared = |dependencies: &[(&str, &str)]| -> Value {
        dependencies.iter().map(|(name, k)| json!({ "name": name, "kind": kind(k) })).collect()
    };
    let resolved = |dependencies: &[(&str, &str)]| -> Value {
        let dep =
            |(name, k): &(&str, &str)| json!({ "pkg": name, "dep_kinds": [{ "kind": kind(k) }] });
        dependencies.iter().map(dep).collect()
    };
    Graph::read(&json!({
        "packages": packages.iter().map(|(name, dependencies)| json!({
            "name": name, "id": name, "dependencies": declared(dependencies),
        })).collect::<Value>(),
        "workspace_members": packages.iter().map(|(name, _)| json!(name)).collect::<Value>(),
        "resolve": { "nodes": packages.iter().map(|(name, dependencies)| json!({
            "id": name, "deps": resolved(dependencies),
        })).collect::<Value>() },
    }))
}
