//! Passwords as commands take them: out of a file, or typed without being shown.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use crate::failure::{Exit, Failure};

/// The first line of a file; `-` is standard input.
pub(crate) fn from_file(file: &Path) -> Result<String, Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().take(PASSWORD_BYTES_MAX).read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|error| {
        let text = format!("The password in {} cannot be read.", file.display());
        Failure::new(Exit::Failed, text).because(error)
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Longer than any password that a hub or a proxy takes.
const PASSWORD_BYTES_MAX: u64 = 64 * 1024;
