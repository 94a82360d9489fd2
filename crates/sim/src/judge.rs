//! The reference model: looks at the disks from outside and says what must never be seen.
//!
//! It knows nothing of the machines' insides. After every step that changed the disk it looks at the
//! final names as they are, and at those of a copy of the disk that crashes at this very moment.
//!
//! | what must be true | a mutation that breaks it |
//! | --- | --- |
//! | a final name shows its old or one whole new content, at every instant | `CopyIntoPlace`, `IgnoreChange`, `SkipHashCheck`, `SkipReadBack`, `SkipFinishSize`, `KeepOldBytes` |
//! | the same after a crash at that instant | `SkipFileSync` |
//! | what is reported is in the journal after a crash | `SkipDoneSync`, `SkipFinishedSync`, `SkipStartSync`, `SkipJournalDirSync`, `KeepTornEnd` |
//! | what is reported as transferred stands at its destination after a crash | `SkipPlacedDirSync`, `LateDirSync`, `SkipItemDirSync` |
//! | what the journal holds is not sent again | `SkipHeldSync`, `SkipTempDirSync`, `SkipPlacingSync` |
//! | nothing outside the items changes | `ReuseTemp` |
//! | no temporary name is left, or comes back after a crash | `SkipSweep`, `SkipSweepSync`, `SkipTouchedSync` |
//! | when nothing goes wrong any more, the task ends, and the trees agree | `SkipFinishTime`, `SkipAttributes`, `SkipDirTimes`, `SweepTouches`, `SkipLinks` |
//! | names that are one file at the source are one file then | `CopyNames` |
//! | a link takes the place of a file in one step | `RemoveForLink` |
//! | what a filter hides is neither brought nor removed | `IgnoreFilter`, `RemoveHidden` |
//! | what stands at the source is not removed, what does not is | `RemoveKnown`, `SkipExtras` |
//! | what cannot have its name has the one that follows from it | `TakeBadNames` |
//! | what has another checksum than was said never gets its name | `IgnoreChecksum` |
//! | what gets a free name leaves what is there as it was, and comes once | `IgnoreFreeName` |
//! | a preview or a check changes nothing, and tells every difference as what it is | `MakeAnyway` |

mod ties;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use outport_protocol::{
    journal::{Outbox, Reader},
    orders::TransferOrders,
    report::Report,
    session::{Config, Naming, is_reserved},
};
use outport_types::{
    CollectionPath, Conflict, Digest, ExternalChecksum, Extras, Filter, FilterKind, Finding, Name,
    Names, Purpose, Symlinks, SyncLevel, UnixTime,
};

use crate::{
    disk::{Disk, Ino, ROOT, Stands},
    plan::{Plan, checksum, local_name},
    rx::journal_name,
    source::{Edited, Node, Source, Way},
};

/// What was found wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// Watches one world.
#[derive(Debug)]
pub struct Judge {
    config: Config,
    /// Everything at the beginning, by way: content of files.
    before: BTreeMap<Way, Arc<Vec<u8>>>,
    before_mtime: BTreeMap<Way, outport_types::UnixTime>,
    /// The same with directories and links, for those that only look.
    untouched: BTreeMap<Way, Thing>,
    /// How a preview or a check said that things differ.
    differences: BTreeMap<Way, Vec<Finding>>,
    /// Files that were reported, and the digest that was.
    reported: BTreeMap<Way, Digest>,
    reports: u64,
    /// The journal that was read last, and up to which report: the same one says the same again.
    read: Option<(Arc<Vec<u8>>, u64)>,
    seen_changes: u64,
    /// Digests of contents, by address: contents are immutable and live as long as the world.
    hashed: HashMap<Way, Vec<Digest>>,
    /// Digests that a liar made the receiver accept.
    pub accepted: Vec<(Way, Digest)>,
    lied_to: bool,
    /// What files at the destination must be, by somebody else's word.
    checked: HashMap<Way, ExternalChecksum>,
    /// Contents that were looked at and are right, by where they stand.
    good: BTreeMap<Way, Vec<Arc<Vec<u8>>>>,
}

