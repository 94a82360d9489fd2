//! Sealed streams between two keys over whatever route works.
//!
//! A [`Link`] is one control stream and a bundle of data streams between two agents, sealed with
//! TLS 1.3 between their keys. [`Endpoint`] makes links; [`pair`] makes two that lead to each other
//! inside one process.
//! What carries a link's streams is nobody's business above this crate, which is the only one that
//! names QUIC.

mod budget;
mod carrier;
mod end;
mod frame;
mod link;
mod memory;

pub use end::{CloseCode, LinkEnd, REASON_BYTES_MAX};
pub use frame::{
    ArrivedFrame, CONTROL_FRAME_BYTES_MAX, DATA_FRAME_BYTES_MAX, DATA_HEADER_BYTES_MAX, DataFrame,
};
pub use link::{
    ControlReceiver, ControlSender, DataReceiver, DataSender, Link, LinkHandle, LinkStats,
    SendError,
};
pub use memory::pair;
