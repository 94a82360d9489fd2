//! `outport generate`: the manual and the completions as files, for packages.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::{Generator as _, Shell};
use clap_mangen::Man;

use crate::{
    args::Cli,
    context::Context,
    failure::{Exit, Failure},
};

/// Write the manual pages or the completions of every shell into a directory
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    what: What,
    /// The directory, which is made when it is missing
    directory: PathBuf,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    Man,
    Completions,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let outcome = match args.what {
        What::Man => man(&args.directory),
        What::Completions => completions(&args.directory),
    };
    let count = outcome.map_err(|error| {
        let text = format!("{} cannot be written.", args.directory.display());
        Failure::new(Exit::Failed, text).because(error)
    })?;
    context.printer.note(format!("{count} files are in {}.", args.directory.display()));
    Ok(())
}

fn completions(directory: &Path) -> io::Result<usize> {
    fs::create_dir_all(directory)?;
    for shell in Shell::value_variants() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut Cli::command(), "outport", &mut script);
        fs::write(directory.join(shell.file_name("outport")), trimmed(&script))?;
    }
    Ok(Shell::value_variants().len())
}

/// One page for each command, and one for the whole with what is the same for all.
fn man(directory: &Path) -> io::Result<usize> {
    fs::create_dir_all(directory)?;
    let mut command = Cli::command().disable_help_flag(true);
    command.build();
    let mut count = 0;
    let mut waiting = vec![(command, true)];
    while let Some((command, is_whole)) = waiting.pop() {
        let subcommands = command.get_subcommands().filter(|command| !command.is_hide_set());
        waiting.extend(subcommands.map(|command| (command.clone(), false)));
        let name = command.get_display_name().unwrap_or("outport").to_owned();
        fs::write(directory.join(format!("{name}.1")), page(command, is_whole)?)?;
        count += 1;
    }
    Ok(count)
}

fn page(command: clap::Command, is_whole: bool) -> io::Result<Vec<u8>> {
    let man = Man::new(command).date("").source("Outport").manual("Outport manual");
    let mut text = Vec::new();
    man.render(&mut text)?;
    if is_whole {
        text.extend_from_slice(exit_status().as_bytes());
        text.extend_from_slice(ENVIRONMENT.as_bytes());
    }
    Ok(trimmed(&text).into_bytes())
}

/// The text without blanks at the ends of its lines, which the generators leave.
fn trimmed(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn exit_status() -> String {
    let mut text = ".SH \"EXIT STATUS\"\n".to_owned();
    for (exit, meaning) in Exit::ALL {
        text += &format!(".TP\n\\fB{}\\fR\n{}\n", *exit as u8, meaning.replace('-', "\\-"));
    }
    text
}

/// What the flags do not name themselves.
const ENVIRONMENT: &str = "\
.SH ENVIRONMENT
.TP
\\fBOUTPORT_PROFILE\\fR, \\fBOUTPORT_HUB\\fR
As \\-\\-profile and \\-\\-hub.
.TP
\\fBOUTPORT_HOME\\fR
A directory for everything that Outport keeps, instead of the system's places.
.TP
\\fBOUTPORT_CA_FILE\\fR
Certificates to trust beside the system's, as PEM.
.TP
\\fBOUTPORT_TOKEN\\fR
An access token for Transfer, for scripts that get one elsewhere; needs OUTPORT_HUB.
.TP
\\fBOUTPORT_HUB_\\fR...
Settings of `outport hub`, one for each field of its file.
.TP
\\fBRUST_LOG\\fR
What `outport hub` and `outport agent` log.
.TP
\\fBNO_COLOR\\fR
No colours, whatever its value.
";

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_manual_and_the_completions_are_those_of_this_command_line() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let fresh = tempfile::tempdir().unwrap();
        man(&fresh.path().join("man")).unwrap();
        completions(&fresh.path().join("completions")).unwrap();
        for what in ["man", "completions"] {
            let (kept, fresh) = (files(&docs.join(what)), files(&fresh.path().join(what)));
            let changed: BTreeSet<_> = fresh
                .keys()
                .chain(kept.keys())
                .filter(|name| fresh.get(*name) != kept.get(*name))
                .collect();
            assert!(
                changed.is_empty(),
                "{changed:?}: run `cargo run -p outport -- generate {what} docs/{what}` (and \
                 remove the files of commands that are gone)"
            );
        }
    }

    fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
        let Ok(entries) = fs::read_dir(directory) else { return BTreeMap::new() };
        entries
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect()
    }
}
