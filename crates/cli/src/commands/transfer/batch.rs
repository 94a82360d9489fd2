//! Pairs of paths from a file: one `source destination` a line, quoted like in a shell.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::failure::{Exit, Failure};

/// What to copy, and where to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) source: String,
    pub(super) destination: String,
}

/// Reads a batch file; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<Vec<Pair>, Failure> {
    let text = if file == Path::new("-") {
        read_all(io::stdin().lock())
    } else {
        File::open(file).and_then(read_all)
    };
    let text = text.map_err(|error| {
        let text = format!("The batch file {} cannot be read.", file.display());
        Failure::new(Exit::Failed, text).because(error)
    })?;
    let pairs = parse(&text)?;
    if pairs.is_empty() {
        return Err(Failure::usage("The batch file has no lines to transfer."));
    }
    Ok(pairs)
}

fn read_all(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(BATCH_BYTES_MAX + 1).read_to_string(&mut text)?;
    if BATCH_BYTES_MAX < text.len() as u64 {
        return Err(io::Error::other("the file has more than 64 MiB"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Vec<Pair>, Failure> {
    let mut pairs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words = shlex::split(line);
        let wrong = |why: &str| Failure::usage(format!("Batch line {}: {why}.", number + 1));
        match words.as_deref() {
            Some([]) => {}
            Some([source, destination]) => {
                let (source, destination) = (source.clone(), destination.clone());
                pairs.push(Pair { source, destination });
            }
            Some([_]) => return Err(wrong("the destination is missing")),
            Some(_) => return Err(wrong("more than two paths; quote those that hold spaces")),
            None => return Err(wrong("a quote is not closed")),
        }
    }
    Ok(pairs)
}

/// A million pairs of long paths; a hub takes fewer in one task.
const BATCH_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_like_a_shell_reads_words() {
        let text = "a b\n\n# a comment\n'with space' \"and more\"\nx\\ y z\n";
        let pairs = parse(text).unwrap();
        let pair = |source: &str, destination: &str| Pair {
            source: source.to_owned(),
            destination: destination.to_owned(),
        };
        assert_eq!(pairs, [pair("a", "b"), pair("with space", "and more"), pair("x y", "z")]);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        for (text, why) in [
            ("a b\nc", "Batch line 2: the destination is missing."),
            ("a b c", "Batch line 1: more than two paths; quote those that hold spaces."),
            ("'a b", "Batch line 1: a quote is not closed."),
        ] {
            assert_eq!(parse(text).unwrap_err().message, why);
        }
    }
}
