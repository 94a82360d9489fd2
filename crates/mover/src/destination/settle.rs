//! Bringing to the disk for good what was written: sync, read back, rename, sync names, sweep.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    sync::Arc,
};

use outport_protocol::{
    control::FileKind,
    session::{
        Dir, EffectId, Fault, FileStamp, ReceiverEvent,
        receiver::{FinishDir, ReadPart, SyncFile, Temp},
        temp_prefix,
    },
};
use outport_types::{Conflict, Name, SyncLevel};

use super::{
    Destination, lock,
    spelling::{Spellings, may_be_respelled},
};
use crate::{
    hashing::Sparse,
    refused::Refused,
    resolver::{Directory, Right},
    stat::{FileId, Stat},
};

impl Destination {
    /// One call for the whole file system where there are many files, else one for each.
    pub(super) fn sync_files(&self, id: EffectId, files: &[SyncFile]) -> ReceiverEvent {
        let finished: Vec<Result<Finished, Refused>> =
            files.iter().map(|file| self.finish(file, files.len() < SYNC_EACH_MAX)).collect();
        let refused = finished.iter().enumerate();
        let refused =
            refused.filter_map(|(at, one)| Some((at, one.as_ref().ok()?.refused.clone()?)));
        let refused = refused.collect();
        let devices: BTreeSet<u64> = finished
            .iter()
            .flatten()
            .filter(|finished| !finished.synced)
            .map(|finished| finished.stamp.device)
            .collect();
        let failed: BTreeMap<u64, Fault> = devices
            .into_iter()
            .filter_map(|device| Some((device, self.sync_device(device).err()?.fault())))
            .collect();
        let results = finished.into_iter().map(|finished| match finished {
            Ok(Finished { stamp, synced, .. }) => match failed.get(&stamp.device) {
                Some(fault) if !synced => Err(fault.clone()),
                Some(_) | None => Ok(stamp),
            },
            Err(refused) => Err(refused.fault()),
        });
        ReceiverEvent::Synced { id, results: results.collect(), refused }
    }

    /// Gives a file what it gets when it is whole; syncs it alone when `alone`, or when nothing
    /// else can. Says whether it is synced.
    fn finish(&self, file: &SyncFile, alone: bool) -> Result<Finished, Refused> {
        let handle = self.handle(&file.temp)?;
        let mut refused = None;
        let stamp = match &file.finish {
            Some(finish) => {
                if let Some(wanted) = &finish.checked {
                    self.check_checksum(&file.temp, wanted)?;
                }
                if let Some(wanted) = &finish.attributes {
                    let names = self.store.give_attributes(&handle, wanted)?;
                    refused = (!names.is_empty()).then(|| list(&names));
                }
                self.store.finish(&handle, finish)?.stamp()
            }
            None => Stat::of_open(&handle)?.stamp(),
        };
        let together = !alone && lock(&self.file_systems).contains_key(&stamp.device);
        if !together {
            self.store.sync_file(&handle)?;
        }
        Ok(Finished { stamp, synced: !together, refused })
    }

    fn sync_device(&self, device: u64) -> Result<(), Refused> {
        let file_system = lock(&self.file_systems).get(&device).cloned();
        let Some(file_system) = file_system else {
            return Err(Refused::NotFound);
        };
        match self.store.sync_file_system(&file_system.on_it) {
            Some(result) => Ok(result?),
            None => Err(Refused::NotFound),
        }
    }

    /// Reads parts back: through handles that did not write them, but where that makes no difference.
    pub(super) fn read_back(&self, parts: &[ReadPart]) -> Vec<bool> {
        let mut open: Option<(u64, Arc<File>)> = None;
        let agree = parts.iter().map(|read| {
            let ReadPart { temp, blocks, sparse, part } = read;
            let mut read = || -> Result<bool, Refused> {
                self.unless_stopped()?;
                let file = match &open {
                    Some((file, handle)) if *file == temp.file => handle.clone(),
                    Some(_) | None => {
                        let file = self.handle_to_check(temp)?;
                        open.insert((temp.file, file)).1.clone()
                    }
                };
                let sparse = Sparse::unfinished(&*self.store, &file, *sparse);
                let values = self.hashing().nodes(&file, *blocks, &[part.id], sparse)?;
                Ok(values == [Some(part.cv)])
            };
            read().unwrap_or(false)
        });
        agree.collect()
    }

