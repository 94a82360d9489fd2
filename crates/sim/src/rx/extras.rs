//! What stands at the destination only, found and removed.

use outport_protocol::{
    journal::Way,
    session::{Dir, EffectId, Fault, NameHash, ReceiverEvent, is_reserved, receiver::ExtraLeft},
};
use outport_types::{Code, Filter, FilterKind, Name};

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
        let ino = self.dir(dir, disk).ok_or(Fault::never(Code::NotFound, ""))?;
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
