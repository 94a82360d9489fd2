//! What cannot be done: told to the hub, counted, and in the end the reason why the task fails.

use outport_types::{Code, EventCode};

use super::{Mode, Receiver};
use crate::{
    journal::{Failure, Record},
    session::{Fault, dir::Place},
};

impl Receiver {
    /// Something cannot be read at the source: left out if the task says so, else a failure.
    pub(super) fn source_fault(&mut self, place: &Place, fault: Fault, is_directory: bool) {
        if !self.config.orders.options.skip_source_errors {
            return self.fail_entry(place, fault, false);
        }
        self.counts.errors_skipped += 1;
        if !self.recovered.skipped.contains(&place.key()) {
            let record = Record::Skipped {
                entry: place.way(),
                is_directory,
                is_error: true,
                at_destination: false,
                time: self.time(),
                fault,
            };
            self.log.push(&record, self.now);
        }
    }

    /// A file or directory is given up.
    pub(super) fn fail(&mut self, place: &Place, fault: Fault, at_destination: bool) {
        if at_destination {
            self.fail_entry(place, fault, true);
        } else {
            self.source_fault(place, fault, false);
        }
    }

    /// Tells the hub what happened, unless it was told so much already.
    pub(super) fn event(
        &mut self,
        code: EventCode,
        place: &Place,
        fault: Fault,
        at_destination: bool,
    ) {
        if self.events == EVENTS_MAX {
            return;
        }
        self.events += 1;
        let (entry, time) = (place.way(), self.time());
        self.log.push(&Record::Event { code, time, entry, at_destination, fault }, self.now);
    }

    /// Whether there is room for an event that is no fault: those must not keep faults from being told.
    pub(super) fn may_tell_renamed(&self) -> bool {
        self.events < EVENTS_MAX / 2
    }

    /// A failure, whatever the orders say of errors.
    pub(super) fn fail_entry(&mut self, place: &Place, fault: Fault, at_destination: bool) {
        // It is not waited for any more.
        let code = if fault.is_no_space() { Code::NoSpaceFailed } else { fault.code };
        let fault = Fault { code, ..fault };
        self.event(event_code(code), place, fault.clone(), at_destination);
        self.failures += 1;
        if self.failure.is_none() {
            self.failure = Some(Failure { entry: place.way(), at_destination, fault });
        }
        // So many failures have one cause; moving the rest would only hide it.
        if self.failures == FAILURES_MAX && self.mode == Mode::Working {
            self.give_up();
        }
    }
}

/// The event that goes with a problem.
#[expect(clippy::wildcard_enum_match_arm, reason = "most codes have nothing to do with disks")]
fn event_code(code: Code) -> EventCode {
    match code {
        Code::NotShared
        | Code::ReadOnly
        | Code::OsPermission
        | Code::FolderItself
        | Code::DiskReadOnly => EventCode::PermissionDenied,
        Code::NotFound => EventCode::FileNotFound,
        Code::NoSpace | Code::NoSpaceFailed => EventCode::Quota,
        Code::BadName | Code::BadPath => EventCode::NameNotRepresentable,
        Code::NotADirectory
        | Code::IsADirectory
        | Code::TakenByDirectory
        | Code::TakenByFile
        | Code::ChecksumOfDirectory
        | Code::Exists => EventCode::WrongType,
        Code::FileChanging | Code::FileChanged => EventCode::FileChanged,
        Code::DigestMismatch | Code::ExternalChecksum => EventCode::ChecksumMismatch,
        _ => EventCode::EndpointError,
    }
}

/// Events of one session; what comes after is only counted.
const EVENTS_MAX: u32 = 1000;
/// Failures after which the rest is not tried.
const FAILURES_MAX: u32 = 100;
