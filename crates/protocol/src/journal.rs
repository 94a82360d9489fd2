//! The journal: what a receiver has done for a task, so that a later session can go on, and the
//! durable outbox of what the hub must be told.
//!
//! One file per task, only ever appended to:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `outportj`, once |
//! | 4 | length of the record, little-endian, at least 1 and at most [`RECORD_BYTES_MAX`] |
//! | 4 | CRC-32 of the record, little-endian |
//! | length | the [`Record`] in postcard form |
//!
//! The first record is the header. Whatever follows the last whole record with the right sum is what a
//! crash left of an append: it is cut off before anything is appended again. A damaged record in the
//! middle ends the journal there: what it would have said is done again, never guessed.
//!
//! The journal is a hint and never a proof: held blocks are hashed again before they count, and
//! a finished file counts only while the very same file stands at its destination.

mod outbox;
mod reader;
mod record;
mod recovered;

pub use outbox::Outbox;
pub use reader::{ReadError, Reader};
pub use record::{Failure, Record, Way};
pub use recovered::{HeldFile, Outline, PlacingFile, RecoverError, Recovered};

use crate::codec;

/// The bytes of a record as they stand in the file.
pub fn encode_record(record: &Record, into: &mut Vec<u8>) {
    let payload = codec::encode(record);
    debug_assert!(payload.len() <= RECORD_BYTES_MAX, "records are cut before they get so long");
    into.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    into.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
    into.extend_from_slice(&payload);
}

/// What a journal begins with: the magic and the header.
pub fn encode_start(task: outport_types::TaskId, orders: [u8; 32]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    encode_record(&Record::Header { version: FORMAT_VERSION, task, orders }, &mut bytes);
    bytes
}

/// The version of the format.
pub const FORMAT_VERSION: u16 = 1;
/// The longest record: the longest path in its escaped form and as many blocks as go into one.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Blocks in one record.
pub const NODES_PER_RECORD_MAX: usize = 1024;
const MAGIC: &[u8; 8] = b"outportj";

#[cfg(test)]
mod tests;
