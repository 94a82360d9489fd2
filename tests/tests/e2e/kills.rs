//! `kill -9` of any process at any moment loses nothing.
//!
//! Each round kills one of the three processes (hub, sender, receiver) in the middle of a transfer
//! and starts it again; several rounds hit the same transfer. Meanwhile a watcher reads the final
//! names again and again, and must always see the old or the whole new content.

use std::{
    env,
    fs::{self, File},
    io::{Read as _, Seek as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use outport_tests::{
    full,
    net::Wire,
    skip,
    tree::{self, Plan},
    world::World,
};
use serde_json::Value;

#[test]
fn killed_processes_lose_nothing_and_repeat_little() -> Result<()> {
    // Several rounds to one transfer, and transfers with one round, which show what each kill costs.
    let plan: &[usize] = if full() { &FULL_ROUNDS } else { &[5, 1, 1, 1, 1, 1] };
    let seed = match env::var("OUTPORT_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => fastrand::u64(..),
    };
    println!("OUTPORT_SEED={seed}");
    let mut campaign = Campaign::new(Rng::with_seed(seed))?;
    campaign.undisturbed()?;
    for (transfer, rounds) in plan.iter().enumerate() {
        let ran = campaign.transfer(transfer, *rounds);
        ran.with_context(|| {
            format!("transfer {transfer}, seed {seed}\n{}", campaign.world.logs())
        })?;
    }
    Ok(())
}

struct Campaign {
    world: World,
    rng: Rng,
    source: PathBuf,
    bytes: u64,
    /// What an undisturbed transfer puts on the wire, headers and talk with the hub included.
    plain: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Hub,
    Sender,
    Receiver,
}

impl Campaign {
    fn new(rng: Rng) -> Result<Self> {
        let mut world = if Wire::possible() {
            World::on_wire()?
        } else {
            skip("bytes sent again are counted on a wire of our own, which needs root on Linux");
            World::new()?
        };
        world.add_agent("WorkPC")?;
        world.add_agent("Cluster")?;
        let source = world.agents[SENDER].folder.join("tree");
        tree::make(&source, PLAN, 7)?;
        let bytes = tree::bytes(&source)?;
        Ok(Self { world, rng, source, bytes, plain: 0 })
    }

    /// A transfer without a kill, to know what the wire carries then.
    fn undisturbed(&mut self) -> Result<()> {
        let copy = self.world.agents[RECEIVER].folder.join("plain");
        let agents = &self.world.agents;
        let before = self.carried()?;
        let (from, to) = (agents[SENDER].at("tree"), agents[RECEIVER].at("plain"));
        agents[SENDER].outport(&["transfer", &from, &to, "--recursive", "--wait"])?;
        if let (Some(before), Some(after)) = (before, self.carried()?) {
            self.plain = after - before;
            println!("{} bytes of content are {} on the wire", self.bytes, self.plain);
        }
        Ok(fs::remove_dir_all(copy)?)
    }

    /// One transfer with several kills, over an older copy that must never be seen torn.
    fn transfer(&mut self, number: usize, rounds: usize) -> Result<()> {
        let copy = self.world.agents[RECEIVER].folder.join(format!("copy-{number}"));
        for (name, digest) in tree::digests(&self.source)? {
            let old = copy.join(name);
            fs::create_dir_all(if digest.is_none() {
                &old
            } else {
                old.parent().context("a file is in a directory")?
            })?;
            if digest.is_some() {
                fs::write(old, OLD)?;
            }
        }
        if let Some(wire) = &self.world.wire {
            wire.limit(if rounds == 1 { PACE } else { PACE_OF_SEVERAL })?;
        }
        let watcher = Watcher::start(&self.source, &copy)?;
        let carried_before = self.carried()?;
        let (from, to) = self.ends(number);
        let task = self.world.agents[SENDER].submit(&[&from, &to, "--recursive"])?;

        let step = self.bytes * 7 / 10 / rounds as u64;
        let mut done = 0;
        let mut carried_at_last_kill = None;
        for round in 0..rounds {
            let target = step * round as u64 + self.rng.u64(1..step);
            done = self.wait_moved(&task, target.max(done + 1))?;
            let victim = *self.rng.choice(&VICTIMS).context("there are three")?;
            self.kill(victim)?;
            ensure!(0 < done && done < self.bytes, "the kill fell outside of the content");
            carried_at_last_kill = self.carried()?;
            self.restart(victim)?;
            println!(
                "transfer {number} round {round}: killed {victim:?} at {done} of {}",
                self.bytes
            );
        }
        let done = |task: &Value| task["status"] == "SUCCEEDED";
        self.world.agents[SENDER].wait_task(&task, LIMIT, done)?;
        watcher.stop()?;
        tree::compare(&self.source, &copy)?;
        let after = self.carried()?;
        if let (Some(at_kill), Some(after)) = (carried_at_last_kill, after) {
            let rest = after - at_kill;
            ensure!(CONTENT_AFTER_MIN < rest, "only {rest} bytes came after the last kill");
        }
        if let (Some(before), Some(after)) = (carried_before, after) {
            self.check_repeated(after - before, rounds)?;
        }
        fs::remove_dir_all(copy)?;
        Ok(())
    }

    fn kill(&mut self, victim: Victim) -> Result<()> {
        match victim {
            Victim::Hub => Ok(self.world.hub.take().context("the hub runs")?.kill()?),
            Victim::Sender => self.world.agents[SENDER].kill(),
            Victim::Receiver => self.world.agents[RECEIVER].kill(),
        }
    }

    fn restart(&mut self, victim: Victim) -> Result<()> {
        match victim {
            Victim::Hub => self.world.restart_hub(),
            Victim::Sender => self.world.start_agent(SENDER),
            Victim::Receiver => self.world.start_agent(RECEIVER),
        }
    }

    /// Bytes that the receiver's wire has brought so far, headers and talk with the hub included.
    fn carried(&self) -> Result<Option<u64>> {
        let wire = self.world.wire.as_ref();
        wire.map(|wire| Ok(wire.right_bytes()?.1)).transpose()
    }

    /// Waits until this much content is at the destination; returns how much it is.
    fn wait_moved(&self, task: &str, target: u64) -> Result<u64> {
        let document = self.world.agents[SENDER]
            .wait_task(task, LIMIT, |task| task["bytes_transferred"].as_u64() >= Some(target))?;
        document["bytes_transferred"].as_u64().context("a count")
    }

    fn check_repeated(&self, carried: u64, rounds: usize) -> Result<()> {
        let repeated = carried.saturating_sub(self.plain);
        println!("{repeated} bytes came again in {rounds} kills");
        let allowed = REPEATED_BYTES_MAX * rounds as u64;
        ensure!(repeated < allowed, "{repeated} bytes were sent again, more than {allowed}");
        Ok(())
    }

    fn ends(&self, number: usize) -> (String, String) {
        let agents = &self.world.agents;
        (agents[SENDER].at("tree"), agents[RECEIVER].at(&format!("copy-{number}")))
    }
}

/// Reads final names all the time.
struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64>>,
}

impl Watcher {
    fn start(source: &Path, copy: &Path) -> Result<Self> {
        let mut watched = Vec::new();
        for (name, digest) in tree::digests(source)? {
            if let Some(digest) = digest {
                watched.push((copy.join(name), digest));
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut looks = 0;
            while !asked.load(Ordering::Relaxed) {
                for (path, whole) in &watched {
                    look(path, whole)?;
                    looks += 1;
                    if asked.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
            Ok(looks)
        });
        Ok(Self { stop, thread })
    }

    fn stop(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let looks = self.thread.join().expect("the watcher does not panic")?;
        ensure!(0 < looks, "the watcher saw nothing");
        println!("the watcher looked {looks} times");
        Ok(())
    }
}

/// A name that stood there must stand there at every moment, with all of the old or of the new.
fn look(path: &Path, whole: &[u8; 32]) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("{} is gone", path.display()))?;
    let mut start = Vec::new();
    (&mut file).take(OLD.len() as u64 + 1).read_to_end(&mut start)?;
    if start == OLD {
        return Ok(());
    }
    file.rewind()?;
    let digest = tree::digest_of(file)?;
    ensure!(digest == *whole, "{} is neither old nor new", path.display());
    Ok(())
}

/// A hundred kills.
const FULL_ROUNDS: [usize; 36] = {
    let mut rounds = [1; 36];
    let mut i = 0;
    while i < 16 {
        rounds[i] = 5;
        i += 1;
    }
    rounds
};
const SENDER: usize = 0;
const RECEIVER: usize = 1;
const VICTIMS: [Victim; 3] = [Victim::Hub, Victim::Sender, Victim::Receiver];
const OLD: &[u8] = b"the content from before";
const PLAN: Plan = Plan { small_files: 3000, large_files: 1, large_bytes: (1 << 30) + 12_345 };
/// What DESIGN.md §4.4 allows to be sent again after one kill.
const REPEATED_BYTES_MAX: u64 = 64 << 20;
/// More than the talk with the hub until a task is over: content came.
const CONTENT_AFTER_MIN: u64 = 2 << 20;
/// So fast that no time is lost.
const PACE: &str = "1gbit";
/// Content moves while the hub is away and agents wait to dial it again; at this pace most of it is
/// still to come after a hub that was killed five times.
const PACE_OF_SEVERAL: &str = "500mbit";
const LIMIT: Duration = Duration::from_secs(300);
