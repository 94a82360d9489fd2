//! A file that no memory holds.

use std::{
    fs::{self, File},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use outport_tests::world::World;

use crate::watch::{Findings, figure, kill, note_peaks};

pub(crate) fn run(gibibytes: u64, found: &mut Findings) -> Result<()> {
    let mut world = World::new()?;
    world.add_agent("Near")?;
    world.add_agent("Far")?;
    let source = world.agents[0].folder.join("large");
    make(&source, gibibytes)?;
    let (from, to) = (world.agents[0].at("large"), world.agents[1].at("large"));
    let began = Instant::now();
    let task = world.agents[0].submit(&[&from, &to])?;
    world.agents[0].wait_task(&task, TASK_LIMIT, |task| task["status"] == "SUCCEEDED")?;
    let took = began.elapsed().as_secs_f64();
    found
        .tell(format!("a file of {gibibytes} GiB, a hundredth of it data"), format!("{took:.1} s"));
    note_peaks(&world, &format!("{gibibytes} GiB"), MEMORY_MOST, found)?;
    let copy = world.agents[1].folder.join("large");
    same(&source, &copy)?;
    let (here, there) = (fs::metadata(&source)?.blocks(), fs::metadata(&copy)?.blocks());
    let what = format!("{gibibytes} GiB: room that the copy takes, as a share of its source's");
    found.at_most(what, there as f64 / here as f64, ROOM_MOST, "");
    fs::remove_file(&copy)?;

    let task = world.agents[0].submit(&[&from, &to])?;
    let data = here * 512;
    for (victim, share) in [(1, 0.3), (0, 0.6)] {
        let least = (data as f64 * share) as u64;
        world.agents[0]
            .wait_task(&task, TASK_LIMIT, |task| least <= figure(task, "bytes_transferred"))?;
        let back = kill(&mut world, victim, &task)?;
        let side = ["source", "destination"][victim];
        let what =
            format!("{gibibytes} GiB: from the restart of a killed {side} to the next bytes");
        found.at_most(what, back.as_secs_f64(), BACK_MOST, "s");
    }
    world.agents[0].wait_task(&task, TASK_LIMIT, |task| task["status"] == "SUCCEEDED")?;
    note_peaks(&world, &format!("{gibibytes} GiB after kills"), MEMORY_MOST, found)?;
    same(&source, &copy)
}

/// Islands of data with holes between them, none of which begins where a block does.
fn make(path: &Path, gibibytes: u64) -> Result<()> {
    let file = File::create(path)?;
    let mut rng = fastrand::Rng::with_seed(gibibytes);
    let mut island = vec![0; ISLAND_BYTES];
    let bytes = gibibytes << 30;
    for number in 0..bytes / ISLAND_BYTES as u64 / 100 {
        rng.fill(&mut island);
        file.write_all_at(&island, number * ISLAND_BYTES as u64 * 100 + 12_345)?;
    }
    file.set_len(bytes)?;
    Ok(())
}

/// Compares two files piece by piece; what is a hole in both is read as quickly as the system can.
fn same(left: &Path, right: &Path) -> Result<()> {
    let (left, right) = (File::open(left)?, File::open(right)?);
    let bytes = left.metadata()?.len();
    ensure!(bytes == right.metadata()?.len(), "the copy has another size");
    let (mut here, mut there) = (vec![0; ISLAND_BYTES], vec![0; ISLAND_BYTES]);
    let mut at = 0;
    while at < bytes {
        let Some(next) = next_data(&left, at)?.into_iter().chain(next_data(&right, at)?).min()
        else {
            break;
        };
        at = next;
        let piece = usize::try_from((bytes - at).min(ISLAND_BYTES as u64))?;
        left.read_exact_at(&mut here[..piece], at)?;
        right.read_exact_at(&mut there[..piece], at)?;
        ensure!(here[..piece] == there[..piece], "the copy differs near byte {at}");
        at += piece as u64;
    }
    Ok(())
}

/// Where data begins at or after a place; `None` when only a hole follows.
fn next_data(file: &File, at: u64) -> Result<Option<u64>> {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
        Ok(found) => Ok(Some(found)),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const ISLAND_BYTES: usize = 16 * 1024 * 1024;
/// In MB, of each agent.
const MEMORY_MOST: f64 = 200.0;
/// The file system may give whole blocks where data ends.
const ROOM_MOST: f64 = 1.05;
/// Seconds.
const BACK_MOST: f64 = 2.0;
const TASK_LIMIT: Duration = Duration::from_secs(1800);
