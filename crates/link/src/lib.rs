//! Sealed streams between two keys over whatever route works.
//!
//! A [`Link`] is one control stream and a bundle of data streams between two agents, sealed with
//! TLS 1.3 between their keys. [`Endpoint`] makes links; [`pair`] makes two that lead to each other
//! inside one process.
//! What carries a link's streams is nobody's business above this crate, which is the only one that
//! names QUIC.

mod accept;
mod address;
mod better;
mod budget;
mod buffers;
mod carrier;
mod congestion;
mod discover;
mod end;
mod endpoint;
mod establish;
mod flow;
mod frame;
mod hello;
mod join;
mod known;
mod leg;
mod legs;
mod link;
mod memory;
mod meter;
mod nat64;
mod pump;
mod quic;
mod registry;
mod relayed;
mod sealed;
mod socket;
mod splice;
mod tcp;
mod throttle;
mod transport;
mod tunnels;
mod wire;
mod word;

pub use address::CANDIDATES_MAX;
pub use buffers::{Buffer, BufferPool};
pub use discover::DiscoverError;
pub use end::{CloseCode, LinkEnd, REASON_BYTES_MAX};
pub use endpoint::{DEAD_AFTER, ESTABLISH_LIMIT, Endpoint, EndpointOptions, Expectation};
pub use establish::{EstablishError, Survey, Tried, Try, Way, Ways};
pub use frame::{
    ArrivedFrame, CONTROL_FRAME_BYTES_MAX, DATA_FRAME_BYTES_MAX, DATA_HEADER_BYTES_MAX, DataFrame,
};
pub use hello::STREAMS_MAX;
pub use join::DialFailure;
pub use link::{
    ControlReceiver, ControlSender, DataReceiver, DataSender, Link, LinkHandle, LinkStats,
    SendError,
};
pub use memory::pair;
pub use nat64::through_nat64;
pub use registry::ExpectError;
pub use relayed::RelayWay;
pub use tcp::tune as tune_tcp;
pub use throttle::{Throttle, step};
pub use transport::{BindError, SetUpError};
pub use tunnels::{ByteLine, Messages, Tunnels};
