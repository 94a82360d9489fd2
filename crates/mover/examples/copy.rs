//! Copies a tree through a whole session inside one process, to measure and to profile:
//! `cargo run --example copy -- SOURCE DESTINATION`.

use std::{error::Error, io::Write as _, path::Path, sync::Arc, time::Instant};

use outport_mover::{
    rules::{FolderRule, LiveRules, RuleList, Rules},
    session::{JournalParams, Progress, SessionParams, Stop, run_local},
    store::Disk,
    system_path::from_host,
};
use outport_protocol::{
    orders::{Orders, TransferItem, TransferOrders, Work},
    ticket::Grant,
};
use outport_types::{Access, CollectionPath, EndpointId, TaskId, TransferOptions, UnixTime};
use tokio::sync::watch;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(source), Some(destination)) = (args.next(), args.next()) else {
        return Err("usage: copy SOURCE DESTINATION".into());
    };
    let (source, destination) = (Path::new(&source), Path::new(&destination));
    std::fs::create_dir_all(destination)?;
    let (source, destination) = (source.canonicalize()?, destination.canonicalize()?);
    let folder = |path: &Path, access| FolderRule { path: path.into(), access, shareable: false };
    let list = RuleList {
        folders: vec![folder(&source, Access::ReadOnly), folder(&destination, Access::ReadWrite)],
        ..RuleList::default()
    };
    let transfer = TransferOrders {
        source: EndpointId::random(),
        source_name: "source".into(),
        destination: EndpointId::random(),
        destination_name: "destination".into(),
        items: vec![TransferItem {
            source: from_host(&source)?,
            destination: from_host(&destination)?,
            recursive: Some(true),
            checksum: None,
        }],
        options: TransferOptions {
            verify: std::env::var_os("NO_VERIFY").is_none(),
            preserve_times: true,
            ..TransferOptions::default()
        },
    };
    let orders = Orders { task: TaskId::random(), work: Work::Transfer(transfer.clone()) };
    let progress: watch::Sender<Progress> = watch::Sender::default();
    let params = SessionParams {
        task: orders.task,
        orders: Arc::new(transfer),
        ticket: Vec::new(),
        grants: vec![Grant::all(CollectionPath::ROOT)],
        rules: LiveRules::new(Rules::new(&list)?),
        hub_time: UnixTime::default(),
        stop: Stop::new(),
        progress: progress.clone(),
        store: Arc::new(Disk),
        digests: None,
        limits: outport_mover::session::AgentLimits::default(),
        background: false,
    };
    let sender = SessionParams { progress: watch::Sender::default(), ..params.clone() };
    let dir = tempfile::tempdir()?;
    let journal = JournalParams { path: dir.path().join("journal"), orders: orders.digest() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let began = Instant::now();
    let end = runtime.block_on(run_local(sender, params, journal));
    let seconds = began.elapsed().as_secs_f64();
    let counts = progress.borrow().counts;
    writeln!(
        std::io::stdout(),
        "{end:?} in {seconds:.2} s: {:.0} files/s, {:.0} MB/s, peak {} MiB",
        counts.files_done as f64 / seconds,
        counts.bytes_done as f64 / seconds / 1e6,
        peak_mib(),
    )?;
    Ok(())
}

/// The most memory that this process ever had, where the system tells.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map_or(0, |kib| kib / 1024)
}
