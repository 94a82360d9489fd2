//! The thin shell of a receiver: carries out its effects on the disk that is written, step by step.

mod extras;
mod holes;
mod links;
mod names;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use outport_protocol::{
    blocks::Cv,
    journal::{Reader, Record, Recovered},
    session::{
        BufferId, Config, Dir, DirId, EffectId, Fault, FileStamp, Pieces, Place, Receiver,
        ReceiverEffect, ReceiverEvent, Violation, is_reserved,
        receiver::{
            AtDestination, Compare, CompareWhat, Compared, FinishDir, HardLinked, SyncFile, Temp,
            Write, WriteResult,
        },
        temp_prefix,
    },
};
use outport_types::{Code, Digest, Name, UnixTime};

use crate::{
    disk::{Disk, Ino, ROOT, Refused, Stands},
    mutation::Mutation,
    plan::checksum,
};

pub use self::{links::NAMES_MAX, names::is_bad};

/// A running receiver.
#[derive(Debug)]
pub struct Rx {
    /// The machine.
    pub machine: Receiver,
    config: Config,
    mutation: Option<Mutation>,
    jobs: BTreeMap<u64, Job>,
    next_job: u64,
    buffers: HashMap<u64, Vec<u8>>,
    next_buffer: u64,
    journal: Ino,
    journal_bytes: u64,
    /// Where renaming is between, for mutations that tell flushes apart.
    placed: bool,
    late: Vec<Ino>,
    /// What stands at the destination only: directories and names in them.
    extras: Vec<(Vec<Name>, Name)>,
    /// Digests that the journal was told of, by where the files come to stand.
    pub announced: Vec<(Vec<Name>, Digest)>,
}

/// An effect that is being carried out.
#[derive(Debug)]
struct Job {
    effect: ReceiverEffect,
    at: usize,
    sub: usize,
    compared: Vec<Result<Compared, Fault>>,
    values: Vec<Option<Cv>>,
    written: Vec<WriteResult>,
    linked: Vec<HardLinked>,
    synced: Vec<Result<FileStamp, Fault>>,
    agree: Vec<bool>,
    placed: Vec<Result<(), Fault>>,
    dirs: Vec<Ino>,
    fault: Option<Fault>,
    before: u64,
}

/// What surrounds a step.
#[derive(Debug)]
pub struct Around<'a> {
    /// The disk.
    pub disk: &'a mut Disk,
    /// The time that files get.
    pub now: UnixTime,
    /// Chance.
    pub rng: &'a mut fastrand::Rng,
    /// A fault to happen in this step.
    pub fault: Option<Fault>,
    /// Whether a written block changes by itself in this step.
    pub rot: bool,
}

type Answer = Option<ReceiverEvent>;

impl Rx {
    /// Starts a receiver: reads the journal, cuts off what is torn, begins a new one if need be.
    pub fn new(config: Config, mutation: Option<Mutation>, disk: &mut Disk, dir: Ino) -> Self {
        let name = journal_name();
        let journal = match disk.at(dir, &name) {
            Some(Stands::File { ino, .. }) => ino,
            Some(Stands::Dir(_) | Stands::Link) | None => {
                disk.create(dir, &name, UnixTime::default())
            }
        };
        let bytes = disk.data(journal).unwrap_or_default();
        let digest = [9; 32];
        let recovered = Recovered::read(&bytes[..], config.task, digest).expect("our own journal");
        let mut length = recovered.outline().valid_bytes();
        if mutation == Some(Mutation::KeepTornEnd) {
            length = bytes.len() as u64;
        }
        disk.set_size(journal, length);
        let start = recovered.outline().start();
        // A full disk keeps a place for the journal.
        let room = disk.room.take();
        disk.write(journal, length, start, UnixTime::default()).expect("there is room");
        disk.room = room;
        length += start.len() as u64;
        // A process that was killed may have left records that never reached the disk.
        if mutation != Some(Mutation::SkipStartSync) {
            disk.sync_file(journal);
        }
        if mutation != Some(Mutation::SkipJournalDirSync) {
            disk.sync_dir(dir);
        }
        Self {
            machine: Receiver::new(config.clone(), recovered),
            config,
            mutation,
            jobs: BTreeMap::new(),
            next_job: 0,
            buffers: HashMap::new(),
            next_buffer: 0,
            journal,
            journal_bytes: length,
            placed: false,
            late: Vec::new(),
            extras: Vec::new(),
            announced: Vec::new(),
        }
    }

