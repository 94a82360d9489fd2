//! What disks, owners and other programs do to a transfer: each made for real, and what is told of it.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    mount::{QuotaDisk, SmallDisk},
    process::wait_until,
    skip, tree,
    world::{Agent, World},
};
use serde_json::Value;

#[test]
fn a_full_disk_is_told_and_waited_for_or_fails_the_task_as_asked() -> Result<()> {
    if !SmallDisk::possible() {
        skip("mounting needs root on Linux");
        return Ok(());
    }
    let world = pair()?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    let disk = SmallDisk::in_place_of(&place_for_disk(cluster)?)?;
    no_room(pc, cluster, "disk", || disk.enlarge(32))
}

#[test]
fn a_quota_is_told_and_waited_for_or_fails_the_task_as_asked() -> Result<()> {
    if !SmallDisk::possible() {
        skip("mounting needs root on Linux");
        return Ok(());
    }
    let world = pair()?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    let place = place_for_disk(cluster)?;
    let disk = QuotaDisk::on(&place, 2)?;
    ensure!(disk.bounded() == place.join("bounded"));
    no_room(pc, cluster, "disk/bounded", || disk.set(64))
}

/// A file that does not fit: the task says so and goes on when there is room, or ends if asked to.
fn no_room(
    pc: &Agent,
    cluster: &Agent,
    to: &str,
    make_room: impl Fn() -> Result<()>,
) -> Result<()> {
    random_file(&pc.folder.join("large"), 8 << 20)?;
    let to = cluster.at(&format!("{to}/large"));
    let task = pc.submit(&[&pc.at("large"), &to, "--fail-on-quota"])?;
    let failed = end_of(pc, &task)?;
    ensure!(failed["status"] == "FAILED", "{failed:#}");
    let told = event(pc, &task, "QUOTA_EXCEEDED")?;
    for word in ["large", "Cluster"] {
        ensure!(told.contains(word), "{word} is not in: {told}");
    }

    let task = pc.submit(&[&pc.at("large"), &to])?;
    pc.wait_task(&task, LIMIT, |task| task["nice_status"] == "QUOTA_EXCEEDED")?;
    let told = event(pc, &task, "QUOTA_EXCEEDED")?;
    for word in ["large", "Cluster", "room"] {
        ensure!(told.contains(word), "{word} is not in: {told}");
    }
    make_room()?;
    pc.wait_task(&task, LIMIT, |task| task["status"] == "SUCCEEDED")?;
    let arrived = cluster.folder.join(
        to.split_once(cluster.folder.to_str().context("a path")?)
            .map(|(_, path)| path.trim_start_matches('/'))
            .context("the path is below the folder")?,
    );
    ensure!(tree::digest(&pc.folder.join("large"))? == tree::digest(&arrived)?);
    Ok(())
}

#[test]
fn a_disk_that_became_read_only_is_told_with_what_to_do() -> Result<()> {
    if !SmallDisk::possible() {
        skip("mounting needs root on Linux");
        return Ok(());
    }
    let world = pair()?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    let disk = SmallDisk::in_place_of(&place_for_disk(cluster)?)?;
    disk.set_read_only(true)?;
    fs::write(pc.folder.join("small"), b"content")?;
    let task = pc.submit(&[&pc.at("small"), &cluster.at("disk/small")])?;
    let failed = end_of(pc, &task)?;
    ensure!(failed["status"] == "FAILED", "{failed:#}");
    let told = event(pc, &task, "PERMISSION_DENIED")?;
    for word in ["disk/small", "Cluster", "mounted for writing"] {
        ensure!(told.contains(word), "{word} is not in: {told}");
    }
    Ok(())
}

