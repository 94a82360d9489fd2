//! Names that are one file.

use std::collections::HashMap;

use outport_types::{Conflict, SyncLevel};

use super::{Judge, Wrong, destination, file_at, show};
use crate::{
    disk::{Disk, Ino},
    plan::Plan,
    rx::NAMES_MAX,
    source::{Node, Source},
};

impl Judge {
    /// Names that are one file at the source are one at the destination, as far as nothing else was
    /// asked for, and nothing kept anybody from it.
    pub(super) fn ties_agree(
        &self,
        plan: &Plan,
        disk: &Disk,
        source: &Source,
        item: usize,
    ) -> Result<(), Wrong> {
        let orders = &self.config.orders;
        let options = &orders.options;
        // An edit may part what had more names than the disk gives, and leave few enough.
        let is_free = source.edited.is_empty()
            && options.conflict == Conflict::Overwrite
            && options.sync_level != Some(SyncLevel::Exists)
            && plan.write_faults.is_none()
            && plan.read_faults.is_none();
        if !options.preserve_hard_links || !is_free {
            return Ok(());
        }
        let mut stands: HashMap<u64, Ino> = HashMap::new();
        for way in source.all_files() {
            let Some(Node::File(ino)) = source.at(&way) else { continue };
            let names = source.names_of(*ino);
            let inside = way.starts_with(orders.items[item].source.names());
            let found = file_at(disk, &destination(orders, item, &way)).filter(|_| inside);
            let Some(found) = found.filter(|_| names.len() <= NAMES_MAX) else {
                continue;
            };
            // By some levels another one is taken for the same, and stays.
            let is_it = disk.data(found).is_some_and(|d| *d == source.read(*ino, 0, usize::MAX));
            if is_it && self.takes_part(source, item, &way) {
                let first = *stands.entry(*ino).or_insert(found);
                if first != found {
                    return Err(Wrong(format!("{} is a file of its own", show(&way))));
                }
            }
        }
        Ok(())
    }
}