    /// Takes a data frame in.
    pub fn arrived(
        &mut self,
        header: &[u8],
        body: Vec<u8>,
        now: std::time::Duration,
    ) -> Result<(), Violation> {
        let pieces = Pieces::decode(header, body.len()).map_err(Violation::Frame)?;
        self.next_buffer += 1;
        self.buffers.insert(self.next_buffer, body);
        self.machine.handle_pieces(BufferId(self.next_buffer), pieces, now)
    }

    /// Begins with the effects that the machine asks for; returns the new jobs.
    pub fn begin(&mut self, mut diary: Option<&mut Vec<String>>) -> Vec<u64> {
        let mut begun = Vec::new();
        while let Some(effect) = self.machine.poll_effect() {
            if let ReceiverEffect::Forget { buffer } = effect {
                self.buffers.remove(&buffer.0).expect("a buffer is forgotten once");
                continue;
            }
            if let Some(diary) = &mut diary {
                diary.push(format!("rx -> {effect:?}"));
            }
            self.note(&effect);
            self.next_job += 1;
            begun.push(self.next_job);
            self.jobs.insert(self.next_job, Job::new(effect));
        }
        begun
    }

    /// Whether nothing is being carried out.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many bodies of data frames are held.
    pub fn buffers(&self) -> usize {
        self.buffers.len()
    }

    /// Does the next step of a job.
    pub fn step(&mut self, id: u64, mut around: Around<'_>) -> Answer {
        if !self.late.is_empty() && around.rng.u8(..4) == 0 {
            self.late.drain(..).for_each(|dir| around.disk.sync_dir(dir));
        }
        let mut job = self.jobs.remove(&id)?;
        let answer = self.advance(&mut job, &mut around);
        if answer.is_none() {
            self.jobs.insert(id, job);
        }
        answer
    }

