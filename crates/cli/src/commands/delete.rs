//! `outport delete`

use outport_api::transfer::{DeleteItem, DeleteSubmission};
use outport_types::{SubmissionId, UnixTime};

use crate::{
    context::Context,
    failure::Failure,
    follow::{conclude, follow},
    human::{counted, parse_moment},
    location::Location,
    printer::{Paint, Text},
};

/// Delete files of a collection
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to delete; all of one collection
    #[arg(value_name = "ENDPOINT:PATH", required = true)]
    places: Vec<Location>,
    /// Delete directories with all that they hold
    #[arg(short, long)]
    recursive: bool,
    /// Do not mind what is not there
    #[arg(long)]
    ignore_missing: bool,
    /// Take `*`, `?` and `[]` in the last part of a path as patterns
    #[arg(long)]
    globs: bool,
    /// A name for the task
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Give up at a moment: 2026-01-31 12:00, or a duration like 2d
    #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
    deadline: Option<UnixTime>,
    /// Wait until the task is over
    #[arg(short, long)]
    wait: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Show what would be asked of the hub, and ask nothing
    #[arg(long)]
    dry_run: bool,
    /// Submit under this id: the same id again is the same task
    #[arg(long, value_name = "ID")]
    submission_id: Option<SubmissionId>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let [first, others @ ..] = args.places.as_slice() else {
        return Err(Failure::usage("Delete what? Write it as ENDPOINT:PATH."));
    };
    if others.iter().any(|place| place.endpoint != first.endpoint) {
        return Err(Failure::usage("One deletion is about one collection; run one for each."));
    }
    let mut items = Vec::new();
    for place in &args.places {
        // Forgetting the path must not mean the whole default directory.
        let Some(path) = place.path.clone() else {
            return Err(Failure::usage(format!("Delete what of {}? Add a path.", place.endpoint)));
        };
        items.push(DeleteItem { path });
    }
    let id = args.submission_id.unwrap_or_else(SubmissionId::random);
    let submission = DeleteSubmission {
        label: args.label.clone(),
        recursive: args.recursive,
        ignore_missing: args.ignore_missing,
        interpret_globs: args.globs,
        deadline: args.deadline,
        ..DeleteSubmission::new(id, first.endpoint.clone(), items)
    };
    let printer = &context.printer;
    if args.dry_run {
        printer.fact(&submission, |printer| {
            args.places.iter().for_each(|place| printer.line(place.to_string()));
            printer.note("Nothing was asked of the hub.");
        });
        return Ok(());
    }
    let what = match others {
        [] => first.to_string(),
        _ => counted(args.places.len() as u64, "path"),
    };
    let all = if args.recursive { " with all that it holds" } else { "" };
    context.confirm(args.yes, &format!("Delete {what}{all}?"))?;
    let client = context.client().await?;
    let result = client.delete(&submission).await?;
    if args.wait {
        let task = follow(printer, &client, result.task_id, None).await?;
        return conclude(printer, &task);
    }
    printer.fact(&result, |printer| {
        let id = result.task_id.to_string();
        printer.line(Text::from("Task ").add(Paint::Strong, &id).plain(" is accepted."));
        printer.note(format!("Follow it with `outport tasks wait {id}`."));
    });
    Ok(())
}