#[test]
fn what_the_owner_may_not_read_or_write_is_named() -> Result<()> {
    if !SmallDisk::possible() {
        skip("other users need root");
        return Ok(());
    }
    let mut world = World::new()?;
    world.add_agent_of(USER, "WorkPC")?;
    world.add_agent_of(USER, "Cluster")?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    let source = pc.folder.join("tree");
    fs::create_dir(&source)?;
    fs::write(source.join("mine"), b"mine")?;
    fs::write(source.join("secret"), b"secret")?;
    fs::set_permissions(source.join("secret"), fs::Permissions::from_mode(0o600))?;
    fs::create_dir(source.join("closed"))?;
    fs::write(source.join("closed/inside"), b"inside")?;
    fs::set_permissions(source.join("closed"), fs::Permissions::from_mode(0o700))?;

    let words = [&*pc.at("tree"), &cluster.at("copy"), "--recursive"];
    let task = pc.submit(&words)?;
    let failed = end_of(pc, &task)?;
    ensure!(failed["status"] == "FAILED", "{failed:#}");
    let told = event(pc, &task, "PERMISSION_DENIED")?;
    ensure!(told.contains("secret") || told.contains("closed"), "{told}");

    let task = pc.submit(&[&words[..], &["--skip-errors"]].concat())?;
    let ended = end_of(pc, &task)?;
    ensure!(ended["status"] == "SUCCEEDED", "{ended:#}");
    let skipped = pc.outport(&["tasks", "show", &task, "--skipped"])?;
    for name in ["secret", "closed"] {
        ensure!(skipped.contains(name), "{name} is not in: {skipped}");
    }
    ensure!(fs::read(cluster.folder.join("copy/mine"))? == b"mine");

    let theirs = cluster.folder.join("theirs");
    fs::create_dir(&theirs)?;
    let task = pc.submit(&[&pc.at("tree/mine"), &cluster.at("theirs/mine")])?;
    let failed = end_of(pc, &task)?;
    ensure!(failed["status"] == "FAILED", "{failed:#}");
    let told = event(pc, &task, "PERMISSION_DENIED")?;
    ensure!(told.contains("theirs") && told.contains("Cluster"), "{told}");
    Ok(())
}

#[test]
fn a_file_that_never_rests_is_told_and_given_up_and_comes_when_it_rests() -> Result<()> {
    let world = pair()?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    let log = pc.folder.join("log");
    random_file(&log, 16 << 20)?;
    let resting = AtomicBool::new(false);
    let task = thread::scope(|scope| {
        scope.spawn(|| write_on(&log, &resting));
        let ended = pc
            .submit(&[&pc.at("log"), &cluster.at("log")])
            .and_then(|task| Ok((end_of(pc, &task)?, task)));
        resting.store(true, Ordering::Relaxed);
        let (ended, task) = ended?;
        ensure!(ended["status"] == "FAILED", "{ended:#}");
        Ok(task)
    })?;
    let told = all_events(pc, &task, "FILE_SIZE_CHANGED")?;
    let (first, last) = told.trim_end().split_once('\n').context("two events")?;
    for (text, words) in [(first, "It is read again"), (last, "kept changing")] {
        ensure!(text.contains("log") && text.contains(words), "{words} is not in: {text}");
    }
    ensure!(!cluster.folder.join("log").exists(), "half of it arrived");

    pc.outport(&["transfer", &pc.at("log"), &cluster.at("log"), "--wait"])?;
    ensure!(tree::digest(&log)? == tree::digest(&cluster.folder.join("log"))?);
    Ok(())
}

#[test]
fn what_vanishes_between_search_and_copy_is_told() -> Result<()> {
    let world = pair()?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    let source = pc.folder.join("tree");
    fs::create_dir(&source)?;
    // So much that the last is not read yet when the search is over.
    for number in 0..FILES {
        random_file(&source.join(format!("{number:02}")), 8 << 20)?;
    }
    let last = source.join(format!("{:02}", FILES - 1));
    let words = [&*pc.at("tree"), &cluster.at("copy"), "--recursive", "--limit", "12 MB/s"];
    let vanish = |words: &[&str]| -> Result<(String, Value)> {
        let task = pc.submit(words)?;
        pc.wait_task(&task, LIMIT, |task| task["outport"]["scan_done"] == true)?;
        fs::remove_file(&last)?;
        Ok((task.clone(), end_of(pc, &task)?))
    };
    let (task, ended) = vanish(&words)?;
    ensure!(ended["status"] == "FAILED", "{ended:#}");
    let told = event(pc, &task, "FILE_NOT_FOUND")?;
    ensure!(told.contains("tree/11"), "{told}");

    random_file(&last, 8 << 20)?;
    fs::remove_dir_all(cluster.folder.join("copy"))?;
    let (task, ended) = vanish(&[&words[..], &["--skip-errors"]].concat())?;
    ensure!(ended["status"] == "SUCCEEDED", "{ended:#}");
    let skipped = pc.outport(&["tasks", "show", &task, "--skipped"])?;
    ensure!(skipped.contains("tree/11"), "{skipped}");
    ensure!(fs::read_dir(cluster.folder.join("copy"))?.count() == FILES - 1);
    Ok(())
}

