//! What all measurements share: the program, the place, and the document of results.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{sh::Sh, tree};

/// The program that is measured: a given one, or a release that is built for it.
pub(crate) fn release(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(program) = given {
        return fs::canonicalize(program)
            .with_context(|| format!("cannot find {}", program.display()));
    }
    Sh::cargo().words("build --release --locked --package outport").run()?;
    Ok(tree::target_dir().join("release/outport"))
}

/// Has a program work in memory: disks of test machines are slow in ways of their own.
pub(crate) fn in_memory(program: Sh) -> Sh {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { program.env("TMPDIR", memory) } else { program }
}

/// Puts tables between the marks of this name.
pub(crate) fn write_down(name: &str, tables: &str) -> Result<()> {
    let path = tree::root().join("docs/performance.md");
    let text = fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- measured: {name} -->"), format!("<!-- end of {name} -->"));
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) =
        parts.with_context(|| format!("docs/performance.md has lost its marks for {name}"))?;
    fs::write(path, format!("{before}{begin}\n{}\n{end}{after}", tables.trim_end()))?;
    Ok(())
}
