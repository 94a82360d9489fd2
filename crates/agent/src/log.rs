//! The agent's log: a file of the profile that never grows without end.
//!
//! Levels: *error* is what stopped something from working, *warn* what was unexpected but overcome,
//! *info* what happened (sessions, connections, changes by the owner), *debug* to which file and from
//! which address. Nothing secret appears at any level.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Read as _, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use outport_control::Paths;
use tokio::{sync::mpsc, time::sleep};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

use crate::{config::LogLevel, files::append_private};

/// Changes how much the log says while it is written.
#[derive(Clone, Debug)]
pub struct LogControl(reload::Handle<EnvFilter, Registry>);

/// Why the log cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file cannot be opened.
    #[error("cannot write the log `{}`", file.display())]
    Open {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The process has a log already.
    #[error("this process writes a log already")]
    Twice,
}

/// Starts the log of this process, in the state directory of the profile, and with `terminal` on
/// standard error too. `RUST_LOG` overrides the level.
///
/// # Errors
/// When the file cannot be opened, or the process has a log already.
pub fn start(paths: &Paths, level: LogLevel, terminal: bool) -> Result<LogControl, LogError> {
    let file = file(paths);
    let opened = outport_control::ensure_private_dir(&paths.state_dir)
        .and_then(|()| RotatingFile::open(file.clone(), FILE_BYTES_MAX));
    let rotating = opened.map_err(|source| LogError::Open { file, source })?;
    let (filter, handle) = reload::Layer::new(filter(level));
    let to_file = fmt::layer().with_ansi(false).with_target(false).with_writer(rotating);
    let to_terminal = terminal.then(|| {
        let colours = io::stderr().is_terminal();
        fmt::layer().with_ansi(colours).with_target(false).with_writer(io::stderr)
    });
    tracing_subscriber::registry()
        .with(filter)
        .with(to_file)
        .with(to_terminal.map(|layer| layer.boxed()))
        .try_init()
        .map_err(|_| LogError::Twice)?;
    Ok(LogControl(handle))
}

impl LogControl {
    /// Changes the level.
    pub fn set(&self, level: LogLevel) {
        self.0.reload(filter(level)).ok();
    }
}

/// Where the log of a profile is.
pub fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("outport.log")
}

