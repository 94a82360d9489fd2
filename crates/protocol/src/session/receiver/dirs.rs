//! Finishes directories: gives them their times and permissions once nothing in them will change.
//!
//! A file that is renamed into a directory gives the directory a new time, so this comes after the
//! last one of it. Until then the directory stays in the manifest, and the entry that closed it in
//! the window.

use outport_types::{Code, EventCode, Retry};

use super::{
    Mode, Receiver,
    effect::{FinishDir, ReceiverEffect},
    manifest::DirState,
};
use crate::session::{EffectId, Fault};

#[derive(Debug, Default)]
pub(super) struct Dirs {
    /// Directories that can be finished.
    ready: Vec<u64>,
    out: Option<(EffectId, Vec<u64>)>,
}

impl Receiver {
    /// All that a directory holds is settled.
    pub(super) fn dir_settled(&mut self, number: u64) {
        let options = &self.config.orders.options;
        let nothing =
            options.only_looks() || !options.preserve_times && !options.preserve_permissions;
        let stands = matches!(self.manifest.closed(number), Some((.., DirState::Ready)));
        if nothing || !stands {
            return self.dir_done(number);
        }
        self.dirs.ready.push(number);
    }

    /// Has directories finished; `false` when there was none.
    pub(super) fn pump_dirs(&mut self) -> bool {
        if self.dirs.ready.is_empty() || self.dirs.out.is_some() {
            return false;
        }
        let options = &self.config.orders.options;
        let (times, permissions) = (options.preserve_times, options.preserve_permissions);
        let rest = self.dirs.ready.split_off(self.dirs.ready.len().min(FINISHED_MAX));
        let numbers = std::mem::replace(&mut self.dirs.ready, rest);
        let dirs = numbers.iter().filter_map(|number| {
            let (dir, meta, ..) = self.manifest.closed(*number)?;
            Some(FinishDir { dir: dir.clone(), meta, times, permissions })
        });
        let dirs = dirs.collect();
        let id = self.ids.next();
        self.effects.push_back(ReceiverEffect::FinishDirs { id, dirs });
        self.dirs.out = Some((id, numbers));
        true
    }

    pub(super) fn dirs_finished(&mut self, id: EffectId, results: Vec<Result<(), Fault>>) {
        let Some((_, numbers)) = self.dirs.out.take_if(|(asked, _)| *asked == id) else { return };
        for (number, result) in numbers.into_iter().zip(results) {
            let place = self.manifest.closed(number).and_then(|(dir, ..)| dir.place());
            if let (Err(fault), Some(place), Mode::Working) = (result, place, self.mode) {
                if fault.retry == Retry::Backoff && self.manifest.may_finish_again(number) {
                    self.counts.faults += 1;
                    self.dirs.ready.push(number);
                    continue;
                }
                // Somebody else's directory keeps what it has; what is in it is there all the same.
                if fault.code == Code::OsPermission {
                    self.event(EventCode::PermissionDenied, &place, fault, true);
                } else {
                    self.fail(&place, fault, true);
                }
            }
            self.dir_done(number);
        }
    }

    fn dir_done(&mut self, number: u64) {
        if let Some((_, _, entry, _)) = self.manifest.closed(number) {
            self.manifest.forget_dir(number);
            self.release(entry);
        }
    }
}

/// Directories in one effect.
const FINISHED_MAX: usize = 256;
