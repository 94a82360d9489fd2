//! `outport check`

use outport_api::transfer::{TransferExtras, TransferItem, TransferSubmission};
use outport_types::{Purpose, SubmissionId, UnixTime};

use super::transfer::{Filters, Links};
use crate::{
    context::Context,
    differences::{Level, hint, tell},
    failure::{Exit, Failure},
    follow::follow,
    human::parse_moment,
    location::Location,
};

/// Compare two trees, in two collections or in one, and move nothing
///
/// Lists what stands at the source only (+), at the destination only (-), and what differs (~).
/// Places are written as for a transfer; reading is all that either side must allow. With --json it
/// prints one document a line: every difference, and the task at the end.
///
/// The exit status is 0 when both are the same and 1 when they differ.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One tree
    #[arg(value_name = "SOURCE[:PATH]")]
    source: Location,
    /// The other one
    #[arg(value_name = "DESTINATION[:PATH]")]
    destination: Location,
    /// What is compared: names, sizes, sizes and times, or contents
    #[arg(short, long, value_enum, value_name = "WHAT", default_value_t = Level::Checksum)]
    by: Level,
    /// What becomes of symbolic links at the source: left out, compared, or what they lead to compared
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    symlinks: Links,
    #[command(flatten)]
    filters: Filters,
    /// Leave out what cannot be read at the source, instead of failing
    #[arg(long)]
    skip_errors: bool,
    /// A name for the task
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Give up at a moment: 2026-01-31 12:00, or a duration like 2d
    #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
    deadline: Option<UnixTime>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let checked = check(args, context).await;
    // That the two differ is known only when both were looked at.
    checked.map_err(|failure| {
        let exit = if failure.exit == Exit::Failed { Exit::NotCompared } else { failure.exit };
        Failure { exit, ..failure }
    })
}

async fn check(args: Args, context: &Context) -> Result<Exit, Failure> {
    let client = context.client().await?;
    let printer = &context.printer;
    let submission = submission(&args);
    let id = client.transfer(&submission).await?.task_id;
    printer.note(format!("Task {id}; {}", hint(id)));
    let task = follow(printer, &client, id, None).await?;
    tell(printer, &client, &task).await?;
    Ok(if task.differences().is_none() { Exit::Done } else { Exit::Failed })
}

fn submission(args: &Args) -> TransferSubmission {
    let (source, destination) = (args.source.endpoint.clone(), args.destination.endpoint.clone());
    let (from, to) = (args.source.path_or_default(), args.destination.path_or_default());
    let items = vec![TransferItem::new(from, to)];
    TransferSubmission {
        label: args.label.clone(),
        sync_level: Some(args.by.into()),
        recursive_symlinks: args.symlinks.into(),
        filter_rules: args.filters.0.clone(),
        skip_source_errors: args.skip_errors,
        outport: TransferExtras { purpose: Purpose::Check, ..TransferExtras::default() },
        deadline: args.deadline,
        ..TransferSubmission::new(SubmissionId::random(), source, destination, items)
    }
}
