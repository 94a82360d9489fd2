//! What is copied, by whom and how often.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use outport_tests::{process, world::World};

use crate::{
    data,
    group::{Group, Sample},
    line::{self, Line, Path as LinePath},
    peers::{Job, PEERS, Peer, Place},
    table::{OURS, Row, table},
};

/// A tree, and what is done with it.
#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    title: &'static str,
    tree: Tree,
    repeat: Repeat,
    between: Between,
}

/// What is between the two ends.
#[derive(Clone, Copy, Debug)]
enum Between {
    /// Nothing: they are one host.
    Nothing,
    /// Two hosts on one wire, which keep to QUIC: in packets of Ethernet's size.
    Wire,
    Line(LinePath),
}

#[derive(Clone, Copy, Debug)]
enum Tree {
    Large { mebibytes: u64 },
    Small { directories: usize, files: usize },
    Mixed,
}

/// Whether the tree is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    First,
    Nothing,
    OnePercent,
}

const LARGE: Tree = Tree::Large { mebibytes: 2048 };
const LINE_LARGE: Tree = Tree::Large { mebibytes: 512 };
const SMALL: Tree = Tree::Small { directories: 200, files: 100 };
const LINE_SMALL: Tree = Tree::Small { directories: 20, files: 100 };

const CASES: [Case; 14] = [
    Case::here("large", "One file of 2 GiB", LARGE, Repeat::First),
    Case::here("small", "20,000 files of 10 KiB in 200 directories", SMALL, Repeat::First),
    Case::here("mixed", "1 GiB of the system's libraries", Tree::Mixed, Repeat::First),
    Case::here("same", "The 20,000 files again, nothing changed", SMALL, Repeat::Nothing),
    Case::here("changed", "The 20,000 files again, 1 % changed", SMALL, Repeat::OnePercent),
    Case::here("same-mixed", "The libraries again, nothing changed", Tree::Mixed, Repeat::Nothing),
    Case::here(
        "changed-mixed",
        "The libraries again, 1 % changed",
        Tree::Mixed,
        Repeat::OnePercent,
    ),
    Case {
        between: Between::Wire,
        ..Case::here("large-quic", "One file of 2 GiB over a wire, by QUIC", LARGE, Repeat::First)
    },
    Case::over("campus-large", "512 MiB over a campus", LINE_LARGE, line::CAMPUS),
    Case::over("wan-large", "512 MiB over a continent", LINE_LARGE, line::WAN),
    Case::over("bad-large", "512 MiB over a bad line", LINE_LARGE, line::BAD),
    Case::over("campus-small", "2,000 files of 10 KiB over a campus", LINE_SMALL, line::CAMPUS),
    Case::over("wan-small", "2,000 files of 10 KiB over a continent", LINE_SMALL, line::WAN),
    Case::over("bad-small", "2,000 files of 10 KiB over a bad line", LINE_SMALL, line::BAD),
];

impl Case {
    const fn here(name: &'static str, title: &'static str, tree: Tree, repeat: Repeat) -> Self {
        Self { name, title, tree, repeat, between: Between::Nothing }
    }

    const fn over(name: &'static str, title: &'static str, tree: Tree, path: LinePath) -> Self {
        Self { name, title, tree, repeat: Repeat::First, between: Between::Line(path) }
    }
}

/// Measures the cases of these names, all unless any is given, and returns the tables.
pub(crate) fn run(cases: &[String], peers: &[String], runs: usize) -> Result<String> {
    ensure!(0 < runs, "nothing is measured without a run");
    known("case", cases, &CASES.map(|case| case.name))?;
    known("program", peers, &PEERS)?;
    let wanted = |name: &str, list: &[String]| list.is_empty() || list.iter().any(|n| n == name);
    let mut text = String::new();
    for case in CASES.iter().filter(|case| wanted(case.name, cases)) {
        let names: Vec<&str> = PEERS.into_iter().filter(|name| wanted(name, peers)).collect();
        let part = measure(case, &names, runs)?;
        println!("{part}");
        text += &part;
    }
    Ok(text)
}

/// Refuses a name that nothing has: it would be left out without a word.
fn known(what: &str, names: &[String], all: &[&str]) -> Result<()> {
    match names.iter().find(|name| !all.contains(&name.as_str())) {
        Some(name) => bail!("no {what} `{name}`; there are {}", all.join(", ")),
        None => Ok(()),
    }
}

