//! Previews and checks at the destination: what would be removed is told, and nothing is touched.
//!
//! A preview decides about each entry as a removal does: what the filter hides, what other tasks have
//! on its way, what is denied and what is mounted stays, and with it the directories that hold it. A
//! check tells all that may be seen.
//!
//! An extra is told in portions. Between two of them only names are kept, no handles, so that neither
//! width nor depth of a tree costs any.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use outport_protocol::{
    control::FileKind,
    journal::Way,
    session::{
        Dir, EffectId, NameHash, Place,
        receiver::{ExtraLeft, ExtraSeen, ReceiverEvent, Told},
        temp_prefix,
    },
};
use outport_types::{CollectionPath, DIFFERENCES_LISTED_MAX, Extras, Filter, Name, Purpose};

use super::{
    Destination,
    extras::{Extra, LATE, shown},
    lock,
};
use crate::{
    ops::{Spared, is_mounted},
    refused::Refused,
    resolver::{Directory, Right},
    stat::Stat,
    system_path::{System, is_reserved, name_from_host},
};

/// How far the telling is.
#[derive(Debug, Default)]
pub(super) struct Tellings {
    now: Option<Telling>,
    listed: u64,
}

/// What one portion tells.
struct List<'a> {
    told: &'a mut Told,
    listed: &'a mut u64,
}

/// What is told now, and how far.
#[derive(Debug)]
struct Telling {
    spared: Spared,
    /// What is told: its item and the names down to it.
    entry: Way,
    /// The directory of what is told, and those below it down to where the telling is.
    levels: Vec<Level>,
}

/// A directory of which something is still to be told.
#[derive(Debug)]
struct Level {
    name: Name,
    /// Directories in it that are not told.
    below: Vec<Name>,
    /// Whether something in it stays, and so it does.
    stays: bool,
    opened: bool,
}

impl Destination {
    /// Whether nothing is to be changed.
    pub(super) fn looks(&self) -> bool {
        self.dirs.orders().options.only_looks()
    }

    /// Whether the two sides are compared for their own sake.
    pub(super) fn checks(&self) -> bool {
        self.dirs.orders().options.purpose == Purpose::Check
    }

    /// What would be said of a place in a directory that is not there, if it was made: a transfer
    /// could not write where the rules or the system refuse the name.
    pub(super) fn unless_refused<T>(&self, place: &Place, would: T) -> Result<T, Refused> {
        if self.checks() {
            return Ok(would);
        }
        if let Some(name) = &place.name {
            System::HOST.check_name(&place.naming.of(name)).map_err(Refused::BadName)?;
        }
        let path = place.destination(self.dirs.orders()).ok_or(Refused::NotShared)?;
        match self.resolver().explain(&path).access {
            Some(access) if access.can_write() => Ok(would),
            Some(_) => Err(Refused::ReadOnly),
            None => Err(Refused::NotShared),
        }
    }

    /// Keeps what stands in a directory of a check under none of these names, wherever it leads.
    pub(super) fn find_all(&self, dir: &Dir, names: &[NameHash]) -> Result<u64, Refused> {
        let way = dir.local_way();
        let directory = match self.dirs.directory(dir) {
            Err(Refused::NotFound) => return Ok(0),
            directory => directory?,
        };
        self.keep_others(&way, &directory, names, LATE, |_| true)
    }

    /// Tells some of what would be removed of what was found.
    pub(super) fn see_extras(&self, id: EffectId) -> ReceiverEvent {
        let mut told = Told::default();
        match self.tell_some(&mut told) {
            Ok(more) => ReceiverEvent::ExtrasSeen { id, seen: Ok(told), more },
            // The next session tells all of it again.
            Err(Refused::Stopped) => ReceiverEvent::ExtrasSeen { id, seen: Ok(told), more: true },
            Err(refused) => {
                let entry = Way { item: 0, names: Vec::new() };
                let left = ExtraLeft { entry, is_directory: true, fault: refused.fault() };
                ReceiverEvent::ExtrasSeen { id, seen: Err(left), more: false }
            }
        }
    }

    fn tell_some(&self, told: &mut Told) -> Result<bool, Refused> {
        if !self.checks() {
            self.unless_items_nest()?;
        }
        let until = Instant::now() + PORTION_TIME;
        let mut telling = lock(&self.telling);
        let Tellings { now, listed } = &mut *telling;
        let mut list = List { told, listed };
        while list.told.listed.len() < SEEN_MAX && Instant::now() < until {
            self.unless_stopped()?;
            if let Some(one) = now {
                if !self.tell_on(one, &mut list)? {
                    *now = None;
                }
                continue;
            }
            let Some(extra) = lock(&self.extras).next()? else { return Ok(false) };
            match self.begin(&extra, &mut list) {
                Ok(next) => *now = next,
                // What went meanwhile, or may not be looked at, would stay or is gone.
                Err(Refused::NotFound | Refused::NotShared | Refused::OtherDisk) => {}
                Err(refused) => return Err(refused),
            }
        }
        Ok(true)
    }

    /// Begins with one extra: a directory is told in portions, anything else at once.
    fn begin(&self, extra: &Extra, list: &mut List<'_>) -> Result<Option<Telling>, Refused> {
        let (name, above) = extra.entry.names.split_last().ok_or(Refused::NotFound)?;
        let parent = self.parent(extra.entry.item, above)?;
        parent.allow(name, if self.checks() { Right::Read } else { Right::Delete })?;
        let stat = parent.stat(name)?;
        if stat.kind != FileKind::Dir {
            let place = parent.place(name.clone());
            if self.checks() || !self.resolver().holds_rule(&place)? {
                let (entry, kind) = (extra.entry.clone(), stat.kind);
                list.push(ExtraSeen { entry, kind, size: stat.size });
            }
            return Ok(None);
        }
        let options = &self.dirs.orders().options;
        let spared = Spared {
            filter: Arc::new(Filter::new(&options.filters)),
            own_prefix: temp_prefix(self.task),
            found: LATE,
        };
        if !self.checks()
            && options.extras == Extras::Trash
            && self.holds_spared(&parent.place(name.clone()), &spared)?
        {
            return Ok(None);
        }
        let levels = vec![Level::new(name.clone())];
        Ok(Some(Telling { spared, entry: extra.entry.clone(), levels }))
    }

