//! What a tray, a window or a command may ask of a running agent.
//!
//! 1. The agent listens on a Unix socket or a named pipe that only its owner can open; where it is
//!    follows from the profile ([`Paths`]). Both sides check that the other belongs to the same user.
//! 2. The client sends a [`wire::ClientHello`], the agent answers with the version that both speak
//!    or says that there is none.
//! 3. Then the client asks, one question after the other; each gets its [`Reply`] or a
//!    [`Problem`](outport_types::Problem). To *subscribe* or to *follow the log* turns the connection
//!    into a stream of [`Snapshot`]s or of lines.
//! 4. Frames are four bytes of length (big-endian) and JSON, bounded before they are allocated.
//!
//! There is one [`Snapshot`] of everything that any screen shows, and the agent pushes it whole.
//! The same [`Handler`] answers in memory for the desktop app, and (with less to say) in the
//! process of a command when no agent runs: [`Client`] is the same for all three.
#![warn(missing_docs)]

mod account;
mod client;
mod collection;
mod command;
mod doctor;
mod folder;
mod handler;
mod limits;
mod paths;
mod proxy;
mod server;
mod settings;
mod sign_in;
mod snapshot;
mod socket;
mod task;
pub mod wire;

pub use account::{Account, Secret, SignIn, Token, TokenSet};
pub use client::{CallError, Client, ConnectError, LogLines, Snapshots};
pub use collection::{
    Collection, CollectionKind, CollectionQuery, CollectionScope, Entry, EntryKind, ListQuery,
    Listing, RenameFile, SortBy,
};
pub use command::{Command, KeyPlace, Reply, SetUp};
pub use doctor::{Check, DoctorReport, Verdict};
pub use folder::{Folder, FolderDecision, FolderStatus, FolderTest, NewFolder};
pub use handler::{BoxFuture, Handler};
pub use limits::{Day, Days, DaysError, LimitRow, Limits, LimitsView, TimeOfDay, TimeOfDayError};
pub use paths::{Paths, PathsError, Profile, ProfileError, ensure_private_dir};
pub use proxy::{KeptLogin, NewProxy, ProxySource, ProxyUse, ProxyView};
pub use server::serve;
pub use settings::{Diagnostics, Hold, HoldReason, KeepAwake, Power, Preset, RelayUse, Settings};
pub use sign_in::{
    HubFacts, NameCheck, NameState, NewComputer, SignInState, SignInView, SignInWay,
};
pub use snapshot::{
    Direction, EndpointFacts, Event, Happening, Notice, Pause, Phase, Progress, Reach, SessionView,
    Severity, Snapshot, SpeedPoint,
};
pub use socket::{ListenError, Listener};
pub use task::{
    BoardState, Failure, Here, NewDeletion, NewItem, NewTransfer, Place, TaskBoard, TaskChange,
    TaskDetail, TaskDifference, TaskDifferences, TaskEvent, TaskFile, TaskFiles, TaskQuery,
    TaskSkip, TaskSkips, TaskView, Waiting,
};

#[cfg(test)]
#[cfg(unix)]
mod tests;