    fn advance(&mut self, job: &mut Job, around: &mut Around<'_>) -> Answer {
        match job.effect.clone() {
            ReceiverEffect::Compare { id, entries } => self.compare(job, id, &entries, around),
            ReceiverEffect::Digest { id, place } => {
                let data = self.file_at(&place, around.disk).and_then(|ino| around.disk.data(ino));
                let digest = data.map(|data| Digest(*blake3::hash(&data).as_bytes()));
                let result = digest.ok_or(Fault::never(Code::NotFound, ""));
                Some(ReceiverEvent::Digested { id, result })
            }
            ReceiverEffect::CheckHeld { id, temp, blocks, sparse, nodes } => {
                let Some(node) = nodes.get(job.values.len()) else {
                    let values = std::mem::take(&mut job.values);
                    return Some(ReceiverEvent::Hashed { id, values });
                };
                let value = self.value(&temp, (blocks, sparse), *node, around.disk);
                job.values.push(value);
                None
            }
            ReceiverEffect::Create { id, temp, .. } => {
                let result = match around.fault.take() {
                    Some(fault) => Err(fault),
                    None => match self.make(job, &temp, around) {
                        Some(result) => result.map(drop),
                        None => return None,
                    },
                };
                Some(ReceiverEvent::Created { id, result })
            }
            ReceiverEffect::Write { id, buffer, writes } => {
                self.write(job, id, buffer, &writes, around)
            }
            ReceiverEffect::Forget { .. } => unreachable!("done at once"),
            ReceiverEffect::SyncFiles { id, files } => self.sync_files(job, id, &files, around),
            ReceiverEffect::MakeHoles { id, temp, blocks, nodes } => {
                self.make_holes(job, id, (&temp, blocks), &nodes, around)
            }
            ReceiverEffect::ReadBack { id, parts } => {
                let Some(read) = parts.get(job.agree.len()) else {
                    let agree = std::mem::take(&mut job.agree);
                    return Some(ReceiverEvent::ReadBack { id, agree });
                };
                let file = (read.blocks, read.sparse);
                let value = self.value(&read.temp, file, read.part.id, around.disk);
                let same = value == Some(read.part.cv);
                job.agree.push(same || self.is(Mutation::SkipReadBack));
                None
            }
            ReceiverEffect::AppendJournal { id, bytes } => self.append(job, id, &bytes, around),
            ReceiverEffect::Place { id, files } => self.place(job, id, &files, around),
            ReceiverEffect::HardLink { id, links } => self.hard_link(job, id, &links, around),
            ReceiverEffect::SyncDirs { id, dirs } => self.sync_dirs(job, id, &dirs, around),
            ReceiverEffect::FindExtras { id, dir, names } => {
                let result = match around.fault.take() {
                    Some(fault) => Err(fault),
                    None => self.find_extras(&dir, &names, around.disk),
                };
                Some(ReceiverEvent::ExtrasFound { id, result })
            }
            ReceiverEffect::RemoveExtras { id, .. } => Some(self.remove_extras(id, around)),
            ReceiverEffect::SeeExtras { id } => Some(self.see_extras(id, around)),
            ReceiverEffect::FinishDirs { id, dirs } => self.finish_dirs(job, id, &dirs, around),
            ReceiverEffect::Sweep { id } => self.sweep(job, id, around),
        }
    }

    fn compare(
        &mut self,
        job: &mut Job,
        id: EffectId,
        entries: &[Compare],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(entry) = entries.get(job.compared.len()) else {
            let results = std::mem::take(&mut job.compared);
            return Some(ReceiverEvent::Compared { id, results });
        };
        if let Some(fault) = around.fault.take() {
            job.sub = 0;
            job.compared.push(Err(fault));
            return None;
        }
        let disk = &mut *around.disk;
        let looks = self.config.orders.options.only_looks() && !self.is(Mutation::MakeAnyway);
        if !looks && entry.place.name.is_none() && !self.above(&entry.place, job, disk) {
            return None; // one directory a step
        }
        let (Some(dir), name) = (self.dir(&entry.place.dir, disk), self.name(&entry.place)) else {
            let nowhere = Err(Fault::never(Code::NotFound, ""));
            job.compared.push(if looks { self.absent(entry) } else { nowhere });
            return None;
        };
        let result = match (&entry.what, disk.at(dir, &name)) {
            _ if !self.takes(&entry.place, dir, &name, disk) => {
                Err(Fault::never(Code::BadName, ""))
            }
            (CompareWhat::Dir, Some(Stands::Dir(_))) => Ok(Compared::Dir { made: false }),
            (CompareWhat::Dir, Some(_)) => Err(Fault::never(Code::NotADirectory, "")),
            (_, None) if looks => self.absent(entry),
            (CompareWhat::Dir, None) => {
                disk.mkdir(dir, &name);
                Ok(Compared::Dir { made: true })
            }
            (CompareWhat::Link { target, temp, replace }, stands) => {
                self.link(job, (dir, &name), (target, temp, *replace), stands, disk)?
            }
            (CompareWhat::File { temp }, stands) => {
                let found = match stands {
                    None => AtDestination::Nothing,
                    Some(Stands::Dir(_)) => AtDestination::Dir,
                    Some(Stands::Link) => AtDestination::Link,
                    Some(Stands::File { ino, size, mtime }) => {
                        AtDestination::File(stamp(ino, size, mtime))
                    }
                };
                let temp = temp.as_ref().and_then(|temp| match disk.at(dir, temp)? {
                    Stands::File { ino, size, mtime } if disk.names_of(ino) == 1 => {
                        Some(stamp(ino, size, mtime))
                    }
                    Stands::File { .. } | Stands::Dir(_) | Stands::Link => None,
                });
                Ok(Compared::File { found, temp })
            }
        };
        job.compared.push(result);
        job.sub = 0;
        None
    }

