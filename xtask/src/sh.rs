//! Other programs, run from the top of the repository.

use std::{
    ffi::OsStr,
    fmt,
    io::{BufRead as _, BufReader, IsTerminal as _, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::tree;

/// One program with its arguments.
#[derive(Debug)]
pub(crate) struct Sh(Command);

/// Which output of a program is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Sh {
    /// A program found by the search path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(tree::root()).stdin(Stdio::null());
        Self(command)
    }

    /// The cargo that runs this program, so that one toolchain serves all.
    pub(crate) fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Adds the words of `text`, which no shell expands.
    pub(crate) fn words(mut self, text: &str) -> Self {
        self.0.args(text.split_whitespace());
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    pub(crate) fn current_dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Lets it read what is typed; others read nothing.
    pub(crate) fn interactive(mut self) -> Self {
        self.0.stdin(Stdio::inherit());
        self
    }

    /// Prints the command, runs it and fails unless it succeeds.
    pub(crate) fn run(mut self) -> Result<()> {
        println!("  $ {self}");
        let status = self.0.status().with_context(|| format!("cannot start {self}"))?;
        if !status.success() {
            bail!("{} failed: {status}", self.program());
        }
        Ok(())
    }

    /// Runs it like [`Sh::run`] and hands each line of one of its outputs to `see` after printing
    /// it.
    pub(crate) fn run_watching(mut self, stream: Stream, mut see: impl FnMut(&str)) -> Result<()> {
        println!("  $ {self}");
        match stream {
            Stream::Stdout => self.0.stdout(Stdio::piped()),
            Stream::Stderr => self.0.stderr(Stdio::piped()),
        };
        let mut child = self.0.spawn().with_context(|| format!("cannot start {self}"))?;
        let output: Box<dyn Read> = match stream {
            Stream::Stdout => Box::new(child.stdout.take().context("its output was piped")?),
            Stream::Stderr => Box::new(child.stderr.take().context("its output was piped")?),
        };
        for line in BufReader::new(output).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            see(&line);
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{} failed: {status}", self.program());
        }
        Ok(())
    }

    /// Runs it in silence and returns what it printed.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self.0.output().with_context(|| format!("cannot start {self}"))?;
        if !output.status.success() {
            bail!("{self} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("{self} printed no UTF-8"))
    }

    /// Whether it can be run and succeeds, in silence.
    pub(crate) fn succeeds(self) -> bool {
        self.output().is_ok()
    }

    fn program(&self) -> String {
        let program = Path::new(self.0.get_program());
        program.file_name().unwrap_or(program.as_os_str()).display().to_string()
    }
}

/// Shows the command as one could type it.
impl fmt::Display for Sh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program())?;
        self.0.get_args().try_for_each(|arg| write!(f, " {}", arg.display()))
    }
}

/// Where a program is found by the search path.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|dir| dir.join(&file)).find(|file| file.is_file())
}

/// Whether somebody sits in front of it who can answer.
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What makes programs behind a pipe keep their colours, where colours are seen.
pub(crate) fn color() -> &'static str {
    if std::io::stdout().is_terminal() { "always" } else { "never" }
}