#[test]
fn a_file_never_takes_the_place_of_a_directory_nor_a_directory_that_of_a_file() -> Result<()> {
    let world = pair()?;
    let (pc, cluster) = (&world.agents[0], &world.agents[1]);
    fs::create_dir_all(pc.folder.join("tree/was a file"))?;
    fs::write(pc.folder.join("tree/was a file/x"), b"x")?;
    fs::write(pc.folder.join("tree/was a directory"), b"y")?;
    fs::create_dir_all(cluster.folder.join("tree/was a directory"))?;
    fs::write(cluster.folder.join("tree/was a directory/precious"), b"precious")?;
    fs::write(cluster.folder.join("tree/was a file"), b"precious")?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("tree"), "--recursive"])?;
    let failed = end_of(pc, &task)?;
    ensure!(failed["status"] == "FAILED", "{failed:#}");
    let told = all_events(pc, &task, "WRONG_TYPE")?;
    for text in [
        "tree/was a file on smith#Cluster cannot be a directory",
        "tree/was a directory on smith#Cluster is a directory, and nothing else",
    ] {
        ensure!(told.contains(text), "{text} is not in: {told}");
    }
    ensure!(fs::read(cluster.folder.join("tree/was a directory/precious"))? == b"precious");
    ensure!(fs::read(cluster.folder.join("tree/was a file"))? == b"precious");
    Ok(())
}

fn pair() -> Result<World> {
    let mut world = World::new()?;
    world.add_agent("WorkPC")?;
    world.add_agent("Cluster")?;
    Ok(world)
}

/// An empty folder in what an agent shares.
fn place_for_disk(agent: &Agent) -> Result<PathBuf> {
    let place = agent.folder.join("disk");
    fs::create_dir(&place)?;
    Ok(place)
}

fn random_file(path: &Path, bytes: u64) -> Result<()> {
    tree::fill(path, bytes, &mut fastrand::Rng::with_seed(bytes))
}

/// Writes on and on at the end of a file, without a rest in which it could be read from end to end.
fn write_on(path: &Path, resting: &AtomicBool) -> Result<()> {
    let mut file = File::options().append(true).open(path)?;
    while !resting.load(Ordering::Relaxed) {
        file.write_all(b"+")?;
        thread::yield_now();
    }
    Ok(())
}

fn end_of(pc: &Agent, task: &str) -> Result<Value> {
    let is_over = |task: &Value| task["status"] == "SUCCEEDED" || task["status"] == "FAILED";
    pc.wait_task(task, LIMIT, is_over)
}

/// The first event of this kind, as people read it; it waits for it.
fn event(pc: &Agent, task: &str, code: &str) -> Result<String> {
    wait_until(LIMIT, || {
        let all = pc.json(&["tasks", "events", task])?;
        let found = all.as_array().into_iter().flatten().find(|event| event["code"] == code);
        Ok(found.map(|event| format!("{} {}", event["description"], event["details"])))
    })
    .with_context(|| format!("no {code} among:\n{}", events(pc, task).unwrap_or_default()))
}

/// All events of this kind, as people read them.
fn all_events(pc: &Agent, task: &str, code: &str) -> Result<String> {
    let all = pc.json(&["tasks", "events", task])?;
    let found = all.as_array().into_iter().flatten().filter(|event| event["code"] == code);
    Ok(found.map(|event| format!("{} {}\n", event["description"], event["details"])).collect())
}

fn events(pc: &Agent, task: &str) -> Result<String> {
    pc.outport(&["tasks", "events", task])
}

const FILES: usize = 12;
/// Nobody in particular.
const USER: u32 = 65534;
const LIMIT: Duration = Duration::from_secs(120);
