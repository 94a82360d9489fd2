//! `cargo xtask icons`: renders every picture from its drawing in `icons/`.
//!
//! The renderer is behind a feature of this program, because it takes longer to compile than all
//! else here. What was rendered from which drawing stands in `icons/rendered.txt`; `tidy` compares
//! it with the drawings, so a picture that is older than its drawing does not stay unnoticed.

#[cfg(feature = "icons")]
mod render;

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::tree;

/// The states of the tray, each with its drawing.
const STATES: [&str; 7] =
    ["offline", "connecting", "online", "transferring", "paused", "attention", "error"];

#[cfg(feature = "icons")]
pub(crate) fn run() -> Result<()> {
    render::all(&dir())?;
    fs::write(dir().join(RENDERED), record(&drawings()?))?;
    println!("rendered; look at them before they are committed");
    Ok(())
}

/// Runs this program again, with the renderer in it.
#[cfg(not(feature = "icons"))]
pub(crate) fn run() -> Result<()> {
    crate::sh::Sh::cargo().words("run --quiet --package xtask --features icons -- icons").run()
}

/// Checks that every picture is there and was made from its drawing as it is now.
pub(crate) fn check() -> Result<()> {
    let file = dir().join(RENDERED);
    let rendered = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let is_fresh = rendered.replace("\r\n", "\n") == record(&drawings()?);
    ensure!(is_fresh, "pictures are older than their drawings: run `cargo xtask icons`");
    for state in STATES {
        for set in SETS {
            let file = dir().join(format!("tray/{set}/{state}.png"));
            ensure!(file.is_file(), "{} is missing: run `cargo xtask icons`", file.display());
        }
    }
    Ok(())
}

fn dir() -> PathBuf {
    tree::root().join("icons")
}

/// Every drawing with its content, by name.
fn drawings() -> Result<BTreeMap<String, String>> {
    let mut names = vec!["mark.svg".to_owned()];
    names.extend(STATES.map(|state| format!("tray/{state}.svg")));
    let read = |name: String| {
        let file = dir().join(&name);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok((name, text.replace("\r\n", "\n")))
    };
    names.into_iter().map(read).collect()
}

/// One line for each drawing: a number that changes with it, and its name.
fn record(drawings: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, content) in drawings {
        writeln!(text, "{:016x}  {name}", fingerprint(content)).expect("a text takes everything");
    }
    text
}

/// FNV-1a: nobody forges drawings, and this needs no library.
fn fingerprint(content: &str) -> u64 {
    content.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The ways in which the drawings of the tray are painted.
const SETS: [&str; 4] = ["badge", "light", "dark", "template"];
const RENDERED: &str = "rendered.txt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_changes_with_a_drawing() {
        let of = |text: &str| record(&BTreeMap::from([("a.svg".to_owned(), text.to_owned())]));
        assert_eq!(of("<svg/>"), of("<svg/>"));
        assert_ne!(of("<svg/>"), of("<svg />"));
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
    }
}