    fn handle_to_check(&self, temp: &Temp) -> Result<Arc<File>, Refused> {
        let (directory, _) = self.dirs.place(&temp.place)?;
        let file_system = lock(&self.file_systems).get(&directory.id().device).cloned();
        let one_handle = file_system.is_some_and(|file_system| file_system.one_handle);
        let open = || lock(&self.files).files.get(&temp.file).cloned();
        match one_handle.then(open).flatten() {
            Some(open) => Ok(open),
            None => Ok(Arc::new(self.store.reopen(&directory, &temp.name, false)?)),
        }
    }

    /// Gives files their final names, in directories that are still where they were.
    pub(super) fn place(&self, files: &[Arc<Temp>]) -> Vec<Result<(), Fault>> {
        let mut checked: BTreeMap<FileId, Result<(), Fault>> = BTreeMap::new();
        let mut spellings = Spellings::default();
        let mut odd = Vec::new();
        let results = files.iter().enumerate().map(|(index, temp)| {
            let (directory, name) = self.dirs.place(&temp.place)?;
            directory.allow(&name, Right::Write)?;
            checked
                .entry(directory.id())
                .or_insert_with(|| self.check_again(temp, &directory).map_err(Fault::from))
                .clone()?;
            let id = match may_be_respelled(&name) {
                true => self.store.stat(&directory, &temp.name)?.map(|stat| stat.id),
                false => None,
            };
            let is_new = self.place_one(&mut spellings, &directory, &temp.name, &name);
            if !matches!(is_new, Ok(true)) {
                // Somebody else puts something there.
                self.forget_made(&temp.place.dir);
            }
            let is_new = is_new?;
            if let (true, Some(id)) = (is_new, id) {
                odd.push((index, directory, name, id));
            }
            Ok(())
        });
        let mut results: Vec<Result<(), Fault>> = results.collect();
        // All at once, so that no directory is listed often. What stands there then may be another
        // file of this batch already, and stays.
        let mut spellings = Spellings::default();
        for (index, directory, name, id) in odd {
            if let Err(refused) = self.unless_respelled(&mut spellings, &directory, &name) {
                // Another file may have the name by now.
                let there = self.store.stat(&directory, &name).ok().flatten();
                if there.is_some_and(|there| there.id == id) {
                    // One that stays is no worse than what was there: it is told either way.
                    self.store.place(&directory, &name, &files[index].name).ok();
                }
                results[index] = Err(refused.into());
            }
        }
        self.close(&files.iter().map(|temp| temp.file).collect());
        results
    }

    /// Gives a file its final name; says whether nothing had it.
    ///
    /// What has it is looked at again: when the file was compared, another of the source with a name
    /// that is the same here may not have stood there yet.
    fn place_one(
        &self,
        spellings: &mut Spellings,
        directory: &Directory,
        temp: &Name,
        name: &Name,
    ) -> Result<bool, Refused> {
        match self.store.place_new(directory, temp, name) {
            Ok(()) => return Ok(true),
            Err(Refused::Exists) => {}
            Err(refused) => return Err(refused),
        }
        match self.unless_clash(spellings, directory, name) {
            // What had it has gone meanwhile.
            Err(Refused::BadName(_)) if self.store.stat(directory, name)?.is_none() => {}
            other => other?,
        }
        // Nothing stood there when it was compared: somebody else's file came meanwhile.
        let options = &self.dirs.orders().options;
        if options.conflict == Conflict::Rename {
            return Err(Refused::Exists);
        }
        let spares =
            options.conflict == Conflict::Skip || options.sync_level == Some(SyncLevel::Exists);
        let there = self.store.stat(directory, name)?;
        if spares && there.is_some_and(|there| there.kind == FileKind::File) {
            return Err(Refused::Exists);
        }
        self.store.place(directory, temp, name)?;
        Ok(false)
    }

