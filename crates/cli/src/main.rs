//! The `outport` command.
fn main() {}
