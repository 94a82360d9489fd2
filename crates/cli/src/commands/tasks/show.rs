//! All about one task.

use outport_api::{client::Client, transfer::Task};
use outport_types::{Bytes, Purpose, Rate, TaskId, TaskKind, TaskStatus};

use super::list::{name, state};
use crate::{
    differences::brief,
    failure::Failure,
    follow::moment,
    human::{count, distance, now},
    printer::{Paint, Printer, Table, Text},
};

pub(super) async fn task(id: TaskId, printer: &Printer, client: &Client) -> Result<(), Failure> {
    let task = client.task(id).await?;
    printer.fact(&task, |printer| printer.table(&table(printer, &task)));
    Ok(())
}

fn table(printer: &Printer, task: &Task) -> Table {
    let mut table = Table::pairs();
    table.pair("task", task.task_id.to_string());
    if let Some(label) = &task.label {
        table.pair("label", label);
    }
    table.pair("state", state(task));
    if task.status == TaskStatus::Active {
        let moment = moment(task);
        if !moment.state.is_empty() {
            table.pair("", Text::new().add(Paint::Warn, moment.state));
        }
        table.pair("progress", moment.numbers);
    }
    if let Some(error) = &task.fatal_error {
        table.pair("error", Text::new().add(Paint::Bad, &error.code));
        table.pair("", &error.description);
    }
    let source = name(task.source_endpoint.as_ref(), Some(task.source_endpoint_id));
    match task.kind {
        TaskKind::Transfer if task.purpose() != Purpose::Transfer => {
            let to = name(task.destination_endpoint.as_ref(), task.destination_endpoint_id);
            table.pair("from", source);
            table.pair("to", to);
            table.pair("only looks", format!("a {}: nothing is changed", task.purpose()));
            table.pair("found", brief(task));
        }
        TaskKind::Transfer => {
            let to = name(task.destination_endpoint.as_ref(), task.destination_endpoint_id);
            table.pair("from", source);
            table.pair("to", to);
            counts(&mut table, task);
            if let Some(extras) = task.outport.as_ref().filter(|extras| 0 < extras.deleted) {
                let moved = extras.options.keep_deleted;
                let what = if moved { "moved away" } else { "deleted" };
                table.pair(what, count(extras.deleted));
            }
        }
        TaskKind::Delete => {
            table.pair("deletes at", source);
            let deleted = task.outport.as_ref().map_or(0, |extras| extras.deleted);
            table.pair("deleted", count(deleted));
        }
    }
    let moment = |time| format!("{} ({})", printer.date(time), distance(time, now()));
    table.pair("asked", moment(task.request_time));
    if let Some(time) = task.completion_time {
        table.pair("over", moment(time));
    } else if let Some(time) = task.deadline {
        table.pair("deadline", moment(time));
    }
    table
}

fn counts(table: &mut Table, task: &Task) {
    let transferred = format!(
        "{} of {}, {}",
        count(task.files_transferred),
        count(task.files),
        Bytes(task.bytes_transferred)
    );
    table.pair("files", transferred);
    table.pair("directories", count(task.directories));
    if task.files_skipped != 0 {
        table.pair("skipped", count(task.files_skipped));
    }
    if task.faults != 0 {
        table.pair("faults", format!("{} overcome", count(task.faults)));
    }
    if task.effective_bytes_per_second != 0 {
        table.pair("speed", Rate(task.effective_bytes_per_second).to_string());
    }
    if let Some(level) = task.sync_level {
        table.pair("sync", format!("by {level}"));
    }
    if let Some(limit) = task.outport.as_ref().and_then(|extras| extras.options.limit) {
        table.pair("at most", limit.to_string());
    }
    if task.outport.as_ref().is_some_and(|extras| extras.options.background) {
        table.pair("in the background", "yes");
    }
    table.pair("read back", if task.verify_checksum { "yes" } else { "no" });
}