    fn finish_dirs(
        &mut self,
        job: &mut Job,
        id: EffectId,
        dirs: &[FinishDir],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(finish) = dirs.get(job.placed.len()) else {
            let results = std::mem::take(&mut job.placed);
            return Some(ReceiverEvent::DirsFinished { id, results });
        };
        let result = match (around.fault.take(), self.dir(&finish.dir, around.disk)) {
            (Some(fault), _) => Err(fault),
            (None, None) => Err(Fault::never(Code::NotFound, "")),
            (None, Some(dir)) => {
                if finish.times && !self.is(Mutation::SkipDirTimes) {
                    around.disk.set_dir_mtime(dir, finish.meta.mtime);
                }
                around.disk.sync_dir(dir);
                Ok(())
            }
        };
        job.placed.push(result);
        None
    }

    /// Makes the directories above an item, one a step, and flushes whatever holds one of them;
    /// `true` when they are all there for good.
    fn above(&self, place: &Place, job: &mut Job, disk: &mut Disk) -> bool {
        let path = place.destination(&self.config.orders).expect("short");
        let names = &path.names()[..path.names().len() - 1];
        let mut dir = ROOT;
        for (depth, name) in names.iter().enumerate() {
            let below = match disk.at(dir, name) {
                Some(Stands::Dir(below)) => below,
                Some(Stands::File { .. } | Stands::Link) => return true,
                None => {
                    disk.mkdir(dir, name);
                    return false;
                }
            };
            // Another effect may have made it and not flushed yet.
            if depth == job.sub {
                job.sub += 1;
                if !self.is(Mutation::SkipItemDirSync) {
                    disk.sync_dir(dir);
                }
                return false;
            }
            dir = below;
        }
        true
    }

    /// Makes a temporary file in two steps: away with whatever has its name, then a new one.
    fn make(
        &self,
        job: &mut Job,
        temp: &Temp,
        around: &mut Around<'_>,
    ) -> Option<Result<Ino, Fault>> {
        let Some(dir) = self.dir(&temp.place.dir, around.disk) else {
            return Some(Err(Fault::never(Code::NotFound, "")));
        };
        let disk = &mut *around.disk;
        let there = match disk.at(dir, &temp.name) {
            Some(Stands::File { ino, .. }) => Some(ino),
            Some(Stands::Dir(_) | Stands::Link) | None => None,
        };
        match there {
            Some(ino) if self.is(Mutation::ReuseTemp) => Some(Ok(ino)),
            Some(_) if job.sub == 0 => {
                disk.remove(dir, &temp.name);
                job.sub = 1;
                None
            }
            Some(_) | None => {
                job.sub = 0;
                Some(Ok(disk.create(dir, &temp.name, around.now)))
            }
        }
    }

    fn write(
        &mut self,
        job: &mut Job,
        id: EffectId,
        buffer: BufferId,
        writes: &[Write],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(write) = writes.get(job.written.len()) else {
            let results = std::mem::take(&mut job.written);
            return Some(ReceiverEvent::Written { id, results });
        };
        if let Some(fault) = around.fault.take() {
            job.sub = 0;
            job.written.push(WriteResult::Failed(fault));
            return None;
        }
        let body = &self.buffers[&buffer.0][write.start..write.start + write.bytes as usize];
        let agrees = write.blocks.hash(write.block, body) == write.hash;
        if !agrees && !self.is(Mutation::SkipHashCheck) {
            job.written.push(WriteResult::Differs);
            return None;
        }
        let ino = if write.create {
            self.make(job, &write.temp, around)?
        } else {
            self.temp_ino(&write.temp, around.disk).ok_or(Fault::never(Code::NotFound, "temp"))
        };
        let offset = write.blocks.offset(write.block);
        let result = ino.and_then(|ino| {
            self.put_piece(ino, write, body, around)?;
            if around.rot && !body.is_empty() {
                around.disk.rot(ino, offset + around.rng.u64(..body.len() as u64));
            }
            Ok(())
        });
        job.written.push(match result {
            Ok(()) => WriteResult::Written,
            Err(fault) => WriteResult::Failed(fault),
        });
        None
    }