impl Judge {
    /// Looks at the beginning.
    pub fn new(plan: &Plan, disk: &Disk) -> Self {
        let (mut before, mut before_mtime) = (BTreeMap::new(), BTreeMap::new());
        for (way, ino) in files(disk) {
            if let Some(Stands::File { mtime, .. }) = disk.stands(ino) {
                before_mtime.insert(way.clone(), mtime);
            }
            before.insert(way, disk.data(ino).unwrap_or_default());
        }
        Self {
            config: plan.config.clone(),
            before,
            before_mtime,
            untouched: things(disk),
            differences: BTreeMap::new(),
            reported: BTreeMap::new(),
            reports: 0,
            read: None,
            seen_changes: u64::MAX,
            hashed: HashMap::new(),
            accepted: Vec::new(),
            lied_to: plan.liar.is_some(),
            checked: checked(&plan.config.orders),
            good: BTreeMap::new(),
        }
    }

    /// Looks after a step.
    pub fn look(
        &mut self,
        disk: &Disk,
        source: &Source,
        journal_dir: Ino,
        reports_durable: u64,
        rng: &mut fastrand::Rng,
    ) -> Result<(), Wrong> {
        if let Some(crime) = &disk.crime {
            return Err(Wrong(crime.clone()));
        }
        if self.reports < reports_durable {
            let mut crashed = disk.clone();
            crashed.crash(rng);
            self.read_reports(&crashed, journal_dir, reports_durable)?;
            self.reports = reports_durable;
            self.seen_changes = u64::MAX;
        }
        if self.seen_changes == disk.changes {
            return Ok(());
        }
        self.seen_changes = disk.changes;
        if self.config.orders.options.only_looks() {
            self.nothing_changed(disk)?;
        }
        self.finals(disk, source, "now")?;
        let mut crashed = disk.clone();
        crashed.crash(rng);
        self.finals(&crashed, source, "after a crash")?;
        self.read_reports(&crashed, journal_dir, self.reports)
    }

    /// Looks at the end.
    pub fn end(
        &mut self,
        plan: &Plan,
        disk: &Disk,
        source: &Source,
        succeeded: bool,
    ) -> Result<(), Wrong> {
        if !self.config.orders.options.only_looks() {
            self.no_temps(disk)?;
        }
        if !succeeded {
            let why = "the task failed although nothing was wrong for good";
            return if plan.may_fail { Ok(()) } else { Err(Wrong(why.into())) };
        }
        if self.lied_to {
            return Ok(());
        }
        if self.config.orders.options.only_looks() {
            return self.differences_agree(plan, disk, source);
        }
        if self.config.orders.options.extras != Extras::Stay && plan.read_faults.is_none() {
            for way in self.before.keys() {
                let hidden = way.last().is_some_and(|name| is_reserved(name.as_bytes()));
                let stands = file_at(disk, way).is_some();
                let edited =
                    self.origins(source, way).iter().any(|from| source.edited.contains_key(from));
                if stands && !hidden && !edited && self.is_extra(source, way) {
                    return Err(Wrong(format!("{} was to be removed", show(way))));
                }
            }
        }
        for (item, ordered) in self.config.orders.items.clone().iter().enumerate() {
            let inside = |way: &Way| way.starts_with(ordered.source.names());
            for way in source.all_files().into_iter().filter(inside) {
                if self.takes_part(source, item, &way) {
                    self.agrees(disk, source, item, &way)?;
                } else {
                    self.is_hidden(disk, item, &way)?;
                }
            }
            self.ties_agree(plan, disk, source, item)?;
            for way in source.all_dirs().into_iter().filter(inside) {
                if self.takes_part(source, item, &way) {
                    self.dir_agrees(disk, item, &way)?;
                }
            }
            for (way, target) in source.all_links() {
                let keeps = self.config.orders.options.symlinks == Symlinks::Keep;
                if inside(&way) && keeps && self.takes_part(source, item, &way) {
                    self.link_agrees(disk, item, &way, target.as_bytes())?;
                }
            }
        }
        Ok(())
    }

