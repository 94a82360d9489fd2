//! The one program that libFuzzer drives; the environment names the target.
#![no_main]

mod targets;

use std::{env, sync::LazyLock};

use crate::targets::{TARGETS, Target};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (CHOSEN.run)(bytes));

static CHOSEN: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("OUTPORT_FUZZ_TARGET").expect("OUTPORT_FUZZ_TARGET names the target");
    TARGETS.iter().find(|target| target.name == name).expect("a name of fuzz/src/targets.rs")
});
