//! What only the whole can show: a real hub, real agents, real links, real kills.

mod journey;
mod kills;
mod pause;
