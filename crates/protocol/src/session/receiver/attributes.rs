//! Extended attributes that do not arrive: told, and no reason to fail.

use outport_types::{Code, EventCode};

use super::Receiver;
use crate::session::Fault;

impl Receiver {
    pub(super) fn keeps_attributes(&self) -> bool {
        self.config.orders.options.preserve_xattrs
    }

    /// Tells of finished files that some of their attributes were left at the source, or refused here.
    pub(super) fn tell_attributes(&mut self, files: &[u64], refused: Vec<(u64, String)>) {
        if !self.keeps_attributes() {
            return;
        }
        for number in files {
            let Some(file) = self.files.get_mut(number) else { continue };
            let left = file.attributes.as_ref().map_or(0, |attributes| attributes.left());
            if left != 0 {
                let place = file.place.clone();
                let reason = format!("{left} cannot be read, or are too large or too many");
                self.tell_attributes_of(&place, reason, false);
            }
        }
        for (number, names) in refused {
            if let Some(place) = self.files.get(&number).map(|file| file.place.clone()) {
                self.tell_attributes_of(&place, names, true);
            }
        }
    }

    fn tell_attributes_of(
        &mut self,
        place: &crate::session::Place,
        reason: String,
        at_destination: bool,
    ) {
        if self.may_tell_renamed() {
            let fault = Fault::never(Code::AttributesNotKept, reason);
            self.event(EventCode::AttributesNotKept, place, fault, at_destination);
        }
    }
}
