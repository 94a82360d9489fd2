//! Two agents, the link between them and their disks, simulated in one thread and in virtual time.
//!
//! The machines of `outport-protocol` run here exactly as they run in the mover, behind shells that
//! carry out their effects on disks which forget whatever was not flushed. A seed decides the trees,
//! the limits, and everything that goes wrong: broken links, killed processes, power cuts, full and
//! failing disks, files that change while they are read, and peers that lie.
//! After every step the [`judge`](judge::Judge) says whether all is as it must be.
#![warn(missing_docs)]

pub mod disk;
pub mod judge;
pub mod liar;
pub mod mutation;
pub mod plan;
pub mod rx;
pub mod source;
pub mod ties;
pub mod tx;
pub mod world;

pub use judge::Wrong;
pub use mutation::Mutation;
pub use world::{Ran, World};

/// Runs the world of a seed; a panic counts as wrong.
///
/// # Errors
/// When something was seen that must never be.
pub fn run(seed: u64, mutation: Option<Mutation>) -> Result<Ran, Wrong> {
    caught(|| World::new(seed, mutation).run())
}

/// The same, and what happened step by step.
pub fn tell(seed: u64, mutation: Option<Mutation>) -> (Result<Ran, Wrong>, Vec<String>) {
    let mut world = World::new(seed, mutation);
    world.diary = Some(vec![world.scene()]);
    let result = caught(std::panic::AssertUnwindSafe(|| world.run()));
    (result, world.diary.take().unwrap_or_default())
}

fn caught(
    world: impl FnOnce() -> Result<Ran, Wrong> + std::panic::UnwindSafe,
) -> Result<Ran, Wrong> {
    std::panic::catch_unwind(world).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Wrong(format!("panic: {}", text.unwrap_or_default())))
    })
}
