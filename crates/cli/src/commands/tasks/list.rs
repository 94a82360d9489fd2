//! Lists of tasks, of their events, and of the files that they are about.

use outport_api::{
    client::{Client, TaskFilter},
    transfer::Task,
};
use outport_types::{Bytes, NiceStatus, Purpose, TaskId, TaskKind, TaskStatus};

use super::ListArgs;
use crate::{
    failure::Failure,
    human::{count, distance, now},
    printer::{Align, Paint, Printer, Table, Text},
};

pub(super) async fn tasks(
    args: ListArgs,
    printer: &Printer,
    client: &Client,
) -> Result<(), Failure> {
    let filter = TaskFilter { status: args.status.map(Into::into), kind: None, label: args.label };
    let tasks = client.tasks(&filter, args.limit).await?;
    printer.fact(&tasks, |printer| {
        if tasks.is_empty() {
            printer.note("No tasks.");
            return;
        }
        let mut table = Table::new(&[
            ("TASK", Align::Left),
            ("STATE", Align::Left),
            ("FROM", Align::Left),
            ("TO", Align::Left),
            ("FILES", Align::Right),
            ("SIZE", Align::Right),
            ("ASKED", Align::Right),
            ("LABEL", Align::Left),
        ]);
        tasks.iter().for_each(|task| row(&mut table, task));
        printer.table(&table);
    });
    Ok(())
}

fn row(table: &mut Table, task: &Task) {
    let to = match task.kind {
        TaskKind::Transfer => {
            name(task.destination_endpoint.as_ref(), task.destination_endpoint_id)
        }
        TaskKind::Delete => "(deletion)".to_owned(),
    };
    let to = match task.purpose() {
        Purpose::Transfer => to,
        looks @ (Purpose::Preview | Purpose::Check) => format!("{to} ({looks})"),
    };
    table.row([
        task.task_id.to_string().into(),
        state(task),
        name(task.source_endpoint.as_ref(), Some(task.source_endpoint_id)).into(),
        to.into(),
        count(task.files).into(),
        Bytes(task.bytes_transferred).to_string().into(),
        distance(task.request_time, now()).into(),
        task.label.clone().unwrap_or_default().into(),
    ]);
}

/// Where a task stands, in a word.
pub(super) fn state(task: &Task) -> Text {
    let text = Text::new();
    match task.status {
        TaskStatus::Succeeded => text.add(Paint::Good, "succeeded"),
        TaskStatus::Failed => text.add(Paint::Bad, "failed"),
        TaskStatus::Active => match task.nice_status.as_ref().map(|status| status.known()) {
            None | Some(Some(NiceStatus::Ok)) => text.plain("active"),
            Some(Some(NiceStatus::Queued)) => text.add(Paint::Dim, "queued"),
            Some(Some(NiceStatus::Paused | NiceStatus::PausedByAdmin)) => {
                text.add(Paint::Warn, "paused")
            }
            Some(
                Some(
                    NiceStatus::NotConnected
                    | NiceStatus::ConnectFailed
                    | NiceStatus::PermissionDenied
                    | NiceStatus::EndpointError
                    | NiceStatus::Quota,
                )
                | None,
            ) => text.add(Paint::Warn, "waiting"),
        },
    }
}

/// A collection as tasks name it.
pub(super) fn name(name: Option<&String>, id: Option<outport_types::EndpointId>) -> String {
    name.cloned().or_else(|| id.map(|id| id.to_string())).unwrap_or_default()
}

pub(super) async fn events(
    id: TaskId,
    errors: bool,
    limit: usize,
    printer: &Printer,
    client: &Client,
) -> Result<(), Failure> {
    let mut events = client.task_events(id, errors, limit).await?;
    events.reverse();
    printer.fact(&events, |printer| {
        let mut table =
            Table::new(&[("TIME", Align::Left), ("EVENT", Align::Left), ("", Align::Left)]);
        for event in &events {
            let paint = if event.is_error { Paint::Warn } else { Paint::Plain };
            let mut what = Text::from(&event.description);
            if !event.details.is_empty() && event.details != event.description {
                what = what.add(Paint::Dim, format!("  {}", event.details));
            }
            table.row([
                printer.date(event.time).into(),
                Text::new().add(paint, event.code.to_string()),
                what,
            ]);
        }
        printer.table(&table);
    });
    Ok(())
}

pub(super) async fn files(id: TaskId, printer: &Printer, client: &Client) -> Result<(), Failure> {
    let mut marker = None;
    while !printer.is_closed() {
        let page = client.successful_transfers(id, marker).await?;
        for file in &page.data {
            if printer.is_json() {
                printer.json_line(file);
            } else {
                let digest = file.checksum.clone().unwrap_or_else(|| "-".to_owned());
                let text = Text::new().add(Paint::Dim, format!("{digest}  "));
                printer.line(text.plain(&file.destination_path));
            }
        }
        marker = page.next_marker;
        if marker.is_none() || page.data.is_empty() {
            break;
        }
    }
    Ok(())
}

pub(super) async fn skipped(id: TaskId, printer: &Printer, client: &Client) -> Result<(), Failure> {
    let mut marker = None;
    while !printer.is_closed() {
        let page = client.skipped_errors(id, marker).await?;
        for file in &page.data {
            if printer.is_json() {
                printer.json_line(file);
            } else {
                let text = Text::new().add(Paint::Warn, format!("{}  ", file.error_code));
                let text = text.plain(&file.source_path);
                printer.line(text.add(Paint::Dim, format!("  {}", file.error_details)));
            }
        }
        marker = page.next_marker;
        if marker.is_none() || page.data.is_empty() {
            break;
        }
    }
    Ok(())
}
