//! Previews and checks by the command line, between two computers and within one.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use outport_tests::{
    process::{Finished, run},
    tree,
    world::{Agent, World},
};
use serde_json::Value;

#[test]
fn a_preview_is_what_the_transfer_then_does() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    write(pc, &[("tree/new", "12345"), ("tree/same", "same"), ("tree/other", "other")])?;
    write(cluster, &[("copy/same", "same"), ("copy/other", "OTHER"), ("copy/old/gone", "123")])?;
    let before = tree::digests(&cluster.folder)?;
    let (from, to) = (pc.at("tree"), cluster.at("copy"));
    let mirror = ["transfer", &from, &to, "--delete-extra", "--sync-level", "checksum"];

    let preview = run(pc.command().args(mirror).args(["--preview", "--json"]), LIMIT)?;
    assert_eq!(preview.code, Some(0), "{}", preview.stderr);
    assert_eq!(tree::digests(&cluster.folder)?, before, "nothing is changed");
    let (lines, task) = documents(&preview)?;
    assert_eq!(
        findings(&lines, &cluster.folder.join("copy").display().to_string()),
        [
            ("different".to_owned(), "/other".to_owned()),
            ("extra".to_owned(), "/old".to_owned()),
            ("extra".to_owned(), "/old/gone".to_owned()),
            ("new".to_owned(), "/new".to_owned()),
        ]
    );
    assert_eq!(task["outport"]["options"]["purpose"], "preview");
    assert_eq!(task["outport"]["differences"]["extra"]["bytes"], 3);

    let text = run(pc.command().args(mirror).arg("--preview"), LIMIT)?;
    assert!(text.stdout.contains("- ") && text.stdout.contains("to be deleted"), "{}", text.stdout);
    assert!(text.stderr.contains("Nothing was changed."), "{}", text.stderr);
    let id = task["task_id"].as_str().context("a task has an id")?.to_owned();
    let shown = pc.outport(&["tasks", "show", &id])?;
    assert!(shown.contains("preview") && shown.contains("1 to be made"), "{shown}");
    let listed = pc.outport(&["tasks", "show", &id, "--differences"])?;
    assert_eq!(listed.lines().count(), lines.len());
    assert!(pc.outport(&["tasks", "list"])?.contains("(preview)"));

    pc.outport(&[&mirror[..], &["--wait"]].concat())?;
    tree::compare(&pc.folder.join("tree"), &cluster.folder.join("copy"))?;
    let again = run(pc.command().args(mirror).args(["--preview", "--json"]), LIMIT)?;
    assert!(documents(&again)?.0.is_empty(), "{}", again.stdout);
    Ok(())
}

#[test]
fn a_check_says_by_its_exit_status_whether_two_trees_are_the_same() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    write(pc, &[("a/x", "1"), ("a/y", "2"), ("b/x", "1"), ("b/y", "2")])?;
    write(cluster, &[("a/x", "1"), ("a/y", "3"), ("a/z", "4")])?;
    let check = |from: &str, to: &str, more: &[&str]| {
        run(pc.command().args(["check", from, to]).args(more), LIMIT)
    };
    let differs = check(&pc.at("a"), &cluster.at("a"), &["--json"])?;
    assert_eq!(differs.code, Some(1), "{}", differs.stderr);
    let (lines, _) = documents(&differs)?;
    let top = cluster.folder.join("a").display().to_string();
    assert_eq!(
        findings(&lines, &top),
        [("different".to_owned(), "/y".to_owned()), ("extra".to_owned(), "/z".to_owned()),]
    );
    let by_size = check(&pc.at("a"), &cluster.at("a"), &["--by", "size", "--exclude", "z"])?;
    assert_eq!(by_size.code, Some(0), "{}", by_size.stdout);

    let same = check(&pc.at("a"), &pc.at("b"), &[])?;
    assert_eq!(same.code, Some(0), "{}{}", same.stdout, same.stderr);
    let missing = check(&pc.at("nothing"), &cluster.at("a"), &[])?;
    assert_eq!(missing.code, Some(7), "{}", missing.stderr);
    Ok(())
}

fn write(agent: &Agent, files: &[(&str, &str)]) -> Result<()> {
    for (path, content) in files {
        let path = agent.folder.join(path);
        fs::create_dir_all(path.parent().context("it is in a folder")?)?;
        fs::write(path, content)?;
    }
    Ok(())
}

/// The documents of a command: what it lists, and the task at the end.
fn documents(done: &Finished) -> Result<(Vec<Value>, Value)> {
    let mut all: Vec<Value> =
        done.stdout.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    let task = all.pop().context("a task at the end")?;
    Ok((all, task))
}

fn findings(lines: &[Value], top: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = lines
        .iter()
        .map(|line| {
            let path = text(&line["destination_path"]);
            (text(&line["finding"]), path.strip_prefix(top).unwrap_or(&path).to_owned())
        })
        .collect();
    found.sort();
    found
}

const LIMIT: Duration = Duration::from_secs(120);
