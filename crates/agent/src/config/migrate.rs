//! Old files of the config, read by the versions that they were written for.
//!
//! A migration is never changed once it was released: it takes the text of its own version and
//! gives the text of the next, and a sample of each version is kept beside the tests.
//! Files are migrated when they are read; they are rewritten only when a command edits them.

use serde::Deserialize;

use super::Wrong;

/// The version that this program writes.
pub(crate) const NEWEST: u32 = 1;

/// Gives the text of a file in the next version's form.
type Migration = fn(&str) -> Result<String, Wrong>;

/// `MIGRATIONS[0]` leads from version 1 to version 2, and so on.
const MIGRATIONS: [Migration; NEWEST as usize - 1] = [];

/// The version that a file says it has; the newest when it does not say.
pub(crate) fn version_of(text: &str) -> Result<u32, Wrong> {
    #[derive(Deserialize)]
    struct Head {
        version: Option<toml::Spanned<i64>>,
    }

    let head: Head = toml::from_str(text).map_err(|error| Wrong {
        offset: error.span().map_or(0, |span| span.start),
        reason: error.message().replace('\n', " "),
    })?;
    let Some(version) = head.version else { return Ok(NEWEST) };
    match u32::try_from(*version.get_ref()) {
        Ok(known @ 1..=NEWEST) => Ok(known),
        Ok(_) | Err(_) => Err(Wrong {
            offset: version.span().start,
            reason: format!(
                "version {} of this file is unknown to this version of Outport, which knows 1 to {NEWEST}; update Outport",
                version.get_ref()
            ),
        }),
    }
}

/// The text in the newest form; `None` when it has it already.
pub(crate) fn to_newest(text: &str, version: u32) -> Result<Option<String>, Wrong> {
    let mut newer = None;
    for migration in MIGRATIONS.iter().skip(version as usize - 1) {
        newer = Some(migration(newer.as_deref().unwrap_or(text))?);
    }
    Ok(newer)
}