    /// Nothing but the journal is another one than at the beginning.
    fn nothing_changed(&self, disk: &Disk) -> Result<(), Wrong> {
        let now = things(disk);
        let other = |way: &&Way| now.get(*way) != self.untouched.get(*way);
        match now.keys().chain(self.untouched.keys()).find(other) {
            Some(way) => Err(Wrong(format!("{} was changed by a look", show(way)))),
            None => Ok(()),
        }
    }

    /// Every file was told to differ exactly if it does.
    fn differences_agree(&self, plan: &Plan, disk: &Disk, source: &Source) -> Result<(), Wrong> {
        for (item, ordered) in self.config.orders.items.clone().iter().enumerate() {
            let inside = |way: &Way| way.starts_with(ordered.source.names());
            for way in source.all_files().into_iter().filter(inside) {
                let (is_edited, takes_part) =
                    (source.edited.contains_key(&way), self.takes_part(source, item, &way));
                if is_edited || !takes_part {
                    continue;
                }
                let own = destination(&self.config.orders, item, &way);
                let (there, expected) = match self.config.orders.options.conflict {
                    Conflict::Rename => self.finding_beside(disk, source, &way, &own),
                    Conflict::Overwrite | Conflict::Skip | Conflict::Newer => {
                        let finding = self.finding(disk, source, &way, &own);
                        (own, finding)
                    }
                };
                let told = self.differences.get(&there).map(Vec::as_slice).unwrap_or_default();
                if told != expected.as_slice() {
                    let what = format!("{}: told {told:?}, is {expected:?}", show(&there));
                    return Err(Wrong(what));
                }
            }
        }
        let seeks = self.config.orders.options.seeks_extras() && plan.read_faults.is_none();
        for way in self.before.keys().filter(|_| seeks) {
            let hidden = way.last().is_some_and(|name| is_reserved(name.as_bytes()));
            let edited =
                self.origins(source, way).iter().any(|from| source.edited.contains_key(from));
            let told = self.differences.get(way).is_some_and(|told| told.contains(&Finding::Extra));
            if !hidden && !edited && told != self.is_extra(source, way) {
                return Err(Wrong(format!("{}: extra is told {told}", show(way))));
            }
        }
        Ok(())
    }

    /// How a file of the source differs from what stands at its destination.
    fn finding(&self, disk: &Disk, source: &Source, way: &Way, there: &Way) -> Option<Finding> {
        let Some(Node::File(ino)) = source.at(way) else { return None };
        let options = &self.config.orders.options;
        let meta = source.meta(*ino).expect("it stands");
        let Some(old) = self.before.get(there) else {
            // To a check, a directory in the place of a file is a difference.
            if disk.walk(there).is_some() {
                return Some(Finding::Different);
            }
            let stays = options.conflict != Conflict::Overwrite;
            return Some(match link_at(disk, there) {
                None => Finding::New,
                Some(_) if stays => Finding::Kept,
                Some(_) => Finding::Different,
            });
        };
        let (wanted, old_mtime) = (source.read(*ino, 0, usize::MAX), self.before_mtime[there]);
        let same_size = old.len() == wanted.len();
        let same_time = match options.purpose {
            Purpose::Check => meta.mtime == old_mtime,
            Purpose::Preview | Purpose::Transfer => meta.mtime <= old_mtime,
        };
        let same = match options.sync_level {
            None => false,
            Some(SyncLevel::Exists) => true,
            Some(SyncLevel::Size) => same_size,
            Some(SyncLevel::Mtime) => same_size && same_time,
            Some(SyncLevel::Checksum) => **old == wanted,
        };
        match options.conflict {
            Conflict::Newer if old_mtime < meta.mtime => {}
            // Its content is not read for the sake of what stays anyhow.
            Conflict::Skip | Conflict::Newer if !same => return Some(Finding::Kept),
            Conflict::Skip | Conflict::Newer if options.sync_level == Some(SyncLevel::Checksum) => {
                return Some(Finding::Kept);
            }
            Conflict::Overwrite | Conflict::Skip | Conflict::Newer | Conflict::Rename => {}
        }
        (!same).then_some(Finding::Different)
    }