/// Sends the last `lines` lines of the log, and with `follow` those that come, until nobody listens.
pub(crate) async fn send(file: PathBuf, lines: usize, follow: bool, out: mpsc::Sender<String>) {
    let begun = crate::blocking(move || {
        let mut reader = LogReader::open(file);
        let old = reader.tail(lines);
        (reader, old)
    });
    let (mut reader, mut fresh) = begun.await;
    loop {
        for line in fresh {
            if out.send(line).await.is_err() {
                return;
            }
        }
        if !follow || out.is_closed() {
            return;
        }
        sleep(FOLLOW_EVERY).await;
        (reader, fresh) = crate::blocking(move || {
            let fresh = reader.fresh();
            (reader, fresh)
        })
        .await;
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let ours = std::env::var("RUST_LOG").unwrap_or_else(|_| {
        // What libraries have to say at their info and debug is theirs.
        let word = level.word();
        format!(
            "warn,outport={word},{}",
            MEMBERS.map(|name| format!("outport_{name}={word}")).join(",")
        )
    });
    EnvFilter::builder().parse_lossy(ours)
}

/// Reads the log, through changes of file.
#[derive(Debug)]
struct LogReader {
    path: PathBuf,
    file: Option<File>,
    /// Bytes after the last line break.
    rest: Vec<u8>,
}

impl LogReader {
    fn open(path: PathBuf) -> Self {
        let file = File::open(&path).ok(); // it may come later
        Self { path, file, rest: Vec::new() }
    }

    /// The last lines, those of the file before the current one included.
    fn tail(&mut self, lines: usize) -> Vec<String> {
        let mut found = self.fresh();
        if found.len() < lines {
            let mut older = Self::open(numbered(&self.path, 1)).rest_of_file();
            older.append(&mut found);
            found = older;
        }
        let extra = found.len().saturating_sub(lines);
        found.split_off(extra)
    }

    /// The whole lines that were written since the last look.
    fn fresh(&mut self) -> Vec<String> {
        let replaced = match (&self.file, File::open(&self.path)) {
            (_, Err(_)) => None,
            (Some(old), Ok(new)) if is_same_file(old, &new) => None,
            (_, Ok(new)) => Some(new),
        };
        let mut lines = self.rest_of_file();
        if let Some(new) = replaced {
            self.file = Some(new);
            self.rest.clear();
            lines.append(&mut self.rest_of_file());
        }
        lines
    }

    fn rest_of_file(&mut self) -> Vec<String> {
        let Some(file) = &mut self.file else { return Vec::new() };
        // What cannot be read is missing from what is shown, which shows that it cannot be read.
        file.take(FILE_BYTES_MAX * 2).read_to_end(&mut self.rest).ok();
        let Some(last) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let whole: Vec<u8> = self.rest.drain(..=last).collect();
        let text = String::from_utf8_lossy(&whole);
        text.lines().map(|line| line.chars().take(LINE_CHARS_MAX).collect()).collect()
    }
}

#[cfg(unix)]
fn is_same_file(a: &File, b: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |file: &File| file.metadata().map(|found| (found.dev(), found.ino())).ok();
    id(a) == id(b)
}

#[cfg(not(unix))]
fn is_same_file(a: &File, b: &File) -> bool {
    let made = |file: &File| file.metadata().and_then(|found| found.created()).ok();
    made(a) == made(b)
}

/// A file that is put aside when it is full, a few times.
#[derive(Clone, Debug)]
pub(crate) struct RotatingFile(Arc<Mutex<Rotating>>);

#[derive(Debug)]
struct Rotating {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
}

impl RotatingFile {
    pub(crate) fn open(path: PathBuf, bytes_max: u64) -> io::Result<Self> {
        let file = append_private(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Rotating { path, file, bytes, bytes_max }))))
    }

    /// Appends whole lines, in a fresh file when the current one is full.
    pub(crate) fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut rotating = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = rotating.bytes_max < rotating.bytes + lines.len() as u64;
        if full && 0 < rotating.bytes {
            rotating.rotate()?;
        }
        rotating.file.write_all(lines)?;
        rotating.bytes += lines.len() as u64;
        Ok(())
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).file.sync_data()
    }
}

impl Rotating {
    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..OLD_FILES).rev() {
            fs::rename(numbered(&self.path, number), numbered(&self.path, number + 1)).ok();
        }
        fs::rename(&self.path, numbered(&self.path, 1))?;
        self.file = append_private(&self.path)?;
        self.bytes = 0;
        Ok(())
    }
}

impl<'a> fmt::MakeWriter<'a> for RotatingFile {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

/// Writes one event of the log.
#[derive(Debug)]
pub(crate) struct LineWriter<'a>(&'a RotatingFile);

impl Write for LineWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// With the old ones, 20 MB: weeks of an ordinary computer.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Files put aside.
const OLD_FILES: u32 = 4;
/// Longer than any line of ours; names of files are cut before that.
const LINE_CHARS_MAX: usize = 2000;
/// As quick as people read.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);
const MEMBERS: [&str; 7] = ["agent", "api", "control", "link", "mover", "protocol", "types"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let rotating = RotatingFile::open(path.clone(), 20).unwrap();
        for n in 0..14 {
            rotating.append(format!("line {n:04}\n").as_bytes()).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5);
        let lines = LogReader::open(path).tail(3);
        assert_eq!(lines, ["line 0011", "line 0012", "line 0013"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_log_is_followed_through_a_change_of_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let rotating = RotatingFile::open(path.clone(), 20).unwrap();
        rotating.append(b"one\n").unwrap();
        let (out, mut lines) = mpsc::channel(1);
        let following = send(path, 10, true, out);
        let reading = async {
            assert_eq!(lines.recv().await.unwrap(), "one");
            rotating.append(b"two\n").unwrap();
            assert_eq!(lines.recv().await.unwrap(), "two");
            rotating.append(b"a line that does not fit\n").unwrap();
            assert_eq!(lines.recv().await.unwrap(), "a line that does not fit");
            drop(lines);
        };
        tokio::join!(following, reading);
    }
}
