//! How much memory a large tree takes.
#![cfg(target_os = "linux")]

use std::{error::Error, path::Path, process::Command, sync::Arc};

use outport_mover::{
    rules::{FolderRule, LiveRules, RuleList, Rules},
    session::{JournalParams, Progress, SessionEnd, SessionParams, Stop, run_local},
    store::Disk,
    system_path::from_host,
};
use outport_protocol::{
    orders::{Orders, TransferItem, TransferOrders, Work},
    ticket::Grant,
};
use outport_types::{Access, CollectionPath, EndpointId, TaskId, TransferOptions, UnixTime};
use tokio::sync::watch;

/// Both sides run in a process of their own, so that nothing else counts; together they must stay
/// below what one of them may take.
#[test]
fn a_tree_of_100_000_files_takes_little_memory_on_both_sides_together() {
    if let Some(top) = std::env::var_os(CHILD) {
        return copy(Path::new(&top)).unwrap();
    }
    // The disk is not what is measured; where there is one in memory, it is ten times faster.
    let disk = Some(Path::new("/dev/shm")).filter(|disk| disk.is_dir());
    let disk = disk.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let dir = tempfile::TempDir::with_prefix_in("outport-memory-", disk).unwrap();
    // Half of them in one directory, so that its names do not fit in memory at once.
    for n in 0..FILES {
        let parent =
            if n % 2 == 0 { "wide".to_owned() } else { format!("deep/{}/{}", n % 100, n % 7) };
        let parent = dir.path().join("src").join(parent);
        if n < 2000 {
            std::fs::create_dir_all(&parent).unwrap();
        }
        std::fs::write(parent.join(format!("a-file-with-a-usual-name-{n}")), b"x").unwrap();
    }
    std::fs::create_dir(dir.path().join("dst")).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, dir.path())
        .status()
        .unwrap();
    assert!(child.success(), "{child}");
    let peak = std::fs::read_to_string(dir.path().join("peak")).unwrap();
    let peak: u64 = peak.trim().parse().unwrap();
    assert!(peak < PEAK_KIB_MAX, "{} MiB", peak / 1024);
    let arrived = std::fs::read_dir(dir.path().join("dst/wide")).unwrap().count();
    assert_eq!(arrived, FILES / 2);
}

fn copy(top: &Path) -> Result<(), Box<dyn Error>> {
    let folder = |name: &str, access| FolderRule { path: top.join(name), access, shareable: false };
    let list = RuleList {
        folders: vec![folder("src", Access::ReadOnly), folder("dst", Access::ReadWrite)],
        ..RuleList::default()
    };
    let transfer = TransferOrders {
        source: EndpointId::random(),
        source_name: "source".into(),
        destination: EndpointId::random(),
        destination_name: "destination".into(),
        items: vec![TransferItem {
            source: from_host(&top.join("src"))?,
            destination: from_host(&top.join("dst"))?,
            recursive: Some(true),
            checksum: None,
        }],
        options: TransferOptions { preserve_times: true, ..TransferOptions::default() },
    };
    let orders = Orders { task: TaskId::random(), work: Work::Transfer(transfer.clone()) };
    let params = SessionParams {
        task: orders.task,
        orders: Arc::new(transfer),
        ticket: Vec::new(),
        grants: vec![Grant::all(CollectionPath::ROOT)],
        rules: LiveRules::new(Rules::new(&list)?),
        hub_time: UnixTime::default(),
        stop: Stop::new(),
        progress: watch::Sender::<Progress>::default(),
        store: Arc::new(Disk),
        digests: None,
        limits: outport_mover::session::AgentLimits::default(),
        background: false,
    };
    let journal = JournalParams { path: top.join("journal"), orders: orders.digest() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let end = runtime.block_on(run_local(params.clone(), params, journal));
    assert_eq!(end, SessionEnd::Finished { succeeded: true });
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).ok_or("no peak")?;
    std::fs::write(top.join("peak"), peak)?;
    Ok(())
}

const NAME: &str = "a_tree_of_100_000_files_takes_little_memory_on_both_sides_together";
const CHILD: &str = "OUTPORT_TEST_MEMORY_CHILD";
const FILES: usize = 100_000;
/// What the issue allows either side.
const PEAK_KIB_MAX: u64 = 150 * 1024;
