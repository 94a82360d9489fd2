//! Symbolic links, and files that get other names.

use outport_protocol::session::{
    EffectId, Fault, LinkTarget, ReceiverEvent,
    receiver::{Compared, HardLink, HardLinked, Linked},
};
use outport_types::{Code, Name};

use super::{Answer, Around, Job, Rx, fault_of, stamp};
use crate::{
    disk::{Disk, Ino, Stands},
    mutation::Mutation,
};

impl Rx {
    /// Makes a symbolic link; in two steps where it takes the place of something.
    pub(super) fn link(
        &self,
        job: &mut Job,
        (dir, name): (Ino, &Name),
        (target, temp, replace): (&LinkTarget, &Name, bool),
        stands: Option<Stands>,
        disk: &mut Disk,
    ) -> Option<Result<Compared, Fault>> {
        let same = disk.link(dir, name) == Some(target.as_bytes());
        match stands {
            _ if self.is(Mutation::SkipLinks) => Some(Ok(Compared::Link(Linked::Made))),
            Some(Stands::Dir(_)) if !self.gives_free_names() => {
                Some(Err(Fault::never(Code::IsADirectory, "")))
            }
            Some(_) if same => Some(Ok(Compared::Link(Linked::Stood))),
            Some(_) if !replace => Some(Ok(Compared::Link(Linked::Kept))),
            Some(_) if self.config.orders.options.only_looks() => {
                Some(Ok(Compared::Link(Linked::Replaced)))
            }
            None => {
                disk.symlink(dir, name, target.as_bytes());
                Some(Ok(Compared::Link(Linked::Made)))
            }
            Some(_) if self.is(Mutation::RemoveForLink) => {
                disk.remove(dir, name);
                None
            }
            Some(_) if job.sub == 0 => {
                disk.symlink(dir, temp, target.as_bytes());
                job.sub = 1;
                None
            }
            Some(_) => Some(
                disk.rename(dir, temp, name)
                    .map_err(fault_of)
                    .map(|()| Compared::Link(Linked::Replaced)),
            ),
        }
    }

    /// Gives files other names, one a step.
    pub(super) fn hard_link(
        &self,
        job: &mut Job,
        id: EffectId,
        links: &[HardLink],
        around: &mut Around<'_>,
    ) -> Answer {
        let Some(link) = links.get(job.linked.len()) else {
            let results = std::mem::take(&mut job.linked);
            return Some(ReceiverEvent::HardLinked { id, results });
        };
        let result = match around.fault.take() {
            Some(fault) => HardLinked::Failed(fault),
            None => self.give_name(link, around),
        };
        job.linked.push(result);
        None
    }

    fn give_name(&self, link: &HardLink, around: &mut Around<'_>) -> HardLinked {
        let disk = &mut *around.disk;
        let Some(dir) = self.dir(&link.temp.place.dir, disk) else {
            return HardLinked::Failed(Fault::never(Code::NotFound, ""));
        };
        disk.remove(dir, &link.temp.name);
        let first = self.file_at(&link.first, disk).and_then(|ino| disk.stands(ino));
        let Some(Stands::File { ino, size, mtime }) = first else { return HardLinked::NotThere };
        if NAMES_MAX <= disk.names_of(ino) {
            return HardLinked::NotThere;
        }
        if self.is(Mutation::CopyNames) {
            let data = disk.data(ino).unwrap_or_default();
            let copy = disk.create(dir, &link.temp.name, mtime);
            disk.write(copy, 0, &data, mtime).expect("there is room");
            disk.sync_file(copy);
        } else {
            disk.hard_link(dir, &link.temp.name, ino);
        }
        HardLinked::Made(stamp(ino, size, mtime))
    }
}

/// Names that a file of this disk can have.
pub const NAMES_MAX: usize = 4;
