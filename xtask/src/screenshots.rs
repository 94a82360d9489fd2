//! `cargo xtask screenshots`: every page, light and dark, in each language; the user's guide gets its
//! pictures from them.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{screens, tree};

pub(crate) fn run() -> Result<()> {
    screens::install()?;
    screens::script("screenshots").run()?;
    let made = tree::root().join("ui/screenshots");
    for picture in fs::read_dir(tree::root().join("docs/images/desktop"))? {
        let picture = picture?.path();
        let page = picture.file_stem().context("a picture has a name")?.to_string_lossy();
        let new = made.join(format!("{page}-light-en.png"));
        fs::copy(&new, &picture).with_context(|| format!("no {} any more", new.display()))?;
    }
    println!("  all of them in ui/screenshots; those of the guide in docs/images/desktop");
    Ok(())
}
