//! What developers run: `cargo xtask …`.
fn main() {}
