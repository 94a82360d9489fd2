//! What a new user does in the first quarter of an hour.

use std::{fs, os::unix::fs::MetadataExt as _, time::Duration};

use anyhow::Result;
use outport_tests::{
    process::run,
    tree::{self, Plan},
    world::World,
};

#[test]
fn a_tree_arrives_whole_names_and_empty_folders_included() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    tree::make(&pc.folder.join("tree"), SMALL, 1)?;

    pc.outport(&["transfer", &pc.at("tree"), &cluster.at("copy"), "--recursive", "--wait"])?;
    tree::compare(&pc.folder.join("tree"), &cluster.folder.join("copy"))?;

    let files = tree::digests(&pc.folder.join("tree"))?.values().flatten().count();
    let task = &pc.json(&["tasks", "list"])?[0];
    assert_eq!(task["status"], "SUCCEEDED");
    assert_eq!(task["files_transferred"], files);
    assert_eq!(task["bytes_transferred"], tree::bytes(&pc.folder.join("tree"))?);
    Ok(())
}

#[test]
fn names_of_one_file_arrive_as_one_file_only_if_that_is_asked() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    let tree = pc.folder.join("tree");
    fs::create_dir_all(tree.join("snapshot"))?;
    fs::write(tree.join("reads.fastq"), vec![b'A'; 3_000_000])?;
    fs::hard_link(tree.join("reads.fastq"), tree.join("snapshot/reads.fastq"))?;

    for (copy, names) in [("apart", 1), ("together", 2)] {
        let (from, to) = (pc.at("tree"), cluster.at(copy));
        let mut asked = vec!["transfer", &from, &to, "--recursive", "--wait"];
        asked.extend((names == 2).then_some("--hard-links"));
        pc.outport(&asked)?;
        tree::compare(&tree, &cluster.folder.join(copy))?;
        let found = fs::metadata(cluster.folder.join(copy).join("snapshot/reads.fastq"))?;
        assert_eq!(found.nlink(), names);
        let task = &pc.json(&["tasks", "list"])?[0];
        assert_eq!(
            (&task["files_transferred"], &task["bytes_transferred"]),
            (&2.into(), &6_000_000.into())
        );
    }
    Ok(())
}

#[test]
fn one_computer_copies_within_itself() -> Result<()> {
    let mut world = World::new()?;
    let pc = world.add_agent("WorkPC")?;
    let pc = &world.agents[pc];
    tree::make(&pc.folder.join("tree"), SMALL, 2)?;
    pc.outport(&["transfer", &pc.at("tree"), &pc.at("copy"), "--recursive", "--wait"])?;
    tree::compare(&pc.folder.join("tree"), &pc.folder.join("copy"))?;

    let into_itself = ["transfer", &pc.at("tree"), &pc.at("tree/inside"), "--recursive"];
    let refused = run(pc.command().args(into_itself), LIMIT)?;
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("inside"), "{}", refused.stderr);
    Ok(())
}

#[test]
fn files_are_listed_made_renamed_and_deleted_from_afar() -> Result<()> {
    let mut world = World::new()?;
    let pc = world.add_agent("WorkPC")?;
    let pc = &world.agents[pc];
    fs::write(pc.folder.join("Übersicht, \"neu\".csv"), b"a,b\n")?;
    pc.outport(&["mkdir", &pc.at("results")])?;
    pc.outport(&["rename", &pc.at("results"), "Results 2026"])
        .or_else(|_| pc.outport(&["rename", &pc.at("results"), &pc.at("Results 2026")]))?;

    let names = pc.outport(&["ls", &pc.at("")])?;
    assert!(names.contains("Übersicht, \"neu\".csv"), "{names}");
    assert!(names.contains("Results 2026"), "{names}");
    let file = pc.json(&["stat", &pc.at("Übersicht, \"neu\".csv")])?;
    assert_eq!(file["size"], 4);

    pc.outport(&["delete", &pc.at("Results 2026"), "--recursive", "--yes", "--wait"])?;
    assert!(!pc.folder.join("Results 2026").exists());
    Ok(())
}

#[test]
fn what_is_not_shared_is_refused_and_nothing_says_whether_it_exists() -> Result<()> {
    let mut world = World::new()?;
    let pc = world.add_agent("WorkPC")?;
    let pc = &world.agents[pc];
    let refusal = |path: &str| -> Result<String> {
        let done = run(pc.command().args(["ls", &format!("WorkPC:{path}")]), LIMIT)?;
        assert_ne!(done.code, Some(0), "{path}");
        Ok(done.stderr.replace(path, "PATH"))
    };
    assert_eq!(refusal("/etc/passwd")?, refusal("/etc/no-such-file-at-all")?);

    std::os::unix::fs::symlink("/etc", pc.folder.join("way-out"))?;
    let through = pc.folder.join("way-out/passwd").display().to_string();
    let nowhere = pc.folder.join("way-out/nothing").display().to_string();
    assert_eq!(refusal(&through)?, refusal(&nowhere)?);
    Ok(())
}

const SMALL: Plan = Plan { small_files: 300, large_files: 1, large_bytes: 5_000_001 };
const LIMIT: Duration = Duration::from_secs(120);