fn measure(case: &Case, names: &[&str], runs: usize) -> Result<String> {
    let mut text = format!("\n### {}\n\n", case.title);
    // Before all that works in it, so that it goes last.
    let ours = Group::new("outport")?;
    let (mut world, line, network) = match case.between {
        Between::Nothing => (World::new()?, None, ""),
        Between::Wire => (World::on_wire()?, None, "tcp = false"),
        Between::Line(path) => {
            let world = World::on_wire()?;
            let wire = world.wire.as_ref().context("the world is on a wire")?;
            let line = Line::lay(path, wire.left(), wire.right())?;
            writeln!(text, "{}\n", line.describe()?)?;
            (world, Some(line), "")
        }
    };
    world.add_agent_with("Near", network, &[])?;
    world.add_agent_with("Far", network, &[])?;
    let wire = world.wire.as_ref();
    let place = Place {
        near: wire.map(|wire| wire.left().to_owned()),
        far: wire.map(|wire| wire.right().to_owned()),
        address: wire.map_or("127.0.0.1".to_owned(), |_| line::FAR.to_owned()),
    };
    let source = world.agents[0].folder.join("source");
    match case.tree {
        Tree::Large { mebibytes } => data::large(&source, mebibytes)?,
        Tree::Small { directories, files } => data::small(&source, directories, files)?,
        Tree::Mixed => data::mixed(&source, 1024 * 1024 * 1024)?,
    }
    let (_, bytes) = data::size(&source)?;
    for process in [&world.hub, &world.agents[0].process, &world.agents[1].process] {
        ours.take(process.as_ref().context("it runs")?.id())?;
    }
    let folder = world.path("peers");
    let mut peers = Vec::new();
    for name in names {
        let peer = Peer::start(name, &folder, &place)?;
        if case.repeat == Repeat::First || peer.repeats() {
            peers.push(peer);
        }
    }
    let bench = Bench { case, world: &world, ours: &ours, source: &source, limit: line.is_some() };
    let mut rows: Vec<Row> = [OURS]
        .into_iter()
        .chain(peers.iter().map(|peer| peer.name))
        .map(|name| Row { name, samples: Vec::new() })
        .collect();
    for round in 0..runs {
        if case.repeat == Repeat::OnePercent && round != 0 {
            data::change_one_percent(&source, round as u8)?;
        }
        for (index, row) in rows.iter_mut().enumerate() {
            let peer = index.checked_sub(1).map(|index| &peers[index]);
            match bench.once(peer, round) {
                Ok(Some(sample)) => row.samples.push(sample),
                Ok(None) => {}
                // Another program's trouble is told and does not end the measurement; ours does.
                Err(error) if peer.is_some() => eprintln!("{}: {error:#}", row.name),
                Err(error) => {
                    eprintln!("{}", world.logs());
                    return Err(error);
                }
            }
        }
    }
    text += &table(&rows, bytes);
    Ok(text)
}

struct Bench<'a> {
    case: &'a Case,
    world: &'a World,
    ours: &'a Group,
    source: &'a Path,
    limit: bool,
}

impl Bench<'_> {
    /// One run; `None` for one that only prepares.
    fn once(&self, peer: Option<&Peer>, round: usize) -> Result<Option<Sample>> {
        let destination = match peer {
            None => self.world.agents[1].folder.join("copy"),
            Some(peer) => self.world.path(&format!("copy-{}", peer.name.len())),
        };
        let again = self.case.repeat != Repeat::First;
        if !again {
            remove(&destination)?;
        }
        let job = Job { source: self.source, destination: &destination, again };
        let sample = match peer {
            None => self.ours.measure(&self.transfer(job))?,
            // Where another program would take minutes, it is enough to know that.
            Some(peer) => peer.measure(job, self.limit.then_some(PATIENCE))?,
        };
        same(self.source, &destination)?;
        // The copies of others would only fill the memory.
        if !again {
            remove(&destination)?;
        }
        Ok((!again || round != 0).then_some(sample))
    }

    /// The whole command as people type it.
    fn transfer(&self, job: Job<'_>) -> Command {
        let agent = &self.world.agents[0];
        let far = &self.world.agents[1];
        let mut command = agent.command();
        command.args(["transfer", "--wait"]);
        if job.again {
            command.args(["--sync-level", "mtime"]);
        }
        if job.source.is_dir() {
            command.arg("--recursive");
        }
        command.arg("--preserve-times");
        command.arg(agent.at("source")).arg(far.at("copy"));
        command
    }
}

fn remove(path: &PathBuf) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// The system's own tool says whether the copy is one.
fn same(source: &Path, destination: &Path) -> Result<()> {
    let mut compare = Command::new("diff");
    compare.args(["-r", "-q", "--no-dereference"]).arg(source).arg(destination);
    let done = process::run(&mut compare, Duration::from_secs(300))?;
    let first = done.stdout.lines().next().unwrap_or(done.stderr.trim());
    ensure!(done.code == Some(0), "the copy is not its source: {first}");
    Ok(())
}

/// As long as others may take over a line.
const PATIENCE: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nothing_has_is_refused_with_those_that_there_are() {
        let refused = |cases: &[&str], peers: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let (cases, peers): (Vec<_>, Vec<_>) = (owned(cases), owned(peers));
            run(&cases, &peers, 1).unwrap_err().to_string()
        };
        assert!(refused(&["larg"], &[]).starts_with("no case `larg`; there are large, small, "));
        let error = refused(&["large"], &["cp", "rsink"]);
        assert!(error.starts_with("no program `rsink`; there are cp, rsyncd, "), "{error}");
    }
}