    /// The same where files get free names: nothing is replaced, and what stands nowhere is new at
    /// the first free name.
    fn finding_beside(
        &self,
        disk: &Disk,
        source: &Source,
        way: &Way,
        own: &Way,
    ) -> (Way, Option<Finding>) {
        let Some(Node::File(ino)) = source.at(way) else { return (own.clone(), None) };
        let wanted = source.read(*ino, 0, usize::MAX);
        let meta = source.meta(*ino).expect("it stands");
        for copy in 0..COPIES {
            let at = beside(own, copy);
            if let Some(old) = self.before.get(&at) {
                if self.is_same((&wanted, meta.mtime), (old, self.before_mtime[&at])) {
                    return (at, None);
                }
            } else if disk.walk(&at).is_none() && link_at(disk, &at).is_none() {
                return (at, Some(Finding::New));
            }
        }
        (own.clone(), None)
    }

    /// Whether no rule of the filter hides something below an item, or a directory above it.
    fn takes_part(&self, source: &Source, item: usize, way: &Way) -> bool {
        let filter = Filter::new(&self.config.orders.options.filters);
        let top = self.config.orders.items[item].source.names().len();
        (top..way.len()).all(|at| {
            let is_dir = source.at(&way[..=at]) == Some(&Node::Dir);
            filter.admits(&way[at], if is_dir { FilterKind::Dir } else { FilterKind::File })
        })
    }

    fn is_hidden(&self, disk: &Disk, item: usize, way: &Way) -> Result<(), Wrong> {
        let there = destination(&self.config.orders, item, way);
        if file_at(disk, &there).is_some() && !self.before.contains_key(&there) {
            return Err(Wrong(format!("{} was to be left out", show(&there))));
        }
        Ok(())
    }

    fn dir_agrees(&self, disk: &Disk, item: usize, way: &Way) -> Result<(), Wrong> {
        let there = destination(&self.config.orders, item, way);
        let Some(dir) = disk.walk(&there) else {
            return Err(Wrong(format!("directory {} is missing", show(&there))));
        };
        let wanted = Source::dir_meta(way).mtime;
        if self.config.orders.options.preserve_times && disk.dir_mtime(dir) != Some(wanted) {
            return Err(Wrong(format!("directory {} has another time", show(&there))));
        }
        Ok(())
    }

    fn link_agrees(&self, disk: &Disk, item: usize, way: &Way, target: &[u8]) -> Result<(), Wrong> {
        let there = destination(&self.config.orders, item, way);
        let options = &self.config.orders.options;
        let stays = options.sync_level == Some(SyncLevel::Exists)
            || options.conflict != Conflict::Overwrite;
        if options.conflict == Conflict::Rename && options.sync_level != Some(SyncLevel::Exists) {
            let is_there = |copy| link_at(disk, &beside(&there, copy)) == Some(target);
            let what = || Wrong(format!("link {} is missing", show(&there)));
            return (0..COPIES).any(is_there).then_some(()).ok_or_else(what);
        }
        match link_at(disk, &there) {
            Some(link) if link == target => Ok(()),
            Some(_) if stays => Ok(()),
            None if stays && file_at(disk, &there).is_some() => Ok(()),
            Some(_) | None => Err(Wrong(format!("link {} differs", show(&there)))),
        }
    }

