//! What a seed decides: the trees, the limits, and everything that goes wrong and when.

use std::{sync::Arc, time::Duration};

use outport_protocol::{
    orders::{TransferItem, TransferOrders},
    session::{
        Config, Fault, LeftKind, Limits, LinkTarget, Naming, Place, looks_replaced, temp_name,
        temp_prefix,
    },
};
use outport_types::{
    ChecksumAlgorithm, Code, CollectionPath, Conflict, EndpointId, ExternalChecksum, Extras,
    FilterKind, FilterRule, Name, Names, Purpose, Symlinks, SyncLevel, TaskId, TransferOptions,
    UnixTime,
};

use crate::{
    disk::{Disk, Ino, ROOT},
    mutation::Mutation,
    rx::is_bad,
    source::{Node, Source, Way, dug, random_bytes},
};

/// What a seed decides.
#[derive(Debug)]
pub struct Plan {
    /// What both sides know.
    pub config: Config,
    /// What goes wrong at a moment.
    pub mishaps: Vec<(Duration, Mishap)>,
    /// After this nothing goes wrong any more.
    pub horizon: Duration,
    /// How long a frame travels, in microseconds.
    pub latency: (u64, u64),
    /// How long one step of a disk takes, in microseconds.
    pub disk_step: (u64, u64),
    /// Data streams.
    pub streams: usize,
    /// How often the destination's disk fails: one in so many steps.
    pub write_faults: Option<u32>,
    /// How often the source's disk fails.
    pub read_faults: Option<u32>,
    /// How often a written block changes on the disk by itself.
    pub rot: Option<u32>,
    /// How often the body of a data frame is damaged.
    pub damage: Option<u32>,
    /// Who lies, and how often: one in so many frames.
    pub liar: Option<(Liar, u32)>,
    /// Whether the task may fail, because something is wrong for good.
    pub may_fail: bool,
    /// Whether files have holes.
    pub holes: bool,
}

/// Something that goes wrong at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The link breaks.
    Cut,
    /// The sender is killed.
    KillSender,
    /// The receiver is killed; its disk keeps what was written.
    KillReceiver,
    /// The receiver's computer loses power: what was not flushed is forgotten.
    PowerLoss,
    /// A user does something to a file at the source.
    Edit,
    /// The receiver's disk is full.
    Full,
    /// There is room again.
    Room,
    /// The receiver is told to stop, as for a pause.
    Stop,
}

/// Who lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liar {
    /// The one that sends.
    Sender,
    /// The one that receives.
    Receiver,
}

/// The two disks at the beginning.
#[derive(Debug)]
pub struct Scene {
    /// The disk that is read.
    pub source: Source,
    /// The disk that is written.
    pub disk: Disk,
    /// The directory of the journal.
    pub journal_dir: Ino,
}

impl Plan {
    /// Decides everything from the seed; in a world of its own kind files have `holes`.
    pub fn new(rng: &mut fastrand::Rng, holes: bool) -> (Self, Scene) {
        let items = items(rng);
        let orders = orders(rng, items);
        let task = TaskId::from_bytes([7; 16]);
        let limits = limits(rng);
        let started = UnixTime::from_seconds(1_700_000_000);
        let config = Config { task, orders: Arc::new(orders), limits, started };
        let mut plan = Self {
            config,
            mishaps: Vec::new(),
            horizon: Duration::from_millis(rng.u64(50..3000)),
            latency: *rng.choice(&[(50, 500), (1000, 5000), (10_000, 60_000)]).expect("not empty"),
            disk_step: *rng.choice(&[(20, 200), (100, 3000), (500, 30_000)]).expect("not empty"),
            streams: rng.usize(1..=4),
            write_faults: None,
            read_faults: None,
            rot: None,
            damage: None,
            liar: None,
            may_fail: false,
            holes,
        };
        let scene = plan.scene(rng);
        plan.go_wrong(rng);
        (plan, scene)
    }

