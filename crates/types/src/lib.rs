//! The words of Outport: ids, collection paths, sizes, states and problems.
//!
//! Plain data that every other crate shares.
//! Nothing here touches a disk, a socket or a clock, and every type that can be built from outside
//! input checks that input once, in its constructor and in its `Deserialize`.
#![warn(missing_docs)]

mod access;
mod catalogue;
mod checksum;
mod differences;
mod digest;
mod endpoint_ref;
mod escape;
mod fact;
mod glob;
mod id;
mod key;
mod limit;
mod line;
mod name;
mod options;
mod path;
mod problem;
mod quantity;
mod range;
mod state;
mod time;

pub use access::Access;
pub use catalogue::{Code, FactCode, Language};
pub use checksum::{ChecksumError, ExternalChecksum, UnknownAlgorithm};
pub use differences::{DIFFERENCES_LISTED_MAX, Differences, Tally};
pub use digest::{Digest, ParseDigestError};
pub use endpoint_ref::EndpointRef;
pub use escape::{escape_bytes, unescape_str};
pub use fact::Fact;
pub use glob::Glob;
pub use id::{
    AccountId, ClientId, EndpointId, IdentityId, ParseIdError, RequestId, SessionId, SubmissionId,
    TaskId, TicketId,
};
pub use key::{Fingerprint, ParseKeyError, PublicKey};
pub use limit::{RateLimit, RateLimitError};
pub use line::Line;
pub use name::{CanonicalName, EndpointName, Handle, NameError};
pub use options::{FILTER_RULES_MAX, Filter, FilterRule, TransferOptions};
pub use path::{CollectionPath, Name, PathError};
pub use problem::{Arg, Chain, Problem, Retry};
pub use quantity::{Bytes, Rate};
pub use range::ByteRange;
pub use state::{
    AgentState, ChecksumAlgorithm, Conflict, EventCode, Extras, FilterKind, Finding, Names,
    NiceStatus, Purpose, Route, Symlinks, SyncLevel, TaskKind, TaskStatus,
};
pub use time::{ParseTimeError, UnixTime};