    fn sync_files(
        &mut self,
        job: &mut Job,
        id: EffectId,
        files: &[SyncFile],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(file) = files.get(job.synced.len()) else {
            self.placed = false;
            let results = std::mem::take(&mut job.synced);
            return Some(ReceiverEvent::Synced { id, results, refused: Vec::new() });
        };
        let Some(ino) = self.temp_ino(&file.temp, around.disk) else {
            job.synced.push(Err(Fault::backoff(Code::Disk, "no temporary file")));
            return None;
        };
        if let Some(fault) = around.fault.take() {
            around.disk.tear(ino, around.rng);
            job.sub = 0;
            job.synced.push(Err(fault));
            return None;
        }
        if job.sub == 0 {
            if let Some(finish) = &file.finish {
                // It may end in a hole that it gets with its size.
                let mut content = around.disk.data(ino).unwrap_or_default().to_vec();
                content.resize(finish.size as usize, 0);
                if let Some(checked) = &finish.checked
                    && checksum(&content) != checked.checksum
                    && !self.is(Mutation::IgnoreChecksum)
                {
                    job.synced.push(Err(Fault::never(Code::ExternalChecksum, "")));
                    return None;
                }
                if !self.is(Mutation::SkipFinishSize) {
                    around.disk.set_size(ino, finish.size);
                }
                if let Some(attributes) = &finish.attributes
                    && !self.is(Mutation::SkipAttributes)
                {
                    around.disk.set_attributes(ino, attributes);
                }
                if let (Some(mtime), false) = (finish.mtime, self.is(Mutation::SkipFinishTime)) {
                    around.disk.set_mtime(ino, mtime);
                }
            }
            job.sub = 1;
            return None;
        }
        job.sub = 0;
        if !self.is(Mutation::SkipFileSync) {
            around.disk.sync_file(ino);
        }
        let Some(Stands::File { ino, size, mtime }) = around.disk.stands(ino) else { return None };
        job.synced.push(Ok(stamp(ino, size, mtime)));
        None
    }

    fn append(
        &mut self,
        job: &mut Job,
        id: EffectId,
        bytes: &[u8],
        around: &mut Around<'_>,
    ) -> Answer {
        // Half of it, the other half, and only then the flush: a kill may fall between any of them.
        let half = bytes.len() / 2;
        let (start, part) = match job.sub {
            0 => {
                job.before = self.journal_bytes;
                (job.before, &bytes[..half])
            }
            1 => (job.before + half as u64, &bytes[half..]),
            _ => (job.before, &bytes[..0]),
        };
        let wrote = match around.fault.take() {
            Some(fault) => Err(fault),
            None => around.disk.write(self.journal, start, part, around.now).map_err(fault_of),
        };
        if let Err(fault) = wrote {
            around.disk.set_size(self.journal, job.before);
            return Some(ReceiverEvent::Done { id, result: Err(fault) });
        }
        if job.sub < 2 {
            job.sub += 1;
            return None;
        }
        self.journal_bytes = job.before + bytes.len() as u64;
        let records = records(bytes);
        let skipped = |record: &Record| match record {
            Record::Touched { .. } => self.is(Mutation::SkipTouchedSync),
            Record::Held { .. } => self.is(Mutation::SkipHeldSync),
            Record::Placing { .. } => self.is(Mutation::SkipPlacingSync),
            Record::Done { .. } => self.is(Mutation::SkipDoneSync),
            Record::Finished { .. } => self.is(Mutation::SkipFinishedSync),
            Record::Header { .. }
            | Record::Skipped { .. }
            | Record::Event { .. }
            | Record::Difference { .. }
            | Record::Sums { .. } => false,
        };
        if !records.iter().any(skipped) {
            around.disk.sync_file(self.journal);
        }
        Some(ReceiverEvent::Done { id, result: Ok(()) })
    }