    fn scene(&mut self, rng: &mut fastrand::Rng) -> Scene {
        let mut source = Source::default();
        source.holes = self.holes;
        source.put(vec![], Node::Dir);
        let mut disk = Disk::default();
        let journal_dir = disk.mkdir(ROOT, &name("state"));
        let outside = disk.mkdir(ROOT, &name("outside"));
        let precious = disk.create(outside, &name("precious"), time(1));
        disk.write(precious, 0, b"never touch this", time(1)).expect("there is room");
        let dst = disk.mkdir(ROOT, &name("dst"));
        for item in 0..self.config.orders.items.len() as u32 {
            let ordered = self.config.orders.items[item as usize].clone();
            let way = ordered.source.names().to_vec();
            for depth in 1..way.len() {
                source.put(way[..depth].to_vec(), Node::Dir);
            }
            if ordered.recursive == Some(false) {
                let content = if self.holes { dug(content(rng)) } else { content(rng) };
                if rng.u8(..3) == 0 {
                    let is_wrong = rng.u8(..3) == 0;
                    let said = if is_wrong { checksum(b"else") } else { checksum(&content) };
                    let orders = Arc::make_mut(&mut self.config.orders);
                    orders.items[item as usize].checksum = Some(said);
                    self.may_fail |= is_wrong;
                }
                source.put_file(way, content, time(rng.i64(1..1000)));
                continue;
            }
            source.put(way.clone(), Node::Dir);
            self.fill(rng, &mut source, &way, 0);
        }
        if rng.bool() {
            self.before(rng, &source, &mut disk, dst, precious);
        }
        disk.sync_all();
        disk.precious.insert(precious);
        Scene { source, disk, journal_dir }
    }

    /// Fills a directory of the source.
    fn fill(&mut self, rng: &mut fastrand::Rng, source: &mut Source, dir: &Way, depth: u8) {
        for _ in 0..rng.usize(..=if depth == 0 { 12 } else { 5 }) {
            let mut way = dir.clone();
            way.push(odd_name(rng));
            if source.at(&way).is_some() {
                continue;
            }
            match rng.u8(..20) {
                0..=3 if depth < 3 => {
                    source.put(way.clone(), Node::Dir);
                    self.fill(rng, source, &way, depth + 1);
                }
                4 if rng.bool() => source.put(way, Node::Left(LeftKind::Pipe)),
                4 => source.put(way, Node::Link(link(rng))),
                5 if rng.u8(..8) == 0 => {
                    self.may_fail |= !self.config.orders.options.skip_source_errors;
                    let fault = Fault::never(Code::OsPermission, "");
                    source.put(way, Node::Broken(fault));
                }
                _ => source.put_file(way, content(rng), time(rng.i64(1..1000))),
            }
        }
    }