    fn check_again(&self, temp: &Temp, directory: &Directory) -> Result<(), Refused> {
        // An item that is a file may be granted alone, without the directory that holds it.
        let same = match &temp.place.name {
            Some(_) => self.resolver().check_again(directory, Right::Write),
            None => {
                let path = self.dirs.item(&temp.place.dir)?;
                let now = self.resolver().place(path, Right::Write)?;
                if now.directory().id() == directory.id() { Ok(()) } else { Err(Refused::NotFound) }
            }
        };
        if same.is_err() {
            self.dirs.forget();
        }
        same
    }

    pub(super) fn sync_dirs(&self, dirs: &[Dir]) -> Result<(), Refused> {
        let mut directories: BTreeMap<FileId, Directory> = BTreeMap::new();
        for dir in dirs {
            match self.dirs.directory(dir) {
                Ok(directory) => {
                    directories.insert(directory.id(), directory);
                }
                // What holds a folder is not ours; nothing was made in it.
                Err(Refused::FolderItself) => {}
                Err(refused) => return Err(refused),
            }
        }
        let mut by_device: BTreeMap<u64, Vec<Directory>> = BTreeMap::new();
        for (id, directory) in directories {
            by_device.entry(id.device).or_default().push(directory);
        }
        for (device, directories) in by_device {
            if SYNC_EACH_MAX <= directories.len() && self.sync_device(device).is_ok() {
                continue;
            }
            for directory in directories {
                self.store.sync_directory(&directory)?;
            }
        }
        Ok(())
    }

    /// Gives directories their permissions and times, and flushes them.
    pub(super) fn finish_dirs(&self, dirs: &[FinishDir]) -> Vec<Result<(), Fault>> {
        let finished = dirs.iter().map(|finish| {
            let directory = self.dirs.directory(&finish.dir)?;
            directory.check(Right::Write)?;
            let mode = finish.permissions.then_some(finish.meta.mode);
            let modified = finish.times.then_some(finish.meta.mtime);
            Ok(self.store.finish_directory(&directory, mode, modified)?)
        });
        let finished: Vec<Result<(), Refused>> = finished.collect();
        let done = dirs.iter().zip(&finished).filter(|(_, result)| result.is_ok());
        let done: Vec<Dir> = done.map(|(finish, _)| finish.dir.clone()).collect();
        let synced = self.sync_dirs(&done).map_err(Fault::from);
        let results = finished.into_iter().map(|result| match result {
            Ok(()) => synced.clone(),
            Err(refused) => Err(refused.fault()),
        });
        results.collect()
    }

    /// Removes what this task left unfinished, wherever its journal says that it was at work.
    pub(crate) fn sweep(&self) -> Result<(), Refused> {
        let prefix = temp_prefix(self.task);
        *lock(&self.files) = super::OpenFiles::default();
        let touched = lock(&self.journal).touched();
        for entry in touched.map_err(std::io::Error::other)? {
            self.unless_stopped()?;
            let (way, above) = entry.map_err(std::io::Error::other)?;
            // A directory that is gone, or closed to us now, holds nothing for us to remove.
            let Ok(directory) = self.dirs.at_way(&way, above) else {
                continue;
            };
            let mut removed = false;
            let before = Stat::new(&directory.dir().dir_metadata()?).modified;
            for name in directory.reserved_names()? {
                if name.as_bytes().starts_with(prefix.as_bytes()) {
                    self.store.remove(&directory, &name)?;
                    removed = true;
                }
            }
            if removed {
                if self.dirs.orders().options.preserve_times {
                    self.store.finish_directory(&directory, None, Some(before))?;
                }
                self.store.sync_directory(&directory)?;
            }
        }
        Ok(())
    }
}

/// A file that got what it gets when it is whole.
struct Finished {
    stamp: FileStamp,
    /// Whether it is on the disk for good.
    synced: bool,
    /// Attributes that it could not have.
    refused: Option<String>,
}

fn list(names: &[Vec<u8>]) -> String {
    let names = names.iter().map(|name| String::from_utf8_lossy(name).into_owned());
    names.collect::<Vec<_>>().join(", ")
}

/// From so many files on, one sync of the whole file system is cheaper than one for each.
const SYNC_EACH_MAX: usize = 16;