    fn place(
        &mut self,
        job: &mut Job,
        id: EffectId,
        files: &[Arc<Temp>],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(temp) = files.get(job.placed.len()) else {
            self.placed = true;
            let results = std::mem::take(&mut job.placed);
            return Some(ReceiverEvent::Placed { id, results });
        };
        if let Some(fault) = around.fault.take() {
            job.placed.push(Err(fault));
            return None;
        }
        let disk = &mut *around.disk;
        let mut place = temp.place.clone();
        if self.is(Mutation::IgnoreFreeName) {
            place.naming.copy = 0;
        }
        let (dir, name) = (self.dir(&place.dir, disk), self.name(&place));
        let result = match dir {
            None => Err(Fault::never(Code::NotFound, "")),
            Some(dir) if self.is(Mutation::CopyIntoPlace) => {
                let data = self.temp_data(temp, disk).unwrap_or_default();
                let ino = disk.create(dir, &name, around.now);
                let copied = disk.write(ino, 0, &data, around.now).map_err(fault_of);
                disk.remove(dir, &temp.name);
                copied
            }
            Some(_) if self.is_bad(&name) => Err(Fault::never(Code::BadName, "")),
            Some(dir)
                if self.gives_free_names()
                    && disk.at(dir, &name).is_some()
                    && !self.is(Mutation::IgnoreFreeName) =>
            {
                Err(Fault::never(Code::Exists, ""))
            }
            Some(dir) => disk.rename(dir, &temp.name, &name).map_err(fault_of),
        };
        job.placed.push(result);
        None
    }

    fn sync_dirs(
        &mut self,
        job: &mut Job,
        id: EffectId,
        dirs: &[Dir],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(dir) = dirs.get(job.at) else {
            let result = job.fault.take().map_or(Ok(()), Err);
            return Some(ReceiverEvent::Done { id, result });
        };
        job.at += 1;
        job.fault = job.fault.take().or(around.fault.take());
        let skipped = match self.placed {
            true => self.is(Mutation::SkipPlacedDirSync),
            false => self.is(Mutation::SkipTempDirSync),
        };
        match self.dir(dir, around.disk) {
            Some(ino) if self.is(Mutation::LateDirSync) => self.late.push(ino),
            Some(ino) if !skipped && job.fault.is_none() => around.disk.sync_dir(ino),
            Some(_) => {}
            None => job.fault = Some(Fault::never(Code::NotFound, "")),
        }
        None
    }

    fn sweep(&mut self, job: &mut Job, id: EffectId, around: &mut Around<'_>) -> Answer {
        let disk = &mut *around.disk;
        if job.sub == 0 {
            job.sub = 1;
            let bytes = disk.data(self.journal).unwrap_or_default();
            let mut reader = Reader::new(&bytes[..]);
            while let Some(record) = reader.next_record().expect("in memory") {
                let Record::Touched { dir, above } = record else { continue };
                let path = dir.destination(&self.config.orders);
                let up = usize::from(above);
                let names = &path.names()[..path.names().len() - up];
                job.dirs.extend(disk.walk(names));
            }
            return None;
        }
        let Some(dir) = job.dirs.pop() else {
            return Some(ReceiverEvent::Done { id, result: Ok(()) });
        };
        if self.is(Mutation::SkipSweep) {
            return None;
        }
        let prefix = temp_prefix(self.config.task);
        let before = disk.dir_mtime(dir);
        for name in disk.names(dir) {
            if name.as_bytes().starts_with(prefix.as_bytes()) {
                disk.remove(dir, &name);
            }
        }
        if let Some(before) = before
            && self.config.orders.options.preserve_times
            && !self.is(Mutation::SweepTouches)
        {
            disk.set_dir_mtime(dir, before);
        }
        if !self.is(Mutation::SkipSweepSync) {
            disk.sync_dir(dir);
        }
        None
    }