    /// What stood at the destination before.
    fn before(
        &mut self,
        rng: &mut fastrand::Rng,
        source: &Source,
        disk: &mut Disk,
        dst: Ino,
        precious: Ino,
    ) {
        let prefix = temp_prefix(self.config.task);
        for (item, ordered) in self.config.orders.items.clone().iter().enumerate() {
            if ordered.destination.names().len() != 2 || ordered.recursive == Some(false) {
                continue;
            }
            let Some(top) = ordered.destination.file_name() else { continue };
            let dir = disk.mkdir(dst, top);
            let place = Place::item(item as u32);
            let at = outport_protocol::session::Dir::at(&place, 0).expect("short");
            for _ in 0..rng.usize(..4) {
                let name = odd_name(rng);
                let mut way = ordered.source.names().to_vec();
                way.push(name.clone());
                if source.at(&way).is_some() || is_bad(&name) {
                    continue;
                }
                if rng.bool() {
                    put(disk, dir, &name, &content(rng), rng.i64(1..1000));
                } else {
                    let below = disk.mkdir(dir, &name);
                    put(disk, below, &odd_name(rng), &content(rng), rng.i64(1..1000));
                }
                // A source that looks empty is no reason to remove anything.
                let options = &self.config.orders.options;
                let is_empty = source.list(ordered.source.names()).is_empty();
                self.may_fail |=
                    is_empty && options.extras != Extras::Stay && !options.empty_source;
            }
            for entry in source.list(ordered.source.names()) {
                let mut way = ordered.source.names().to_vec();
                way.push(entry.clone());
                let own = entry;
                let entry = local_name(&self.config.orders.options, &own);
                if let Some(Node::Link(target)) = source.at(&way) {
                    match rng.u8(..4) {
                        0 => put(disk, dir, &entry, &content(rng), rng.i64(1..1000)),
                        1 => disk.symlink(dir, &entry, b"elsewhere"),
                        2 => disk.symlink(dir, &entry, target.as_bytes()),
                        _ => {}
                    }
                }
                let Some(Node::File(ino)) = source.at(&way) else { continue };
                let data = source.read(*ino, 0, usize::MAX);
                match rng.u8(..12) {
                    0..=2 => {
                        let old = random_bytes(rng, data.len());
                        put(disk, dir, &entry, &old, rng.i64(1..1000));
                    }
                    3 => put(disk, dir, &entry, &data, rng.i64(1..1000)),
                    4 => put(disk, dir, &entry, &content(rng), rng.i64(1..1000)),
                    5 => disk.symlink(dir, &entry, b"elsewhere"),
                    6 if rng.u8(..6) == 0 => {
                        disk.mkdir(dir, &entry);
                        self.may_fail |= self.config.orders.options.conflict != Conflict::Rename;
                    }
                    7 => {
                        // Somebody prepared the temporary name as another name of a file elsewhere.
                        let naming = Naming::OWN;
                        let place = Place { dir: at.clone(), name: Some(own), naming };
                        disk.hard_link(dir, &temp_name(&prefix, &place.key()), precious);
                    }
                    _ => {}
                }
            }
        }
    }

    fn go_wrong(&mut self, rng: &mut fastrand::Rng) {
        let at = |rng: &mut fastrand::Rng, plan: &Self| {
            Duration::from_micros(rng.u64(..plan.horizon.as_micros() as u64))
        };
        let breaks = [Mishap::Cut, Mishap::KillSender, Mishap::KillReceiver, Mishap::PowerLoss];
        for _ in 0..*rng.choice(&[0, 1, 2, 4, 8]).expect("not empty") {
            let mishap = *rng.choice(&breaks).expect("not empty");
            self.mishaps.push((at(rng, self), mishap));
        }
        if rng.u8(..8) == 0 {
            self.mishaps.push((at(rng, self), Mishap::Stop));
        }
        if rng.u8(..4) == 0 {
            for _ in 0..rng.usize(1..12) {
                self.mishaps.push((at(rng, self), Mishap::Edit));
            }
            self.may_fail = true;
        }
        if rng.u8(..8) == 0 {
            self.mishaps.push((at(rng, self), Mishap::Full));
            self.mishaps.push((self.horizon, Mishap::Room));
            self.may_fail |= self.config.orders.options.fail_on_quota;
        }
        match rng.u8(..32) {
            0..=1 => self.write_faults = Some(rng.u32(5..60)),
            2 => self.read_faults = Some(rng.u32(5..60)),
            3..=4 if self.config.orders.options.verify => self.rot = Some(rng.u32(4..40)),
            5..=6 => self.damage = Some(rng.u32(4..40)),
            7..=8 => self.liar = Some((Liar::Sender, rng.u32(3..40))),
            9 => self.liar = Some((Liar::Receiver, rng.u32(3..40))),
            _ => return,
        }
        self.may_fail = true;
    }

