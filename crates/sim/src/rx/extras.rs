//! What stands at the destination only, found and removed.

use outport_protocol::{
    control::FileKind,
    journal::Way,
    orders::TransferItem,
    session::{
        Dir, EffectId, Fault, NameHash, ReceiverEvent, is_reserved,
        receiver::{ExtraLeft, ExtraSeen, Told},
    },
};
use outport_types::{Code, Filter, FilterKind, Name, Purpose};

use super::{Around, Rx};
use crate::{
    disk::{Disk, Ino, Stands},
    mutation::Mutation,
};

impl Rx {
    pub(super) fn find_extras(
        &mut self,
        dir: &Dir,
        names: &[NameHash],
        disk: &Disk,
    ) -> Result<u64, Fault> {
        let Some(ino) = self.dir(dir, disk) else {
            let looks = self.config.orders.options.only_looks();
            return if looks { Ok(0) } else { Err(Fault::never(Code::NotFound, "")) };
        };
        let place = dir.place().and_then(|place| place.destination(&self.config.orders));
        let way = place.expect("an item or below").names().to_vec();
        let mut found = 0;
        for (at, name) in disk.names(ino).into_iter().enumerate() {
            let known = NameHash::of(&name).is_among(names);
            let known = known && !(self.is(Mutation::RemoveKnown) && at % 2 == 0);
            if !known && !is_reserved(name.as_bytes()) && self.admits(ino, &name, disk) {
                self.extras.push((way.clone(), name));
                found += 1;
            }
        }
        Ok(found)
    }

    fn admits(&self, dir: Ino, name: &Name, disk: &Disk) -> bool {
        let is_dir = matches!(disk.at(dir, name), Some(Stands::Dir(_)));
        let kind = if is_dir { FilterKind::Dir } else { FilterKind::File };
        self.is(Mutation::RemoveHidden)
            || Filter::new(&self.config.orders.options.filters).admits(name, kind)
    }

    /// Removes one thing with what it holds, but what the filter hides.
    fn remove(&self, dir: Ino, name: &Name, disk: &mut Disk) -> bool {
        if !self.admits(dir, name, disk) {
            return false;
        }
        let mut all = true;
        if let Some(Stands::Dir(below)) = disk.at(dir, name) {
            for name in disk.names(below) {
                all &= self.remove(below, &name, disk);
            }
        }
        if all {
            disk.remove(dir, name);
        }
        all
    }

    /// Tells one of what was found, with what it holds.
    pub(super) fn see_extras(&mut self, id: EffectId, around: &mut Around<'_>) -> ReceiverEvent {
        let mut told = Told::default();
        if let Some((way, name)) = self.extras.pop()
            && let Some(dir) = around.disk.walk(&way)
        {
            self.see(&way, dir, &name, around.disk, &mut told.listed);
        }
        ReceiverEvent::ExtrasSeen { id, seen: Ok(told), more: !self.extras.is_empty() }
    }

    /// Tells what would go; `false` when it stays.
    fn see(
        &self,
        way: &[Name],
        dir: Ino,
        name: &Name,
        disk: &Disk,
        seen: &mut Vec<ExtraSeen>,
    ) -> bool {
        if !self.admits(dir, name, disk) {
            return false;
        }
        let mut below_way = way.to_vec();
        below_way.push(name.clone());
        let (kind, size) = match disk.at(dir, name) {
            Some(Stands::Dir(below)) => {
                let mut all = true;
                for name in disk.names(below) {
                    all &= self.see(&below_way, below, &name, disk, seen);
                }
                if !all && self.config.orders.options.purpose != Purpose::Check {
                    return false;
                }
                (FileKind::Dir, 0)
            }
            Some(Stands::File { size, .. }) => (FileKind::File, size),
            Some(Stands::Link) => (FileKind::Link, 0),
            None => return true,
        };
        let inside = |item: &&TransferItem| below_way.starts_with(item.destination.names());
        let items = &self.config.orders.items;
        let at = items.iter().position(|item| inside(&item)).expect("it is in an item");
        let names = below_way[items[at].destination.names().len()..].to_vec();
        seen.push(ExtraSeen { entry: Way { item: at as u32, names }, kind, size });
        true
    }

    pub(super) fn remove_extras(&mut self, id: EffectId, around: &mut Around<'_>) -> ReceiverEvent {
        let mut left = Vec::new();
        let next = self.extras.pop();
        if let Some((way, name)) = next
            && !self.is(Mutation::SkipExtras)
            && let Some(dir) = around.disk.walk(&way)
        {
            if let Some(fault) = around.fault.take() {
                let entry = Way { item: 0, names: vec![name] };
                left.push(ExtraLeft { entry, is_directory: false, fault });
            } else {
                let before = around.disk.dir_mtime(dir);
                self.remove(dir, &name, around.disk);
                if let Some(before) = before
                    && self.config.orders.options.preserve_times
                {
                    around.disk.set_dir_mtime(dir, before);
                }
                around.disk.sync_dir(dir);
            }
        }
        let (removed, more) = (1, !self.extras.is_empty());
        ReceiverEvent::ExtrasRemoved { id, removed, left, more }
    }
}
