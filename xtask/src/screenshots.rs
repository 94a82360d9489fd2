//! `cargo xtask screenshots`: every page, light and dark, in each language, for the user's guide.

use anyhow::Result;

use crate::screens;

pub(crate) fn run() -> Result<()> {
    screens::install()?;
    screens::script("screenshots").run()
}
