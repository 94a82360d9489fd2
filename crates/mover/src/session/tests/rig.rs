//! A source, a destination, and disks that behave badly on purpose.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use outport_protocol::{
    orders::{Orders, TransferItem, Work},
    report::Report,
};
use outport_types::{CollectionPath, EndpointId, Name, TransferOptions};
use tokio::sync::watch;

use super::*;
use crate::{
    digests::DigestCache,
    journal_file::ReportTail,
    reports::report,
    resolver::{Directory, OpenFile},
    store::Disk,
};

/// Two directories, `src` and `dst`, and a task that copies one to the other.
pub(super) struct Rig {
    pub(super) world: Arc<World>,
    pub(super) rules: LiveRules,
    pub(super) orders: Orders,
    pub(super) stop: Stop,
    pub(super) sent: watch::Sender<Progress>,
    pub(super) received: watch::Sender<Progress>,
    pub(super) disk: Arc<dyn Store>,
    pub(super) digests: Option<Arc<DigestCache>>,
    pub(super) background: bool,
}

impl Rig {
    pub(super) fn new() -> Self {
        let world = Arc::new(World::new());
        world.dir("src");
        world.dir("dst");
        let transfer = TransferOrders {
            source: EndpointId::from_bytes([1; 16]),
            source_name: "smith#WorkPC".into(),
            destination: EndpointId::from_bytes([2; 16]),
            destination_name: "smith#Cluster".into(),
            items: Vec::new(),
            options: TransferOptions { preserve_times: true, ..TransferOptions::default() },
        };
        let mut rig = Self {
            rules: world.rules(&["ro:src", "rw:dst"]),
            world,
            orders: Orders { task: TaskId::random(), work: Work::Transfer(transfer) },
            stop: Stop::new(),
            sent: watch::Sender::default(),
            received: watch::Sender::default(),
            disk: Arc::new(Disk),
            digests: None,
            background: false,
        };
        rig.items(&[("src", "dst")]);
        rig
    }

    /// The same world after a stop.
    pub(super) fn again(&self) -> Self {
        Self {
            world: self.world.clone(),
            rules: self.rules.clone(),
            orders: self.orders.clone(),
            stop: Stop::new(),
            sent: watch::Sender::default(),
            received: watch::Sender::default(),
            disk: self.disk.clone(),
            digests: self.digests.clone(),
            background: self.background,
        }
    }

    pub(super) fn transfer(&mut self) -> &mut TransferOrders {
        match &mut self.orders.work {
            Work::Transfer(orders) => orders,
            Work::Delete(_) => panic!("a deletion"),
        }
    }

    pub(super) fn items(&mut self, items: &[(&str, &str)]) {
        let items = items.iter().map(|(source, destination)| TransferItem {
            source: self.world.path(source),
            destination: self.world.path(destination),
            recursive: None,
            checksum: None,
        });
        self.transfer().items = items.collect();
    }

    pub(super) fn params(
        &self,
        store: &Arc<dyn Store>,
        progress: &watch::Sender<Progress>,
    ) -> SessionParams {
        let Work::Transfer(orders) = &self.orders.work else {
            panic!("a deletion");
        };
        SessionParams {
            task: self.orders.task,
            orders: Arc::new(orders.clone()),
            ticket: b"ticket".to_vec(),
            grants: vec![Grant::all(CollectionPath::ROOT)],
            rules: self.rules.clone(),
            hub_time: UnixTime::from_seconds(1000),
            stop: self.stop.clone(),
            progress: progress.clone(),
            store: store.clone(),
            digests: self.digests.clone(),
            limits: AgentLimits::default(),
            background: self.background,
        }
    }

    pub(super) fn journal(&self) -> JournalParams {
        let digest = self.orders.digest();
        let name = format!("journal-{:02x}{:02x}", digest[0], digest[1]);
        JournalParams { path: self.world.top.join(name), orders: digest }
    }

    /// Runs a session to its end.
    pub(super) async fn run(&self) -> [SessionEnd; 2] {
        tokio::time::timeout(Duration::from_secs(60), self.start(&self.disk, &self.disk))
            .await
            .expect("a session ends")
    }

    pub(super) fn start(
        &self,
        source: &Arc<dyn Store>,
        destination: &Arc<dyn Store>,
    ) -> impl Future<Output = [SessionEnd; 2]> + use<> {
        let (left, right) = outport_link::pair();
        let sender = run_sender(self.params(source, &self.sent), left);
        let receiver =
            run_receiver(self.params(destination, &self.received), self.journal(), right);
        async {
            let (sent, received) = tokio::join!(sender, receiver);
            [sent, received]
        }
    }

    /// Cuts one session after the other, the nth after so many reads, until one comes to its end;
    /// says how that was, and how many were cut.
    pub(super) async fn run_cut(
        &self,
        destination: &Arc<dyn Store>,
        reads: impl Fn(usize) -> usize,
    ) -> ([SessionEnd; 2], usize) {
        for round in 0..CUTS_MAX {
            let counted = self.slow(Duration::ZERO);
            let session = self.start(&counted.store(), destination);
            tokio::select! {
                ends = session => return (ends, round),
                () = counted.read.wait(reads(round)) => {}
            }
        }
        panic!("it never ends");
    }