    /// Makes some seeds, and all of a mutation that matters there only, previews and checks. Chance
    /// has no part in it, so that seeds stay what they are.
    pub fn look(&mut self, seed: u64, mutation: Option<Mutation>) {
        let purpose = match (mutation, seed % 10) {
            (None, 2) => Purpose::Preview,
            (None, 5) => Purpose::Check,
            (None, 9) => {
                // Those whose files have holes, every other time.
                return Arc::make_mut(&mut self.config.orders).options.preserve_xattrs = true;
            }
            (None, 0 | 4) if seed % 20 != 14 => {
                return Arc::make_mut(&mut self.config.orders).options.preserve_hard_links = true;
            }
            (Some(Mutation::MakeAnyway), _) => Purpose::Preview,
            (Some(_) | None, _) => return,
        };
        let options = &mut Arc::make_mut(&mut self.config.orders).options;
        options.purpose = purpose;
        if purpose == Purpose::Check {
            (options.conflict, options.extras) = (Conflict::Overwrite, Extras::Stay);
            options.sync_level.get_or_insert(SyncLevel::Checksum);
        }
    }

    /// Makes what a mutation spoils more likely to matter.
    pub fn provoke(&mut self, mutation: Mutation, rng: &mut fastrand::Rng) {
        let micros = self.horizon.as_micros() as u64;
        let mut add = |plan: &mut Self, mishap, times| {
            for _ in 0..times {
                plan.mishaps.push((Duration::from_micros(rng.u64(..micros)), mishap));
            }
        };
        match mutation {
            Mutation::SkipHashCheck => self.damage = Some(3),
            Mutation::SkipReadBack => {
                Arc::make_mut(&mut self.config.orders).options.verify = true;
                self.rot = Some(3);
            }
            Mutation::IgnoreChange | Mutation::SkipFinishSize => {
                add(self, Mishap::Edit, 30);
                self.may_fail = true;
            }
            Mutation::SkipTouchedSync | Mutation::SkipSweep | Mutation::SkipSweepSync => {
                add(self, Mishap::Edit, 20);
                add(self, Mishap::PowerLoss, 3);
                self.may_fail = true;
            }
            Mutation::SkipFileSync
            | Mutation::SkipTempDirSync
            | Mutation::SkipPlacedDirSync
            | Mutation::LateDirSync
            | Mutation::SkipItemDirSync
            | Mutation::SkipHeldSync
            | Mutation::SkipPlacingSync
            | Mutation::SkipDoneSync
            | Mutation::SkipFinishedSync
            | Mutation::SkipJournalDirSync
            | Mutation::KeepTornEnd => add(self, Mishap::PowerLoss, 4),
            // A killed process leaves an append that was not flushed; a power loss takes it.
            Mutation::SkipStartSync => {
                add(self, Mishap::KillReceiver, 6);
                add(self, Mishap::PowerLoss, 4);
            }
            Mutation::SkipDirTimes => {
                Arc::make_mut(&mut self.config.orders).options.preserve_times = true;
            }
            Mutation::SweepTouches => {
                Arc::make_mut(&mut self.config.orders).options.preserve_times = true;
                add(self, Mishap::KillReceiver, 6);
                add(self, Mishap::Edit, 20);
                self.may_fail = true;
            }
            Mutation::SkipLinks | Mutation::RemoveForLink => {
                let options = &mut Arc::make_mut(&mut self.config.orders).options;
                (options.symlinks, options.conflict) = (Symlinks::Keep, Conflict::Overwrite);
            }
            Mutation::IgnoreFilter => self.provoke_filters(),
            Mutation::SkipExtras | Mutation::RemoveKnown | Mutation::RemoveHidden => {
                self.provoke_extras(mutation);
            }
            Mutation::KeepOldBytes => {
                self.do_not_read_back();
                add(self, Mishap::Edit, 30);
            }
            Mutation::TakeBadNames | Mutation::IgnoreFreeName => self.provoke_names(mutation),
            Mutation::IgnoreChecksum => self.provoke_checksums(),
            Mutation::SkipAttributes => {
                Arc::make_mut(&mut self.config.orders).options.preserve_xattrs = true;
            }
            Mutation::CopyNames => self.provoke_ties(),
            Mutation::CopyIntoPlace
            | Mutation::SkipFinishTime
            | Mutation::ReuseTemp
            | Mutation::MakeAnyway => {}
        }
    }

