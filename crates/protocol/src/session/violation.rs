//! What a peer did that the protocol does not allow.

use crate::codec::DecodeError;

/// What a peer did that the protocol does not allow; it ends the session, and nothing of the frame
/// that holds it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The first frame is no hello.
    #[error("the first frame is no hello")]
    NoHello,
    /// There is no version that both sides speak.
    #[error("versions {oldest} to {newest} are not spoken here")]
    Version {
        /// The oldest that the other side speaks.
        oldest: u16,
        /// The newest.
        newest: u16,
    },
    /// The other side's ticket differs from the one that the own hub gave.
    #[error("its ticket is not the one that the hub gave")]
    Ticket,
    /// A frame or header does not decode.
    #[error("a frame does not decode")]
    Frame(#[source] DecodeError),
    /// A frame that only the own role sends, or that does not belong at this point.
    #[error("a frame that has no place here")]
    Unexpected,
    /// More entries than there is credit for.
    #[error("more entries than the window holds")]
    Window,
    /// More content than there is credit for.
    #[error("more content than there is credit for")]
    Credit,
    /// Entries that do not follow from the ones before.
    #[error("the manifest is out of order")]
    Order,
    /// A name that sorts wrongly, is reserved, or makes the path too long.
    #[error("a name that may not stand where it stands")]
    Name,
    /// A size that no file has.
    #[error("a file larger than any can be")]
    Size,
    /// More directories than can be remembered.
    #[error("too many directories that were not opened yet")]
    Directories,
    /// The sums at the end differ from what was sent.
    #[error("the manifest ends with other sums than it had")]
    Totals,
    /// A file that was never sent or is settled.
    #[error("a file that is not open between the two")]
    File,
    /// An attempt that was not asked for.
    #[error("an attempt that nobody asked for")]
    Attempt,
    /// Blocks that the file does not have, that are there already, or that were not offered.
    #[error("blocks that do not fit the file")]
    Blocks,
    /// A digest that differs from the content that was sent.
    #[error("a digest that differs from the content")]
    Digest,
    /// A credit that shrinks.
    #[error("a credit that shrinks")]
    Shrinks,
}