    /// Tells the next directory of an extra; `false` when all of it is told.
    fn tell_on(&self, telling: &mut Telling, list: &mut List<'_>) -> Result<bool, Refused> {
        let Some(level) = telling.levels.last_mut() else { return Ok(false) };
        if !level.opened {
            level.opened = true;
            match self.tell_directory(telling, list) {
                Ok(()) => {}
                Err(Refused::Stopped) => return Err(Refused::Stopped),
                // What cannot be looked into stays, and with it what holds it.
                Err(_) => telling.stays(),
            }
            return Ok(true);
        }
        if let Some(below) = level.below.pop() {
            telling.levels.push(Level::new(below));
            return Ok(true);
        }
        let entry = telling.way();
        let Some(done) = telling.levels.pop() else { return Ok(false) };
        if done.stays && !self.checks() {
            telling.stays();
        } else {
            list.push(ExtraSeen { entry, kind: FileKind::Dir, size: 0 });
        }
        Ok(!telling.levels.is_empty())
    }

    /// Tells what a directory holds but for directories, and remembers those.
    fn tell_directory(&self, telling: &mut Telling, list: &mut List<'_>) -> Result<(), Refused> {
        let way = telling.way();
        let (name, above) = way.names.split_last().ok_or(Refused::NotFound)?;
        let parent = self.parent(way.item, above)?;
        let directory = self.resolver().child_nofollow(&parent, name, Right::Read)?;
        if !self.checks() && (is_mounted(&parent, &directory) || self.protects(&parent, name)?) {
            return Err(Refused::OtherDisk);
        }
        for entry in directory.dir().entries()? {
            self.unless_stopped()?;
            // What is none of our names stays, and so does what is on its way in another task.
            let Some(name) =
                name_from_host(&entry?.file_name()).ok().filter(|name| !is_reserved(name))
            else {
                telling.stays();
                continue;
            };
            match self.tell_entry(telling, &directory, &name) {
                Ok(Some(stat)) if stat.kind == FileKind::Dir => {
                    if let Some(level) = telling.levels.last_mut() {
                        level.below.push(name);
                    }
                }
                Ok(Some(stat)) => {
                    let mut entry = way.clone();
                    entry.names.push(name);
                    list.push(ExtraSeen { entry, kind: stat.kind, size: stat.size });
                }
                Ok(None) | Err(Refused::NotFound) => {}
                Err(_) => telling.stays(),
            }
        }
        Ok(())
    }

    /// What stands at a name in an extra, if it would go.
    fn tell_entry(
        &self,
        telling: &mut Telling,
        directory: &Directory,
        name: &Name,
    ) -> Result<Option<Stat>, Refused> {
        if self.checks() {
            return shown(directory, name, &telling.spared.filter);
        }
        let stat = directory.stat(name)?;
        if telling.spared.hides(name, &stat) {
            telling.stays();
            return Ok(None);
        }
        if stat.id.device != directory.id().device {
            return Err(Refused::OtherDisk);
        }
        if stat.kind != FileKind::Dir {
            directory.allow(name, Right::Delete)?;
        }
        Ok(Some(stat))
    }

    /// Whether a rule of the owner stands on a directory, or forbids its removal.
    fn protects(&self, parent: &Directory, name: &Name) -> Result<bool, Refused> {
        parent.allow(name, Right::Delete)?;
        self.resolver().holds_rule(&parent.place(name.clone()))
    }

    /// The directory that holds an extra: in a preview, as for a removal, no link leads there.
    fn parent(&self, item: u32, above: &[Name]) -> Result<Directory, Refused> {
        if self.checks() {
            let top = self.dirs.item(&Dir::above(item))?;
            let path: Option<CollectionPath> =
                outport_protocol::session::below(top, above.to_vec());
            return self.resolver().directory(&path.ok_or(Refused::NotFound)?, Right::Read);
        }
        let top = self.own_top(item)?;
        let mut names = above.iter();
        names
            .try_fold(top, |parent, name| self.own_child(&parent, name))
            .map_err(|refused| refused.or_if_no_directory(Refused::NotFound))
    }
}

impl List<'_> {
    fn push(&mut self, seen: ExtraSeen) {
        if *self.listed < DIFFERENCES_LISTED_MAX {
            *self.listed += 1;
            self.told.listed.push(seen);
        } else if seen.kind == FileKind::Dir {
            self.told.rest.add_directory();
        } else {
            self.told.rest.add_file(if seen.kind == FileKind::File { seen.size } else { 0 });
        }
    }
}

impl Telling {
    /// Something in the directory that is told stays.
    fn stays(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.stays = true;
        }
    }

    /// Where the telling is.
    fn way(&self) -> Way {
        let mut way = self.entry.clone();
        way.names.extend(self.levels.iter().skip(1).map(|level| level.name.clone()));
        way
    }
}

impl Level {
    fn new(name: Name) -> Self {
        Self { name, below: Vec::new(), stays: false, opened: false }
    }
}

/// How long one portion takes: a pause comes between two of them.
const PORTION_TIME: Duration = Duration::from_millis(200);
/// What one portion tells at least before it ends; the last directory of it is told in full.
const SEEN_MAX: usize = 1000;