    fn provoke_ties(&mut self) {
        let options = &mut Arc::make_mut(&mut self.config.orders).options;
        options.preserve_hard_links = true;
        (options.sync_level, options.conflict) = (None, Conflict::Overwrite);
    }

    fn provoke_filters(&mut self) {
        let rule = FilterRule { include: false, only: None, name: "[a-z]*".into() };
        let options = &mut Arc::make_mut(&mut self.config.orders).options;
        (options.filters, options.extras) = (vec![rule], Extras::Stay);
    }

    /// What would be noticed then has to show in what is left in the end.
    fn do_not_read_back(&mut self) {
        Arc::make_mut(&mut self.config.orders).options.verify = false;
        self.may_fail = true;
    }

    fn provoke_extras(&mut self, mutation: Mutation) {
        let options = &mut Arc::make_mut(&mut self.config.orders).options;
        (options.extras, options.empty_source) = (Extras::Delete, true);
        if mutation == Mutation::RemoveHidden {
            let rule = FilterRule { include: false, only: None, name: "[a-z]*".into() };
            options.filters = vec![rule];
        }
    }

    fn provoke_checksums(&mut self) {
        for item in &mut Arc::make_mut(&mut self.config.orders).items {
            if item.recursive == Some(false) {
                item.checksum = Some(checksum(b"something else"));
                self.may_fail = true;
            }
        }
    }

    fn provoke_names(&mut self, mutation: Mutation) {
        let options = &mut Arc::make_mut(&mut self.config.orders).options;
        if mutation == Mutation::TakeBadNames {
            options.names = Names::Rename;
        } else {
            options.conflict = Conflict::Rename;
        }
    }

    /// Whether the bytes that are sent again can be held against anybody.
    pub fn counts_repeats(&self) -> bool {
        let full = self.mishaps.iter().any(|(_, mishap)| *mishap == Mishap::Full);
        let faults = [self.write_faults, self.read_faults, self.rot, self.damage];
        !full && faults.iter().all(Option::is_none) && self.liar.is_none()
    }
}

fn items(rng: &mut fastrand::Rng) -> Vec<TransferItem> {
    let path = |text: String| text.parse::<CollectionPath>().expect("it is a path");
    let count = *rng.choice(&[1, 1, 1, 2, 3]).expect("not empty");
    (0..count)
        .map(|item| {
            let is_file = rng.u8(..5) == 0;
            let below = if rng.u8(..4) == 0 { "new/deeper/" } else { "" };
            TransferItem {
                source: path(format!("/src/item{item}")),
                destination: path(format!("/dst/{below}item{item}")),
                recursive: if is_file {
                    Some(false)
                } else {
                    *rng.choice(&[Some(true), None]).expect("not empty")
                },
                checksum: None,
            }
        })
        .collect()
}

fn orders(rng: &mut fastrand::Rng, items: Vec<TransferItem>) -> TransferOrders {
    let levels =
        [None, None, None, None].into_iter().chain(SyncLevel::ALL.iter().copied().map(Some));
    let levels: Vec<_> = levels.collect();
    TransferOrders {
        source: EndpointId::from_bytes([1; 16]),
        source_name: "smith#WorkPC".into(),
        destination: EndpointId::from_bytes([2; 16]),
        destination_name: "smith#Cluster".into(),
        items,
        options: TransferOptions {
            sync_level: *rng.choice(&levels).expect("not empty"),
            conflict: *rng
                .choice(&[
                    Conflict::Overwrite,
                    Conflict::Overwrite,
                    Conflict::Skip,
                    Conflict::Newer,
                    Conflict::Rename,
                ])
                .expect("not empty"),
            names: *rng.choice(&[Names::Fail, Names::Rename]).expect("not empty"),
            verify: rng.u8(..4) != 0,
            preserve_times: rng.bool(),
            skip_source_errors: rng.bool(),
            fail_on_quota: rng.u8(..8) == 0,
            limit: None, // a matter of clocks, which the shell keeps
            background: false,
            symlinks: *rng.choice(&[Symlinks::Skip, Symlinks::Keep]).expect("not empty"),
            filters: filters(rng),
            extras: *rng.choice(&[Extras::Stay, Extras::Delete]).expect("not empty"),
            empty_source: rng.bool(),
            ..TransferOptions::default()
        },
    }
}