    /// Remembers what the journal is told about files.
    fn note(&mut self, effect: &ReceiverEffect) {
        let ReceiverEffect::AppendJournal { bytes, .. } = effect else { return };
        for record in records(bytes) {
            if let Record::Placing { file, digest, .. } = record {
                let path = file.source(&self.config.orders);
                self.announced.push((path.names().to_vec(), digest));
            }
        }
    }

    fn temp_ino(&self, temp: &Temp, disk: &Disk) -> Option<Ino> {
        assert!(is_reserved(temp.name.as_bytes()), "unfinished files have reserved names");
        let dir = self.dir(&temp.place.dir, disk)?;
        match disk.at(dir, &temp.name)? {
            Stands::File { ino, .. } => Some(ino),
            Stands::Dir(_) | Stands::Link => None,
        }
    }

    fn temp_data(&self, temp: &Temp, disk: &Disk) -> Option<Arc<Vec<u8>>> {
        disk.data(self.temp_ino(temp, disk)?)
    }

    fn file_at(&self, place: &Place, disk: &Disk) -> Option<Ino> {
        let dir = self.dir(&place.dir, disk)?;
        match disk.at(dir, &self.name(place))? {
            Stands::File { ino, .. } => Some(ino),
            Stands::Dir(_) | Stands::Link => None,
        }
    }

    fn dir(&self, dir: &Dir, disk: &Disk) -> Option<Ino> {
        let item = &self.config.orders.items[dir.item() as usize].destination;
        let names = match (dir.id(), dir.place()) {
            (DirId::Above(_), _) | (DirId::Entry(_), None) => item.parent()?.names().to_vec(),
            (DirId::Entry(_), Some(place)) => {
                let path = place.destination(&self.config.orders)?;
                assert!(path.is_inside(item), "nothing outside the items is touched");
                path.names().to_vec()
            }
        };
        disk.walk(&names)
    }

    fn name(&self, place: &Place) -> Name {
        let path = place.destination(&self.config.orders).expect("short");
        path.file_name().expect("no item is the root").clone()
    }

    fn is(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }
}

impl Job {
    fn new(effect: ReceiverEffect) -> Self {
        Self {
            effect,
            at: 0,
            sub: 0,
            compared: Vec::new(),
            values: Vec::new(),
            written: Vec::new(),
            linked: Vec::new(),
            synced: Vec::new(),
            agree: Vec::new(),
            placed: Vec::new(),
            dirs: Vec::new(),
            fault: None,
            before: 0,
        }
    }
}

/// The name of the journal.
pub fn journal_name() -> Name {
    Name::from_bytes(b"journal".as_slice()).expect("it is a name")
}

/// The records of an append.
fn records(bytes: &[u8]) -> Vec<Record> {
    let mut reader = Reader::resume(bytes, 1);
    std::iter::from_fn(|| reader.next_record().expect("in memory")).collect()
}

fn stamp(inode: Ino, size: u64, mtime: UnixTime) -> FileStamp {
    FileStamp { device: 9, inode, size, mtime }
}

fn fault_of(refused: Refused) -> Fault {
    match refused {
        Refused::NotFound => Fault::never(Code::NotFound, ""),
        Refused::WrongKind => Fault::never(Code::IsADirectory, ""),
        Refused::NoSpace => Fault::backoff(Code::NoSpace, ""),
    }
}