    /// Whether a file at the destination is what it must be.
    fn agrees(&self, disk: &Disk, source: &Source, item: usize, way: &Way) -> Result<(), Wrong> {
        if self.config.orders.options.conflict == Conflict::Rename {
            return self.agrees_beside(disk, source, item, way);
        }
        let there = destination(&self.config.orders, item, way);
        let edited = source.edited.contains_key(way);
        let Some(Node::File(ino)) = source.at(way) else { return Ok(()) };
        let wanted = source.read(*ino, 0, usize::MAX);
        let meta = source.meta(*ino).expect("it stands");
        let old = self.before.get(&there);
        let kept = old.is_some_and(|old| {
            let old_mtime = self.before_mtime[&there];
            match self.config.orders.options.conflict {
                Conflict::Overwrite | Conflict::Rename => {}
                Conflict::Skip => return true,
                Conflict::Newer if meta.mtime <= old_mtime => return true,
                Conflict::Newer => {}
            }
            self.is_same((&wanted, meta.mtime), (old, old_mtime))
        });
        let stays = self.config.orders.options.conflict != Conflict::Overwrite;
        if stays && link_at(disk, &there).is_some() {
            return Ok(());
        }
        let found = file_at(disk, &there);
        let Some(found) = found else {
            // A file that came while the directory was read may have been missed.
            return if edited {
                Ok(())
            } else {
                Err(Wrong(format!("{} is missing", show(&there))))
            };
        };
        if edited {
            return Ok(()); // every look made sure that it is one whole version
        }
        let data = disk.data(found).unwrap_or_default();
        // One that is a name of another file is what that is, and has what that has.
        let is_tied =
            self.config.orders.options.preserve_hard_links && 1 < source.names_of(*ino).len();
        let stays = kept && Some(&*data) == old.map(|old| &**old);
        let right = stays || (!kept || is_tied) && *data == wanted;
        if !right {
            let what = if kept { "was not to be touched" } else { "differs from the source" };
            return Err(Wrong(format!("{} {what}", show(&there))));
        }
        let kept = kept || is_tied && 1 < disk.names_of(found);
        let mtime = match disk.stands(found) {
            Some(Stands::File { mtime, .. }) => mtime,
            Some(Stands::Dir(_) | Stands::Link) | None => meta.mtime,
        };
        if self.config.orders.options.preserve_times && !kept && mtime != meta.mtime {
            return Err(Wrong(format!("{} has another time", show(&there))));
        }
        let keeps = self.config.orders.options.preserve_xattrs && !kept;
        if keeps && disk.attributes(found) != source.attributes(*ino).list() {
            return Err(Wrong(format!("{} has other attributes", show(&there))));
        }
        Ok(())
    }

    /// Whether an old file is the wanted one, as far as the level looks.
    fn is_same(&self, wanted: (&[u8], UnixTime), old: (&[u8], UnixTime)) -> bool {
        let same_size = old.0.len() == wanted.0.len();
        match self.config.orders.options.sync_level {
            None => false,
            Some(SyncLevel::Exists) => true,
            Some(SyncLevel::Size) => same_size,
            Some(SyncLevel::Mtime) => same_size && wanted.1 <= old.1,
            Some(SyncLevel::Checksum) => old.0 == wanted.0,
        }
    }

    /// Whether what was there is as it was, and the file beside it, once.
    fn agrees_beside(
        &self,
        disk: &Disk,
        source: &Source,
        item: usize,
        way: &Way,
    ) -> Result<(), Wrong> {
        let there = destination(&self.config.orders, item, way);
        let Some(Node::File(ino)) = source.at(way) else { return Ok(()) };
        let wanted = source.read(*ino, 0, usize::MAX);
        let meta = source.meta(*ino).expect("it stands");
        let (mut kept, mut arrived) = (false, 0);
        for copy in 0..COPIES {
            let at = beside(&there, copy);
            let data = file_at(disk, &at).and_then(|ino| Some((ino, disk.data(ino)?)));
            if let Some(old) = self.before.get(&at) {
                if data.is_none_or(|(_, data)| data != *old) {
                    return Err(Wrong(format!("{} was not to be touched", show(&at))));
                }
                kept |= self.is_same((&wanted, meta.mtime), (old, self.before_mtime[&at]));
            } else if let Some((ino, data)) = data {
                arrived += 1;
                let mtime = match disk.stands(ino) {
                    Some(Stands::File { mtime, .. }) => mtime,
                    Some(Stands::Dir(_) | Stands::Link) | None => meta.mtime,
                };
                // One that is a name of what was there has the time of that.
                let late = self.config.orders.options.preserve_times
                    && mtime != meta.mtime
                    && disk.names_of(ino) == 1;
                if !source.edited.contains_key(way) && (*data != wanted || late) {
                    return Err(Wrong(format!("{} differs from the source", show(&at))));
                }
            }
        }
        // One that was edited may be there as what it was, too.
        if source.edited.contains_key(way) || arrived == u8::from(!kept) {
            return Ok(());
        }
        Err(Wrong(format!("{} arrived {arrived} times, kept: {kept}", show(&there))))
    }