fn filters(rng: &mut fastrand::Rng) -> Vec<FilterRule> {
    let rule = |include, only, name: &str| FilterRule { include, only, name: name.to_owned() };
    match rng.u8(..8) {
        0 => vec![rule(false, Some(FilterKind::File), "[a-m]*")],
        1 => vec![rule(false, Some(FilterKind::Dir), "*[0-9A-Z]")],
        2 => vec![
            rule(true, Some(FilterKind::Dir), "*"),
            rule(true, None, "[a-p]?"),
            rule(false, None, "*"),
        ],
        _ => Vec::new(),
    }
}

fn link(rng: &mut fastrand::Rng) -> LinkTarget {
    let targets: [&[u8]; 4] = [b"..", b"/outside/precious", b"\xff\xfe", b"a/b"];
    LinkTarget::new(*rng.choice(&targets).expect("not empty")).expect("links say such things")
}

fn limits(rng: &mut fastrand::Rng) -> Limits {
    Limits {
        window: rng.u32(4..40),
        content_bytes: rng.u64(4..24) * 1024,
        batch_bytes: rng.u64(1..8) * 1024,
        batch_files: rng.usize(1..8),
        batch_age: Duration::from_millis(rng.u64(5..200)),
        block_bytes: 1024,
        frame_bytes: rng.u32(1..4) * 1024,
    }
}

fn content(rng: &mut fastrand::Rng) -> Vec<u8> {
    let bytes = match rng.u8(..10) {
        0 => 0,
        1..=4 => rng.usize(1..1024),
        5 => 1024,
        6 => 1025,
        7..=8 => rng.usize(1025..5000),
        _ => rng.usize(5000..16_000),
    };
    random_bytes(rng, bytes)
}

fn odd_name(rng: &mut fastrand::Rng) -> Name {
    let letter = rng.alphanumeric();
    let bytes: Vec<u8> = match rng.u8(..12) {
        0 => vec![0xff, letter as u8],
        1 => format!("{letter} with, comma%2C\n").into_bytes(),
        2 => format!("é{letter}").into_bytes(),
        3 => vec![letter as u8; 200],
        _ => format!("{letter}{}", rng.alphanumeric()).into_bytes(),
    };
    Name::from_bytes(bytes).expect("it is a name")
}

/// What stands here for a checksum: the shell and the judge compute it in the same way.
pub fn checksum(content: &[u8]) -> ExternalChecksum {
    let hash = blake3::hash(content);
    let algorithm = ChecksumAlgorithm::Md5;
    ExternalChecksum::of_value(algorithm, &hash.as_bytes()[..algorithm.bytes()]).expect("it fits")
}

/// The name that something of the source has at the destination where nothing stands.
pub fn local_name(options: &TransferOptions, name: &Name) -> Name {
    let is_replaced = options.names == Names::Rename && (is_bad(name) || looks_replaced(name));
    Naming { is_replaced, copy: 0 }.of(name)
}

fn put(disk: &mut Disk, dir: Ino, name: &Name, data: &[u8], mtime: i64) {
    let ino = disk.create(dir, name, time(mtime));
    disk.write(ino, 0, data, time(mtime)).expect("there is room");
}

fn name(text: &str) -> Name {
    Name::from_bytes(text.as_bytes()).expect("it is a name")
}

fn time(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}
