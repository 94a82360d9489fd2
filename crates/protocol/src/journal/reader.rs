//! Reads a journal record by record, up to where it ends or is torn.

use std::io::{self, Read};

use super::{FORMAT_VERSION, MAGIC, RECORD_BYTES_MAX, record::Record};
use crate::codec;

/// Reads a journal from its beginning. Give it something buffered.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    /// Where the last whole record ends.
    valid: u64,
    ended: bool,
    payload: Vec<u8>,
}

/// Why a journal cannot be read at all. A torn end is not among these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The disk fails.
    #[error("cannot read the journal")]
    Io(#[from] io::Error),
    /// It is of a version that this program does not know: a newer one wrote it.
    #[error("the journal has format {0}, and this program knows up to {FORMAT_VERSION}")]
    Version(u16),
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    pub fn new(input: R) -> Self {
        Self { input, valid: 0, ended: false, payload: Vec::new() }
    }

    /// Goes on where an earlier reader stopped: `input` begins at that reader's
    /// [`Reader::valid_bytes`].
    pub fn resume(input: R, valid_bytes: u64) -> Self {
        Self { valid: valid_bytes, ..Self::new(input) }
    }

    /// The next record; `None` at the end or where the journal is torn.
    ///
    /// # Errors
    /// When the disk fails, or the header names a version that is not known.
    pub fn next_record(&mut self) -> Result<Option<Record>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        let record = self.read()?;
        self.ended = record.is_none();
        Ok(record)
    }

    /// How long the journal is up to the end of the last whole record; what follows must be cut off
    /// before anything is appended.
    pub fn valid_bytes(&self) -> u64 {
        self.valid
    }

    fn read(&mut self) -> Result<Option<Record>, ReadError> {
        let is_first = self.valid == 0;
        let mut before = 0;
        if is_first {
            let mut magic = [0; MAGIC.len()];
            if !self.fill(&mut magic)? || magic != *MAGIC {
                return Ok(None);
            }
            before = MAGIC.len() as u64;
        }
        let mut head = [0; 8];
        if !self.fill(&mut head)? {
            return Ok(None);
        }
        let [a, b, c, d, e, f, g, h] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let sum = u32::from_le_bytes([e, f, g, h]);
        if length == 0 || RECORD_BYTES_MAX < length {
            return Ok(None);
        }
        let mut payload = std::mem::take(&mut self.payload);
        payload.resize(length, 0);
        let whole = self.fill(&mut payload)? && crc32fast::hash(&payload) == sum;
        let record = if whole { codec::decode(&payload, RECORD_BYTES_MAX).ok() } else { None };
        self.payload = payload;
        let Some(record) = record else { return Ok(None) };
        match (is_first, &record) {
            (true, Record::Header { version: FORMAT_VERSION, .. }) => {}
            (true, Record::Header { version, .. }) => return Err(ReadError::Version(*version)),
            // A header in the middle, or none at the beginning.
            (false, Record::Header { .. }) | (true, _) => return Ok(None),
            (false, _) => {}
        }
        self.valid += before + head.len() as u64 + length as u64;
        Ok(Some(record))
    }

    /// Fills the buffer; `false` when the input ends before.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match self.input.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}
