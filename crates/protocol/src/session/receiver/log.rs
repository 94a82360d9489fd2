//! The journal as the receiver appends to it: one append at a time, the next takes all that came meanwhile.

use std::{collections::VecDeque, time::Duration};

use super::{Ids, effect::ReceiverEffect};
use crate::{
    journal::{Record, encode_record},
    session::{EffectId, Fault, Now},
};

/// Appends to the journal. A position is the number of records up to and including one.
#[derive(Debug)]
pub(super) struct Log {
    pending: Vec<u8>,
    /// Since when something waits that nobody waits for.
    since: Option<Now>,
    urgent: bool,
    appended: u64,
    durable: u64,
    reports: u64,
    reports_durable: u64,
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    id: EffectId,
    bytes: Vec<u8>,
    upto: u64,
    reports: u64,
    /// When the append is tried again, and how long it was waited last time.
    retry: Option<Now>,
    delay: Duration,
}

impl Log {
    pub(super) fn new(reports: u64) -> Self {
        Self {
            pending: Vec::new(),
            since: None,
            urgent: false,
            appended: 0,
            durable: 0,
            reports,
            reports_durable: reports,
            writing: None,
        }
    }

    /// Appends a record that nobody waits for, and returns its position.
    pub(super) fn push(&mut self, record: &Record, now: Now) -> u64 {
        encode_record(record, &mut self.pending);
        self.since.get_or_insert(now);
        self.appended += 1;
        self.reports += u64::from(record.is_report());
        self.appended
    }

    /// Makes what was appended durable as soon as possible.
    pub(super) fn hurry(&mut self) {
        self.urgent = true;
    }

    /// The position up to which the journal is durable.
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    pub(super) fn reports_durable(&self) -> u64 {
        self.reports_durable
    }

    /// Whether nothing waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.pending.is_empty() && self.writing.is_none()
    }

    pub(super) fn pump(
        &mut self,
        ids: &mut Ids,
        effects: &mut VecDeque<ReceiverEffect>,
        age: Duration,
        now: Now,
    ) {
        if let Some(writing) = &mut self.writing {
            if writing.retry.is_some_and(|retry| retry <= now) {
                writing.retry = None;
                writing.id = ids.next();
                let (id, bytes) = (writing.id, writing.bytes.clone());
                effects.push_back(ReceiverEffect::AppendJournal { id, bytes });
            }
            return;
        }
        let due = self.since.is_some_and(|since| since + age <= now);
        if self.pending.is_empty() || !(self.urgent || due || PENDING_BYTES < self.pending.len()) {
            return;
        }
        let id = ids.next();
        let bytes = std::mem::take(&mut self.pending);
        (self.since, self.urgent) = (None, false);
        effects.push_back(ReceiverEffect::AppendJournal { id, bytes: bytes.clone() });
        let (upto, reports) = (self.appended, self.reports);
        let delay = RETRY_MIN;
        self.writing = Some(Writing { id, bytes, upto, reports, retry: None, delay });
    }

    /// Takes the answer to an append; `None` when it is not for the journal.
    pub(super) fn done(
        &mut self,
        id: EffectId,
        result: &Result<(), Fault>,
        now: Now,
    ) -> Option<Result<(), Fault>> {
        let writing = self.writing.as_mut().filter(|writing| writing.id == id)?;
        match result {
            Ok(()) => {
                (self.durable, self.reports_durable) = (writing.upto, writing.reports);
                self.writing = None;
            }
            Err(fault) if fault.is_no_space() => {
                writing.retry = Some(now + writing.delay);
                writing.delay = (writing.delay * 2).min(RETRY_MAX);
            }
            // After a failed flush nobody knows what is on the disk: only reading it again tells.
            Err(fault) => return Some(Err(fault.clone())),
        }
        Some(Ok(()))
    }

    pub(super) fn wakes(&self, age: Duration) -> Option<Now> {
        match &self.writing {
            Some(writing) => writing.retry,
            None => self.since.map(|since| since + age),
        }
    }
}

/// When so much waits, it is written even though nobody asks for it.
const PENDING_BYTES: usize = 256 * 1024;
/// How long is waited for room on the disk.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