    /// Where something at the destination may have come from.
    fn origins(&self, source: &Source, way: &[Name]) -> Vec<Way> {
        let orders = &self.config.orders;
        let options = &orders.options;
        let mut origins: Vec<Way> = origin(orders, way).into_iter().collect();
        if options.names == Names::Rename || options.conflict == Conflict::Rename {
            let links = source.all_links().into_iter().map(|(way, _)| way);
            let known = source.versions.keys().cloned().chain(links).chain(source.all_dirs());
            origins.extend(known.filter(|from| stands_for(orders, from, way)));
        }
        origins
    }

    /// Every final name shows an old or one whole new content; what was reported is there.
    fn finals(&mut self, disk: &Disk, source: &Source, when: &str) -> Result<(), Wrong> {
        let mut standing = BTreeMap::new();
        for (way, ino) in files(disk) {
            let hidden = way.last().is_some_and(|name| is_reserved(name.as_bytes()));
            if hidden || way.first().is_some_and(|name| name.as_bytes() == b"state") {
                continue;
            }
            let data = disk.data(ino).unwrap_or_default();
            if self.before.get(&way) != Some(&data) && !self.is_version(source, &way, &data) {
                let bytes = data.len();
                return Err(Wrong(format!("{when}: {} is torn ({bytes} bytes)", show(&way))));
            }
            let said = self.checked.get(&way).filter(|_| self.before.get(&way) != Some(&data));
            if said.is_some_and(|said| checksum(&data) != *said) {
                return Err(Wrong(format!("{when}: {} has another checksum", show(&way))));
            }
            standing.insert(way, data);
        }
        for way in self.before.keys() {
            let hidden = way.last().is_some_and(|name| is_reserved(name.as_bytes()));
            let is_link = || self.became_link(disk, source, way);
            let may_go = || self.may_go(source, way);
            if !hidden && !standing.contains_key(way) && !is_link() && !may_go() {
                return Err(Wrong(format!("{when}: {} is gone", show(way))));
            }
        }
        for (way, digest) in &self.reported {
            let Some(data) = standing.get(way) else {
                if self.may_go(source, way) {
                    continue; // it was removed at the source since, and here with it
                }
                return Err(Wrong(format!("{when}: {} was reported and is missing", show(way))));
            };
            let is_old = self.before.get(way) == Some(data);
            if is_old && *blake3::hash(data).as_bytes() != digest.0 {
                return Err(Wrong(format!("{when}: {} was reported and is old", show(way))));
            }
        }
        Ok(())
    }

    /// Whether a file of the destination may be missing: nothing outside the items ever.
    fn may_go(&self, source: &Source, way: &Way) -> bool {
        let orders = &self.config.orders;
        let removes = orders.options.extras != Extras::Stay;
        // Who lies about the source has it removed; who lies about the link has not.
        (removes && self.lied_to && origin(orders, way).is_some()) || self.is_extra(source, way)
    }

    /// Whether a file of the destination may be removed because nothing stands there at the source.
    fn is_extra(&self, source: &Source, way: &Way) -> bool {
        let options = &self.config.orders.options;
        let origins = self.origins(source, way);
        let stands = origins.iter().any(|from| source.at(from).is_some());
        let stays = !options.seeks_extras() || options.conflict == Conflict::Rename;
        if stays || stands || origins.is_empty() {
            return false;
        }
        let item =
            self.config.orders.items.iter().find(|item| way.starts_with(item.destination.names()));
        let top = item.map_or(0, |item| item.destination.names().len());
        let filter = Filter::new(&options.filters);
        (top..way.len()).all(|at| {
            let is_dir = at + 1 < way.len();
            filter.admits(&way[at], if is_dir { FilterKind::Dir } else { FilterKind::File })
        })
    }

    /// Whether a link of the source stands where a file was.
    fn became_link(&self, disk: &Disk, source: &Source, way: &Way) -> bool {
        if self.config.orders.options.symlinks != Symlinks::Keep {
            return false;
        }
        let said = self.lied_to && link_at(disk, way).is_some();
        let is_it = |from: &Way| match source.at(from) {
            Some(Node::Link(target)) => link_at(disk, way) == Some(target.as_bytes()),
            Some(Node::Dir | Node::File(_) | Node::Left(_) | Node::Broken(_)) | None => said,
        };
        let origins = self.origins(source, way);
        origins.iter().any(is_it) || origins.is_empty() && said
    }