    pub(super) async fn run_local(&self) -> SessionEnd {
        let source = self.params(&self.disk, &self.sent);
        let destination = self.params(&self.disk, &self.received);
        super::run_local(source, destination, self.journal()).await
    }

    pub(super) fn reports(&self) -> Vec<Report> {
        let journal = self.journal();
        let tail = ReportTail::open(&journal.path, self.orders.task, journal.orders);
        let records = tail.unwrap().next(0, u64::MAX, 1_000_000).unwrap();
        records.into_iter().filter_map(|(_, record)| report(&self.orders, record)).collect()
    }

    /// What was told with this code: of which path, and why.
    pub(super) fn told(&self, code: EventCode) -> Vec<(String, String)> {
        let told = self.reports().into_iter().filter_map(|report| match report {
            Report::Event(event) if event.code == code => {
                let problem = event.problem.unwrap();
                Some((problem.args["path"].to_string(), problem.args["reason"].to_string()))
            }
            Report::Transferred(_)
            | Report::Skipped(_)
            | Report::Event(_)
            | Report::Finished(_)
            | Report::Difference(_) => None,
        });
        told.collect()
    }

    pub(super) fn slow(&self, pause: Duration) -> Slow {
        Slow { pause, read: Arc::default(), bytes: Arc::default() }
    }

    /// A disk that reads some blocks wrongly the first times.
    pub(super) fn rotten(&self, times: usize) -> Arc<dyn Store> {
        Arc::new(Rotten(AtomicUsize::new(times)))
    }

    /// A disk on which files with this in their name cannot be opened.
    pub(super) fn locked(&self, part: &'static str) -> Arc<dyn Store> {
        Arc::new(Locked(part))
    }

    /// Puts a small file system in the place of `dst`.
    #[cfg(target_os = "linux")]
    pub(super) fn small_disk(&self) -> SmallDisk {
        self.small_disk_at(&self.world.top.join("dst"))
    }

    /// The same in the place of another directory.
    #[cfg(target_os = "linux")]
    pub(super) fn small_disk_at(&self, place: &Path) -> SmallDisk {
        let flags = rustix::mount::MountFlags::empty();
        rustix::mount::mount("tmpfs", place, "tmpfs", flags, c"size=8m").unwrap();
        SmallDisk(place.to_owned())
    }

    /// A disk that is full for so many writes.
    pub(super) fn full(&self, times: usize) -> Arc<dyn Store> {
        Arc::new(Full(AtomicUsize::new(times)))
    }
}

/// A file system of 8 MiB.
#[cfg(target_os = "linux")]
pub(super) struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH).ok();
    }
}

/// Every file with its content, every directory without.
pub(super) fn tree(top: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![top.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let relative = path.strip_prefix(top).unwrap().to_path_buf();
            let kind = path.symlink_metadata().unwrap();
            if kind.is_dir() {
                found.insert(relative, None);
                todo.push(path);
            } else if kind.is_file() {
                found.insert(relative, Some(std::fs::read(path).unwrap()));
            }
        }
    }
    found
}

/// A disk that takes its time to read, and counts.
#[derive(Clone, Debug)]
pub(super) struct Slow {
    pause: Duration,
    pub(super) read: Arc<Counter>,
    bytes: Arc<[AtomicUsize; 2]>,
}

#[derive(Debug, Default)]
pub(super) struct Counter(watch::Sender<usize>);

impl Counter {
    pub(super) async fn wait(&self, count: usize) {
        self.0.subscribe().wait_for(|now| count <= *now).await.unwrap();
    }

    pub(super) fn count(&self) -> usize {
        *self.0.borrow()
    }
}

impl Slow {
    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    pub(super) fn bytes_read(&self) -> usize {
        self.bytes[0].load(Ordering::Relaxed)
    }

    pub(super) fn bytes_written(&self) -> usize {
        self.bytes[1].load(Ordering::Relaxed)
    }
}

impl Store for Slow {
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read.0.send_modify(|count| *count += 1);
        // tidy: allow(sleep): this disk is slow, that is what it is for
        std::thread::sleep(self.pause);
        let read = Disk.read_at(file, buffer, offset)?;
        self.bytes[0].fetch_add(read, Ordering::Relaxed);
        Ok(read)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.bytes[1].fetch_add(bytes.len(), Ordering::Relaxed);
        Disk.write_at(file, bytes, offset)
    }
}

#[derive(Debug)]
struct Rotten(AtomicUsize);

impl Store for Rotten {
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = Disk.read_at(file, buffer, offset)?;
        let left = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if left.is_ok()
            && let Some(byte) = buffer.first_mut()
        {
            *byte ^= 1;
        }
        Ok(read)
    }
}

#[derive(Debug)]
struct Full(AtomicUsize);

impl Store for Full {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let left = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if left.is_ok() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Disk.write_at(file, bytes, offset)
    }
}

#[derive(Debug)]
struct Locked(&'static str);

impl Store for Locked {
    fn open(&self, directory: &Directory, name: &Name) -> Result<OpenFile, Refused> {
        if name.text().contains(self.0) {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
        }
        Disk.open(directory, name)
    }
}

const CUTS_MAX: usize = 100;
