//! Items from a file: one `[OPTIONS] source destination` a line, quoted like in a shell.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use outport_types::{ChecksumAlgorithm, ExternalChecksum};

use crate::failure::{Exit, Failure};

/// What to copy, and where to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) recursive: bool,
    pub(super) checksum: Option<ExternalChecksum>,
}

/// Reads a batch file; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<Vec<Line>, Failure> {
    let text = if file == Path::new("-") {
        read_all(io::stdin().lock())
    } else {
        File::open(file).and_then(read_all)
    };
    let text = text.map_err(|error| {
        let text = format!("The batch file {} cannot be read.", file.display());
        Failure::new(Exit::Failed, text).because(error)
    })?;
    let lines = parse(&text)?;
    if lines.is_empty() {
        return Err(Failure::usage("The batch file has no lines to transfer."));
    }
    Ok(lines)
}

fn read_all(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(BATCH_BYTES_MAX + 1).read_to_string(&mut text)?;
    if BATCH_BYTES_MAX < text.len() as u64 {
        return Err(io::Error::other("the file has more than 64 MiB"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |why: &str| Failure::usage(format!("Batch line {}: {why}.", number + 1));
        let words = shlex::split(line).ok_or_else(|| wrong("a quote is not closed"))?;
        if !words.is_empty() {
            lines.push(line_of(words).map_err(|why| wrong(&why))?);
        }
    }
    Ok(lines)
}

/// The words of one line; `--` ends the options, for paths that begin with a hyphen.
fn line_of(words: Vec<String>) -> Result<Line, String> {
    let mut words = words.into_iter().peekable();
    let (mut recursive, mut checksum, mut algorithm) = (false, None, None);
    while let Some(option) = words.next_if(|word| 1 < word.len() && word.starts_with('-')) {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (option, None),
        };
        let value = |words: &mut dyn Iterator<Item = String>| {
            value.clone().or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value"))
        };
        match name.as_str() {
            "--" => break,
            "-r" | "--recursive" => recursive = true,
            "--external-checksum" => checksum = Some(value(&mut words)?),
            "--checksum-algorithm" => algorithm = Some(value(&mut words)?),
            _ => {
                return Err(format!("{name} is no option of a line; put -- before a path like it"));
            }
        }
    }
    let (source, destination) = match (words.next(), words.next(), words.next()) {
        (Some(source), Some(destination), None) => (source, destination),
        (_, None, _) => return Err("the destination is missing".to_owned()),
        _ => return Err("more than two paths; quote those that hold spaces".to_owned()),
    };
    let algorithm = algorithm.map(|word| word.parse::<ChecksumAlgorithm>()).transpose();
    let algorithm = algorithm.map_err(|error| error.to_string())?;
    let checksum = match (checksum, algorithm) {
        (Some(text), algorithm) => {
            Some(ExternalChecksum::read(&text, algorithm).map_err(|error| error.to_string())?)
        }
        (None, Some(_)) => {
            return Err("--checksum-algorithm needs --external-checksum".to_owned());
        }
        (None, None) => None,
    };
    if recursive && checksum.is_some() {
        return Err("a checksum is for a single file, not with --recursive".to_owned());
    }
    Ok(Line { source, destination, recursive, checksum })
}

/// A million pairs of long paths; a hub takes fewer in one task.
const BATCH_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_like_a_shell_reads_words() {
        let text = "a b\n\n# a comment\n'with space' \"and more\"\nx\\ y z\n";
        let line = |source: &str, destination: &str| Line {
            source: source.to_owned(),
            destination: destination.to_owned(),
            recursive: false,
            checksum: None,
        };
        let expected = [line("a", "b"), line("with space", "and more"), line("x y", "z")];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_line_may_have_options_of_its_own() {
        let value = "9e107d9d372bb6826bd81d3542a419d6";
        let text = format!(
            "-r dir there\n--external-checksum {value} a b\n--checksum-algorithm=md5 \
             --external-checksum={value} a b\n-- -a -- \n"
        );
        let lines = parse(&text).unwrap();
        assert_eq!((lines[0].recursive, lines[0].source.as_str()), (true, "dir"));
        assert_eq!(lines[1].checksum.as_ref().unwrap().to_string(), format!("MD5 {value}"));
        assert_eq!(lines[1], lines[2]);
        assert_eq!((lines[3].source.as_str(), lines[3].destination.as_str()), ("-a", "--"));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        for (text, why) in [
            ("a b\nc", "Batch line 2: the destination is missing."),
            ("a b c", "Batch line 1: more than two paths; quote those that hold spaces."),
            ("'a b", "Batch line 1: a quote is not closed."),
            ("-x a b", "Batch line 1: -x is no option of a line; put -- before a path like it."),
            ("--external-checksum", "Batch line 1: --external-checksum needs a value."),
            (
                "--external-checksum 12 a b",
                "Batch line 1: no algorithm (MD5, SHA1, SHA256, SHA512) gives a checksum of 2 hex digits.",
            ),
            (
                "--checksum-algorithm md5 a b",
                "Batch line 1: --checksum-algorithm needs --external-checksum.",
            ),
            (
                "--checksum-algorithm md4 --external-checksum 12 a b",
                "Batch line 1: the algorithms are MD5, SHA1, SHA256 and SHA512.",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().message, why);
        }
    }
}