    fn is_version(&mut self, source: &Source, way: &Way, data: &Arc<Vec<u8>>) -> bool {
        let good = self.good.get(way).is_some_and(|good| good.iter().any(|g| Arc::ptr_eq(g, data)));
        if good {
            return true;
        }
        let right = self.is_announced(source, way, data);
        if right {
            self.good.entry(way.clone()).or_default().push(data.clone());
        }
        right
    }

    fn is_announced(&mut self, source: &Source, way: &Way, data: &[u8]) -> bool {
        let digest = Digest(*blake3::hash(data).as_bytes());
        if self.lied_to {
            let orders = &self.config.orders;
            let is_it = |from: &Way| {
                stands_for(orders, from, way) || origin(orders, way).as_ref() == Some(from)
            };
            return self.accepted.iter().any(|(from, said)| *said == digest && is_it(from));
        }
        self.origins(source, way).into_iter().any(|from| {
            let versions = source.versions.get(&from).map(Vec::as_slice).unwrap_or_default();
            let known = self.hashed.entry(from).or_default();
            for version in &versions[known.len().min(versions.len())..] {
                known.push(Digest(*blake3::hash(version).as_bytes()));
            }
            known.contains(&digest)
        })
    }

    /// What was said to be reported is in the journal, whatever crash comes.
    fn read_reports(&mut self, disk: &Disk, journal_dir: Ino, upto: u64) -> Result<(), Wrong> {
        let journal = match disk.at(journal_dir, &journal_name()) {
            Some(Stands::File { ino, .. }) => disk.data(ino).unwrap_or_default(),
            Some(Stands::Dir(_) | Stands::Link) | None => Arc::default(),
        };
        if self.read.as_ref().is_some_and(|(read, to)| Arc::ptr_eq(read, &journal) && *to == upto) {
            return Ok(());
        }
        let orders = self.config.orders.clone();
        let mut outbox = Outbox::new(Reader::new(&journal[..]), &orders);
        let mut last = 0;
        while last < upto
            && let Ok(Some((number, report))) = outbox.next_after(last)
        {
            last = number;
            match report {
                Report::Transferred(done) => {
                    self.reported.insert(done.destination.names().to_vec(), done.digest);
                }
                Report::Difference(difference) => {
                    let way = difference.destination.names().to_vec();
                    let known = self.differences.entry(way).or_default();
                    if !known.contains(&difference.finding) {
                        known.push(difference.finding);
                    }
                }
                Report::Skipped(_) | Report::Event(_) | Report::Finished(_) => {}
            }
        }
        if last < upto {
            let what = format!("report {upto} was durable, and the journal ends with {last}");
            return Err(Wrong(what));
        }
        self.read = Some((journal, upto));
        Ok(())
    }

    /// No temporary name of the task stands anywhere, nor comes back after a crash.
    fn no_temps(&self, disk: &Disk) -> Result<(), Wrong> {
        let mut dirs = vec![(Way::new(), ROOT)];
        while let Some((way, dir)) = dirs.pop() {
            for name in disk.possible_names(dir) {
                let mut way = way.clone();
                way.push(name.clone());
                // What somebody else put there is not ours to take away.
                let is_ours = |ino| !disk.precious.contains(ino);
                if is_reserved(name.as_bytes()) && disk.possible(dir, &name).iter().any(is_ours) {
                    return Err(Wrong(format!("the temporary name {} is left", show(&way))));
                }
                if let Some(Stands::Dir(below)) = disk.at(dir, &name) {
                    dirs.push((way, below));
                }
            }
        }
        Ok(())
    }

    /// What became of a file that was edited, for messages.
    pub fn edited(source: &Source, way: &Way) -> Option<Edited> {
        source.edited.get(way).copied()
    }
}

/// What stands at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing {
    File(Arc<Vec<u8>>, outport_types::UnixTime),
    Dir(Option<outport_types::UnixTime>),
    Link(Vec<u8>),
}

