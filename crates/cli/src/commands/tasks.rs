//! `outport tasks`

mod list;
mod show;

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use outport_api::transfer::TaskUpdate;
use outport_types::{TaskId, TaskStatus, UnixTime};

use crate::{
    context::Context,
    differences,
    failure::Failure,
    follow::{conclude, follow},
    human::{parse_duration, parse_moment},
};

/// List, show, follow and cancel transfers and deletions; alone, it lists yours
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List your tasks, the newest first
    List(ListArgs),
    /// Show all about one task
    Show {
        /// The task's id
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// List the files that were transferred, with their digests
        #[arg(long, conflicts_with = "skipped")]
        files: bool,
        /// List what was left out, and why
        #[arg(long)]
        skipped: bool,
        /// List what a preview or a check found
        #[arg(long, conflicts_with_all = ["files", "skipped"])]
        differences: bool,
    },
    /// Follow a task until it is over
    Wait {
        /// The task's id
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// Stop waiting after this time, like 30m; the task goes on
        #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
        timeout: Option<Duration>,
    },
    /// End a task; what is done stays
    Cancel {
        /// The tasks' ids
        #[arg(value_name = "TASK", required = true)]
        ids: Vec<TaskId>,
    },
    /// List what happened to a task, the oldest first
    Events {
        /// The task's id
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// Only what went wrong
        #[arg(long)]
        errors: bool,
        /// How many to show at most: the latest
        #[arg(long, short = 'n', default_value_t = 100, value_name = "N")]
        limit: usize,
    },
    /// Change a task's label or deadline
    Update {
        /// The task's id
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// The new label; empty removes it
        #[arg(long, value_name = "TEXT", required_unless_present = "deadline")]
        label: Option<String>,
        /// The new deadline: 2026-01-31 12:00, or a duration like 2d
        #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
        deadline: Option<UnixTime>,
    },
}

#[derive(Debug, Default, clap::Args)]
struct ListArgs {
    /// Only those in this state
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only those whose label matches this pattern
    #[arg(long, value_name = "GLOB")]
    label: Option<String>,
    /// How many to show at most
    #[arg(long, short = 'n', default_value_t = LIST_DEFAULT, value_name = "N")]
    limit: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    Active,
    Succeeded,
    Failed,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client().await?;
    let printer = &context.printer;
    let alone = || Act::List(ListArgs { limit: LIST_DEFAULT, ..ListArgs::default() });
    match args.act.unwrap_or_else(alone) {
        Act::List(args) => list::tasks(args, printer, &client).await,
        Act::Show { id, files: true, .. } => list::files(id, printer, &client).await,
        Act::Show { id, skipped: true, .. } => list::skipped(id, printer, &client).await,
        Act::Show { id, differences: true, .. } => {
            let task = client.task(id).await?;
            differences::list(printer, &client, &task).await
        }
        Act::Show { id, .. } => show::task(id, printer, &client).await,
        Act::Wait { id, timeout } => {
            let task = follow(printer, &client, id, timeout).await?;
            conclude(printer, &task)
        }
        Act::Cancel { ids } => {
            let mut outcome = Ok(());
            for id in ids {
                match client.cancel_task(id).await {
                    Ok(result) => printer.fact(&result, |printer| printer.note(&result.message)),
                    Err(error) => outcome = Err(error.into()), // the others are cancelled all the same
                }
            }
            outcome
        }
        Act::Events { id, errors, limit } => {
            list::events(id, errors, limit, printer, &client).await
        }
        Act::Update { id, label, deadline } => {
            let label = label.map(|label| Some(label).filter(|label| !label.is_empty()));
            let result = client.update_task(id, &TaskUpdate { label, deadline }).await?;
            printer.fact(&result, |printer| printer.note(&result.message));
            Ok(())
        }
    }
}

impl From<Status> for TaskStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
        }
    }
}

/// A screenful.
const LIST_DEFAULT: usize = 20;
