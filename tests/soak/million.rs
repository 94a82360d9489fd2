//! A tree of a million files.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use outport_tests::world::World;
use serde_json::Value;

use crate::watch::{Findings, figure, kill, note_peaks};

pub(crate) fn run(files: usize, found: &mut Findings) -> Result<()> {
    let mut world = World::new()?;
    world.add_agent("Near")?;
    world.add_agent("Far")?;
    let source = |name: &str| world.agents[0].folder.join(name);
    make(&source("few"), FEW)?;
    make(&source("many"), files)?;
    // The first transfer pays for what every first one pays for.
    for round in ["first", "few"] {
        transfer(&world, "few", round)?;
    }
    let few = FEW as f64 / transfer(&world, "few", "again")?.as_secs_f64();
    let took = transfer(&world, "many", "many")?;
    let many = files as f64 / took.as_secs_f64();
    found.tell(format!("{files} files of 1 KiB"), format!("{:.1} s", took.as_secs_f64()));
    found.tell(format!("files a second, of {FEW} such files"), format!("{few:.0}"));
    found.tell(format!("files a second, of {files}"), format!("{many:.0}"));
    found.at_least("rate of many files, as a share of the rate of few", many / few, RATE_LEAST);
    note_peaks(&world, &format!("{files} files"), MEMORY_MOST, found)?;
    same(&world, "many")?;
    fs::remove_dir_all(world.agents[1].folder.join("many"))?;
    with_kills(&mut world, files, found)
}

/// The same with each agent killed once on the way.
fn with_kills(world: &mut World, files: usize, found: &mut Findings) -> Result<()> {
    let (from, to) = (world.agents[0].at("many"), world.agents[1].at("killed"));
    let task = world.agents[0].submit(&[&from, &to, "--recursive"])?;
    let killed = world.agents[1].folder.join("killed");
    let mut kept = BTreeMap::new();
    for (victim, share) in [(1, 0.3), (0, 0.6)] {
        let least = (files as f64 * share) as u64;
        world.agents[0]
            .wait_task(&task, TASK_LIMIT, |task| least <= figure(task, "files_transferred"))?;
        let back = kill(world, victim, &task)?;
        let side = ["source", "destination"][victim];
        let what = format!("{files} files: from the restart of a killed {side} to the next bytes");
        found.at_most(what, back.as_secs_f64(), BACK_MOST, "s");
        if victim == 1 {
            kept = finished(&killed)?;
            ensure!(kept.len() as u64 >= least, "{} files are there, not {least}", kept.len());
        }
    }
    world.agents[0].wait_task(&task, TASK_LIMIT, |task| task["status"] == "SUCCEEDED")?;
    let after = finished(&killed)?;
    ensure!(after.len() == files, "{} files arrived", after.len());
    // A file that came again is another one, or changed once more.
    let mut again = 0;
    for (file, version) in &kept {
        again += u64::from(after.get(file) != Some(version));
    }
    let what = format!("{files} files: finished ones that came again after a kill");
    // What was placed a moment before the kill may not have been known as finished.
    found.at_most(what, again as f64, 0.0, "files");
    note_peaks(world, &format!("{files} files after kills"), MEMORY_MOST, found)?;
    same(world, "killed")?;
    deletion(world, files, found)
}

/// Deletes what arrived, with an agent that is killed half way.
fn deletion(world: &mut World, files: usize, found: &mut Findings) -> Result<()> {
    let began = Instant::now();
    let asked =
        world.agents[0].json(&["delete", &world.agents[1].at("killed"), "--recursive", "--yes"])?;
    let task = asked["task_id"].as_str().context("a task id")?.to_owned();
    let deleted = |task: &Value| task["outport"]["deleted"].as_u64().unwrap_or_default();
    let half = files as u64 / 2;
    world.agents[0].wait_task(&task, TASK_LIMIT, |task| half <= deleted(task))?;
    world.agents[1].kill()?;
    world.start_agent(1)?;
    let ended =
        world.agents[0].wait_task(&task, TASK_LIMIT, |task| task["status"] == "SUCCEEDED")?;
    ensure!(!world.agents[1].folder.join("killed").exists(), "something of it is left");
    let took = began.elapsed().as_secs_f64();
    found.tell(format!("{files} files deleted, with a kill half way"), format!("{took:.1} s"));
    // What went between the last time that was noted and the kill is not known.
    let all = files + files.div_ceil(FILES_A_DIRECTORY) + 1;
    let missing = all.saturating_sub(deleted(&ended) as usize) as f64 / all as f64 * took;
    let what = format!("{files} files deleted: work before the kill that was not counted");
    found.at_most(what, missing, COUNTED_LATE_MOST, "s");
    note_peaks(world, &format!("{files} files deleted"), MEMORY_MOST, found)
}

/// Directories of a thousand files, each with content of its own.
fn make(top: &Path, files: usize) -> Result<()> {
    let mut content = [0; 1024];
    let mut rng = fastrand::Rng::with_seed(files as u64);
    for file in 0..files {
        let directory = top.join(format!("d{:04}", file / FILES_A_DIRECTORY));
        if file % FILES_A_DIRECTORY == 0 {
            fs::create_dir_all(&directory)?;
        }
        rng.fill(&mut content);
        fs::write(directory.join(format!("f{file:07}.dat")), content)?;
    }
    Ok(())
}

fn transfer(world: &World, from: &str, to: &str) -> Result<Duration> {
    let (near, far) = (&world.agents[0], &world.agents[1]);
    let began = Instant::now();
    let task = near.submit(&[&near.at(from), &far.at(to), "--recursive"])?;
    near.wait_task(&task, TASK_LIMIT, |task| task["status"] == "SUCCEEDED")?;
    Ok(began.elapsed())
}

/// What stands in a folder under its final name: who it is, and since when.
fn finished(top: &Path) -> Result<BTreeMap<u64, (u64, i64, i64)>> {
    let mut found = BTreeMap::new();
    for directory in fs::read_dir(top)? {
        for file in fs::read_dir(directory?.path())? {
            let file = file?;
            let name = file.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let meta = file.metadata()?;
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            found.insert(hasher.finish(), (meta.ino(), meta.ctime(), meta.ctime_nsec()));
        }
    }
    Ok(found)
}

/// Compares what arrived with what was sent, without holding either.
fn same(world: &World, copy: &str) -> Result<()> {
    let (source, copy) = (world.agents[0].folder.join("many"), world.agents[1].folder.join(copy));
    let mut count = 0;
    for directory in fs::read_dir(&source)? {
        let directory = directory?.file_name();
        for file in fs::read_dir(source.join(&directory))? {
            let name = file?.file_name();
            let there = copy.join(&directory).join(&name);
            let here = fs::read(source.join(&directory).join(&name))?;
            let arrived = fs::read(&there).with_context(|| there.display().to_string())?;
            ensure!(here == arrived, "{} is another", there.display());
            count += 1;
        }
    }
    ensure!(count == finished(&copy)?.len(), "there are files that were not sent");
    Ok(())
}

const FEW: usize = 20_000;
const FILES_A_DIRECTORY: usize = 1000;
const RATE_LEAST: f64 = 0.8;
/// Seconds; how far a deletion is, is noted once in one.
const COUNTED_LATE_MOST: f64 = 2.0;
/// In MB, of each agent.
const MEMORY_MOST: f64 = 200.0;
/// Seconds.
const BACK_MOST: f64 = 10.0;
const TASK_LIMIT: Duration = Duration::from_secs(1800);
