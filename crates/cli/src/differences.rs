//! What a preview or a check found, as people and programs read it.

use std::fmt;

use clap::ValueEnum;
use outport_api::{client::Client, hub::TaskDifference, transfer::Task};
use outport_types::{
    Bytes, DIFFERENCES_LISTED_MAX, FilterKind, Finding, Purpose, SyncLevel, Tally, TaskId,
    TaskStatus,
};

use crate::{
    failure::Failure,
    follow::failed,
    human::{count, counted},
    printer::{Align, Paint, Printer, Table, Text},
};

/// By what two files are compared.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Exists,
    Size,
    Mtime,
    Checksum,
}

/// Prints what was found page by page, and then what it comes to; a task that failed is a failure.
pub(crate) async fn tell(printer: &Printer, client: &Client, task: &Task) -> Result<(), Failure> {
    list(printer, client, task).await?;
    if printer.is_json() {
        printer.json_line(task);
    } else {
        printer.table(&table(task));
    }
    let found = task.differences();
    let is_long = |finding: &&Finding| DIFFERENCES_LISTED_MAX < found.of(**finding).entries();
    if Finding::ALL.iter().any(|finding| is_long(&finding)) {
        let most = count(DIFFERENCES_LISTED_MAX);
        printer.note(format!("Of each kind the first {most} are listed; the numbers are of all."));
    }
    printer.note("Nothing was changed.");
    match task.status {
        TaskStatus::Failed => Err(failed(task)),
        TaskStatus::Succeeded | TaskStatus::Active => Ok(()),
    }
}

/// Prints what was found, page by page.
pub(crate) async fn list(printer: &Printer, client: &Client, task: &Task) -> Result<(), Failure> {
    let mut marker = None;
    while !printer.is_closed() {
        let page = client.task_differences(task.task_id, marker).await?;
        for difference in &page.data {
            if printer.is_json() {
                printer.json_line(difference);
            } else {
                printer.line(line(task, difference));
            }
        }
        marker = page.next_marker;
        if marker.is_none() || page.data.is_empty() {
            break;
        }
    }
    Ok(())
}

/// How the list of a task is asked for later.
pub(crate) fn hint(id: TaskId) -> String {
    format!("`outport tasks show {id} --differences` lists what it finds.")
}

/// What the counts of a task say, in one line.
pub(crate) fn brief(task: &Task) -> String {
    let found = task.differences();
    let parts = Finding::ALL.iter().filter_map(|finding| {
        let tally = found.of(*finding);
        let word = word(task, *finding);
        (0 < tally.entries()).then(|| format!("{} {word}", count(tally.entries())))
    });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "no differences".to_owned() } else { parts.join(", ") }
}

/// What the counts of a task say.
pub(crate) fn table(task: &Task) -> Table {
    let found = task.differences();
    let mut table = Table::new(&[
        ("", Align::Left),
        ("FILES", Align::Right),
        ("DIRECTORIES", Align::Right),
        ("SIZE", Align::Right),
    ]);
    let mut row = |name: Text, tally: &Tally| {
        let numbers =
            [count(tally.files), count(tally.directories), Bytes(tally.bytes).to_string()];
        let [files, directories, bytes] = numbers.map(Text::from);
        table.row([name, files, directories, bytes]);
    };
    for finding in Finding::ALL {
        let tally = found.of(*finding);
        // What is only said when it is so.
        if *finding == Finding::Kept && tally.entries() == 0 {
            continue;
        }
        row(Text::new().add(paint(*finding), word(task, *finding)), tally);
    }
    row(Text::from("the same"), &found.same);
    table
}

fn line(task: &Task, difference: &TaskDifference) -> Text {
    let TaskDifference { finding, kind, source_path, destination_path, .. } = difference;
    let mark = match finding {
        Finding::New => "+ ",
        Finding::Different => "~ ",
        Finding::Kept => "= ",
        Finding::Extra => "- ",
    };
    let slash = if *kind == FilterKind::Dir { "/" } else { "" };
    let path = match (finding, task.purpose()) {
        (Finding::New, Purpose::Check) => source_path,
        (Finding::New | Finding::Different | Finding::Kept | Finding::Extra, _) => destination_path,
    };
    let bytes = |size: Option<u64>| size.map(|size| Bytes(size).to_string());
    let sizes = match (bytes(difference.destination_size), bytes(difference.source_size)) {
        (Some(there), Some(here)) => format!("  {there} -> {here}"),
        (Some(one), None) | (None, Some(one)) => format!("  {one}"),
        (None, None) => String::new(),
    };
    let text = Text::new().add(paint(*finding), mark).plain(format!("{path}{slash}"));
    let link = if difference.is_link { "  link" } else { "" };
    text.add(Paint::Dim, format!("{sizes}{link}"))
}

/// What would become of something, or how it differs.
fn word(task: &Task, finding: Finding) -> &'static str {
    let moved = task.outport.as_ref().is_some_and(|extras| extras.options.keep_deleted);
    match (task.purpose(), finding) {
        (Purpose::Check, Finding::New) => "only at the source",
        (Purpose::Check, Finding::Different) => "different",
        (Purpose::Check, Finding::Extra) => "only at the destination",
        (_, Finding::New) => "to be made",
        (_, Finding::Different) => "to be replaced",
        (_, Finding::Kept) => "left as they are",
        (_, Finding::Extra) if moved => "to be moved away",
        (_, Finding::Extra) => "to be deleted",
    }
}

fn paint(finding: Finding) -> Paint {
    match finding {
        Finding::New => Paint::Good,
        Finding::Different => Paint::Warn,
        Finding::Kept => Paint::Dim,
        Finding::Extra => Paint::Bad,
    }
}

/// What a preview or a check came to, as the sentence of a finished task.
pub(crate) fn sentence(task: &Task) -> String {
    let found = task.differences();
    let looked = found.files().saturating_add(found.extra.files);
    format!("{} compared, {}", counted(looked, "file"), brief(task))
}

impl From<Level> for SyncLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Exists => Self::Exists,
            Level::Size => Self::Size,
            Level::Mtime => Self::Mtime,
            Level::Checksum => Self::Checksum,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SyncLevel::from(*self).fmt(f)
    }
}