/// Everything on a disk but the journal.
fn things(disk: &Disk) -> BTreeMap<Way, Thing> {
    let (mut things, mut dirs) = (BTreeMap::new(), vec![(Way::new(), ROOT)]);
    while let Some((way, dir)) = dirs.pop() {
        for name in disk.names(dir) {
            let mut below = way.clone();
            below.push(name.clone());
            if way.is_empty() && name.as_bytes() == b"state" {
                continue;
            }
            let thing = match disk.at(dir, &name) {
                Some(Stands::File { ino, mtime, .. }) => {
                    Thing::File(disk.data(ino).unwrap_or_default(), mtime)
                }
                Some(Stands::Dir(ino)) => {
                    dirs.push((below.clone(), ino));
                    Thing::Dir(disk.dir_mtime(ino))
                }
                Some(Stands::Link) => {
                    Thing::Link(disk.link(dir, &name).unwrap_or_default().to_vec())
                }
                None => continue,
            };
            things.insert(below, thing);
        }
    }
    things
}

/// All files of a disk by their ways.
fn files(disk: &Disk) -> Vec<(Way, Ino)> {
    let (mut files, mut dirs) = (Vec::new(), vec![(Vec::new(), ROOT)]);
    while let Some((way, dir)) = dirs.pop() {
        for name in disk.names(dir) {
            let mut below: Way = way.clone();
            below.push(name.clone());
            match disk.at(dir, &name) {
                Some(Stands::File { ino, .. }) => files.push((below, ino)),
                Some(Stands::Dir(ino)) => dirs.push((below, ino)),
                Some(Stands::Link) | None => {}
            }
        }
    }
    files
}

fn file_at(disk: &Disk, way: &[Name]) -> Option<Ino> {
    let (name, dir) = way.split_last()?;
    match disk.at(disk.walk(dir)?, name)? {
        Stands::File { ino, .. } => Some(ino),
        Stands::Dir(_) | Stands::Link => None,
    }
}

fn link_at<'a>(disk: &'a Disk, way: &[Name]) -> Option<&'a [u8]> {
    let (name, dir) = way.split_last()?;
    disk.link(disk.walk(dir)?, name)
}

/// Where something of an item comes to stand.
fn destination(orders: &TransferOrders, item: usize, way: &[Name]) -> Way {
    let item = &orders.items[item];
    let rest = way[item.source.names().len()..].iter();
    let rest = rest.map(|name| local_name(&orders.options, name));
    item.destination.names().iter().cloned().chain(rest).collect()
}

/// Whether something of the source may stand there, under another name or not.
fn stands_for(orders: &TransferOrders, from: &[Name], way: &[Name]) -> bool {
    let copies = if orders.options.conflict == Conflict::Rename { COPIES } else { 1 };
    let inside = |item: &usize| from.starts_with(orders.items[*item].source.names());
    let mut items = (0..orders.items.len()).filter(inside);
    items.any(|item| {
        let there = destination(orders, item, from);
        (0..copies).any(|copy| beside(&there, copy) == way)
    })
}

/// What the items that are files must be, under each name that they can get.
fn checked(orders: &TransferOrders) -> HashMap<Way, ExternalChecksum> {
    let items = orders.items.iter().filter_map(|item| Some((item, item.checksum.clone()?)));
    let names = items.flat_map(|(item, checksum)| {
        let there = item.destination.names();
        (0..COPIES).map(move |copy| (beside(there, copy), checksum.clone()))
    });
    names.collect()
}

/// The same with a number.
fn beside(way: &[Name], copy: u16) -> Way {
    let mut way = way.to_vec();
    if let Some(name) = way.last_mut() {
        *name = Naming { is_replaced: false, copy }.of(name);
    }
    way
}

/// More than any file of the simulation needs.
const COPIES: u16 = 6;

/// Where something at the destination came from.
fn origin(orders: &TransferOrders, way: &[Name]) -> Option<Way> {
    let inside = |path: &CollectionPath| way.starts_with(path.names());
    let item = orders.items.iter().find(|item| inside(&item.destination))?;
    let rest = way[item.destination.names().len()..].iter().cloned();
    Some(item.source.names().iter().cloned().chain(rest).collect())
}

fn show(way: &[Name]) -> String {
    way.iter().map(|name| format!("/{name}")).collect()
}
