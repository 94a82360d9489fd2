//! Giving files that stand here already other names.
//!
//! The disk is asked through the directories of both names, so neither leads anywhere else. What stands
//! at the first is looked at before and, under its new name, after: what somebody put there in between
//! is told as what it is, and nobody takes it for the file that was meant.

use std::io;

use outport_protocol::{
    control::FileKind,
    session::receiver::{HardLink, HardLinked},
};

use super::Destination;
use crate::{refused::Refused, resolver::Right};

impl Destination {
    /// Gives a file the temporary name of another one.
    pub(super) fn hard_link(&self, link: &HardLink) -> HardLinked {
        match self.try_hard_link(link) {
            Ok(linked) => linked,
            Err(Refused::NotFound) => HardLinked::NotThere,
            Err(refused @ (Refused::Stopped | Refused::NoSpace(_) | Refused::Disk(_))) => {
                HardLinked::Failed(refused.fault())
            }
            Err(refused) => HardLinked::Apart(why(&refused)),
        }
    }

    fn try_hard_link(&self, HardLink { temp, first }: &HardLink) -> Result<HardLinked, Refused> {
        self.unless_stopped()?;
        let (from, first) = self.dirs.place(first)?;
        from.allow(&first, Right::Write)?;
        let (to, name) = self.dirs.place(&temp.place)?;
        to.allow(&name, Right::Write)?;
        let before = self.store.stat(&from, &first)?;
        let Some(before) = before.filter(|stat| stat.kind == FileKind::File) else {
            return Ok(HardLinked::NotThere);
        };
        from.allow_id(before.id)?;
        self.know_file_system(&to)?;
        self.store.remove(&to, &temp.name)?;
        if let Err(error) = self.store.hard_link((&from, &first), (&to, &temp.name)) {
            return refused(error);
        }
        let after = self.store.stat(&to, &temp.name)?;
        match after.filter(|stat| stat.kind == FileKind::File && stat.id == before.id) {
            Some(stat) => Ok(HardLinked::Made(stat.stamp())),
            None => {
                self.store.remove(&to, &temp.name)?;
                Ok(HardLinked::NotThere)
            }
        }
    }
}

/// What it means that a disk did not give a name.
fn refused(error: io::Error) -> Result<HardLinked, Refused> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open")]
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::TooManyLinks => Ok(HardLinked::NotThere),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Err(error.into()),
        io::ErrorKind::CrossesDevices => Ok(HardLinked::Apart("it is on another disk".into())),
        // A disk without hard links says this, that, or that it is not permitted.
        _ => Ok(HardLinked::Apart(error.to_string())),
    }
}

fn why(refused: &Refused) -> String {
    let reason = refused.fault().reason;
    if reason.is_empty() { refused.to_string() } else { reason }
}
