//! `outport transfer`

mod batch;
mod filters;

use std::path::PathBuf;

use clap::ValueEnum;
use outport_api::transfer::{
    ConflictPolicy, NamePolicy, RecursiveSymlinks, TransferExtras, TransferItem, TransferSubmission,
};
use outport_types::{
    ChecksumAlgorithm, ExternalChecksum, Purpose, RateLimit, SubmissionId, UnixTime,
};

pub(super) use self::filters::Filters;
use crate::{
    context::Context,
    differences::{Level, hint, tell},
    failure::Failure,
    follow::{conclude, follow},
    human::{counted, parse_moment},
    location::Location,
    printer::{Paint, Printer, Table, Text},
};

/// Copy files from one collection to another
///
/// A place is written as smith#WorkPC:/path, WorkPC:path (your own endpoint) or with an id; without
/// a path it is the collection's default directory. Of a directory, what it holds is copied into the
/// destination. The task is the hub's: it goes on when this command ends, and survives pauses,
/// crashes and restarts of everything that takes part.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the files are
    #[arg(value_name = "SOURCE[:PATH]")]
    source: Location,
    /// Where they shall be
    #[arg(value_name = "DESTINATION[:PATH]")]
    destination: Location,
    /// The source must be a directory; found out otherwise
    #[arg(short, long)]
    recursive: bool,
    /// A name for the task
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Wait until the task is over, with its progress
    #[arg(short, long)]
    wait: bool,
    /// Leave a file alone that exists, has the same size, is not older, or has the same content
    #[arg(short, long, value_enum, value_name = "LEVEL")]
    sync_level: Option<Level>,
    /// What becomes of a file whose place is taken by another one
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    conflict: Taken,
    /// What becomes of a name that cannot be at the destination, or is another one there
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    names: OddNames,
    /// Do not read the files back at the destination
    #[arg(long)]
    no_verify: bool,
    /// Keep the modification times of files and directories
    #[arg(long)]
    preserve_times: bool,
    /// Keep the permission bits of files and directories as they are
    #[arg(long)]
    preserve_permissions: bool,
    /// Keep the extended attributes of files
    #[arg(long)]
    xattrs: bool,
    /// Make names that are one file at the source one file at the destination
    #[arg(long)]
    hard_links: bool,
    /// What becomes of symbolic links: left out, made there too, or what they lead to copied
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    symlinks: Links,
    #[command(flatten)]
    filters: Filters,
    /// Delete at the destination what is not at the source, when all else is done
    #[arg(long, visible_alias = "delete")]
    delete_extra: bool,
    /// Move what would be deleted to a dated folder in .outport-trash at the destination
    #[arg(long, requires = "delete_extra")]
    keep_deleted: bool,
    /// Delete at the destination even if the directory at the source is empty
    #[arg(long, requires = "delete_extra")]
    allow_empty_source: bool,
    /// Leave out what cannot be read, instead of failing
    #[arg(long)]
    skip_errors: bool,
    /// Fail when the destination is full, instead of waiting for room
    #[arg(long)]
    fail_on_quota: bool,
    /// Move no more than this: 20 MB/s, 8 Mbit/s. The smallest of this and of the limits of both
    /// computers is in force
    #[arg(long, value_name = "RATE")]
    limit: Option<RateLimit>,
    /// Give way to other programs of both computers, and to what else is on the line between them
    #[arg(long)]
    background: bool,
    /// Give up at a moment: 2026-01-31 12:00, or a duration like 2d
    #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
    deadline: Option<UnixTime>,
    /// Read pairs of paths from a file (`-` is standard input): one `source destination` a line,
    /// quoted like in a shell, relative to the two places. A line may begin with --recursive,
    /// --external-checksum and --checksum-algorithm for itself
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
    /// List what would be made (+), replaced (~) and deleted or moved away (-), and do nothing of it
    #[arg(long, conflicts_with = "wait")]
    preview: bool,
    /// What the file must be, by a checksum from elsewhere: it is put in place only if it agrees
    #[arg(long, value_name = "HEX", conflicts_with_all = ["recursive", "batch"])]
    external_checksum: Option<String>,
    /// How that was computed: MD5, SHA1, SHA256 or SHA512; its length tells, too
    #[arg(long, value_name = "ALGORITHM", requires = "external_checksum")]
    checksum_algorithm: Option<ChecksumAlgorithm>,
    /// Show what would be asked of the hub, and ask nothing
    #[arg(long, conflicts_with = "preview")]
    dry_run: bool,
    /// Submit under this id: the same id again is the same task
    #[arg(long, value_name = "ID")]
    submission_id: Option<SubmissionId>,
}

/// What becomes of a file whose place is taken by another one.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Taken {
    /// It takes the place
    #[default]
    Overwrite,
    /// It is not copied
    Skip,
    /// It takes the place if it is newer
    Newer,
    /// It gets a free name beside it, as in `data (2).csv`
    Rename,
}

/// What becomes of a name that cannot be at the destination.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum OddNames {
    /// What has it is not copied, and the task fails
    #[default]
    Fail,
    /// What has it gets another name, the same in every later transfer
    Rename,
}

/// What becomes of symbolic links.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Links {
    #[default]
    Skip,
    Keep,
    Follow,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let printer = &context.printer;
    let submission = submission(&args)?;
    if args.dry_run {
        printer.fact(&submission, |printer| show(printer, &args, &submission));
        return Ok(());
    }
    let client = context.client().await?;
    let result = client.transfer(&submission).await?;
    if args.preview {
        printer.note(format!("Task {}; {}", result.task_id, hint(result.task_id)));
        let task = follow(printer, &client, result.task_id, None).await?;
        return tell(printer, &client, &task).await;
    }
    if args.wait {
        printer.note(format!("Task {}.", result.task_id));
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

fn submission(args: &Args) -> Result<TransferSubmission, Failure> {
    let items = items(args)?;
    let (source, destination) = (args.source.endpoint.clone(), args.destination.endpoint.clone());
    let id = args.submission_id.unwrap_or_else(SubmissionId::random);
    Ok(TransferSubmission {
        label: args.label.clone(),
        sync_level: args.sync_level.map(Into::into),
        verify_checksum: !args.no_verify,
        preserve_timestamp: args.preserve_times,
        recursive_symlinks: args.symlinks.into(),
        filter_rules: args.filters.0.clone(),
        skip_source_errors: args.skip_errors,
        fail_on_quota_errors: args.fail_on_quota,
        delete_destination_extra: args.delete_extra,
        outport: TransferExtras {
            purpose: if args.preview { Purpose::Preview } else { Purpose::Transfer },
            preserve_permissions: args.preserve_permissions,
            preserve_xattrs: args.xattrs,
            preserve_hard_links: args.hard_links,
            conflict: args.conflict.into(),
            names: args.names.into(),
            keep_deleted: args.keep_deleted,
            allow_empty_source: args.allow_empty_source,
            limit: args.limit,
            background: args.background,
        },
        deadline: args.deadline,
        ..TransferSubmission::new(id, source, destination, items)
    })
}

fn items(args: &Args) -> Result<Vec<TransferItem>, Failure> {
    let Some(file) = &args.batch else {
        let source = args.source.path_or_default().to_owned();
        let checksum = args.external_checksum.as_deref();
        let checksum = checksum
            .map(|text| ExternalChecksum::read(text, args.checksum_algorithm))
            .transpose()
            .map_err(|error| Failure::usage(format!("--external-checksum: {error}.")))?;
        let destination = args.destination.path_or_default().to_owned();
        return Ok(vec![item(source, destination, args.recursive, checksum.as_ref())]);
    };
    let lines = batch::read(file)?;
    let items = lines.into_iter().map(|line| {
        let (source, destination) =
            (args.source.join(&line.source), args.destination.join(&line.destination));
        // A single file among directories is none.
        let recursive = line.recursive || args.recursive && line.checksum.is_none();
        item(source, destination, recursive, line.checksum.as_ref())
    });
    Ok(items.collect())
}

fn item(
    source: String,
    destination: String,
    recursive: bool,
    checksum: Option<&ExternalChecksum>,
) -> TransferItem {
    TransferItem {
        recursive: recursive.then_some(true),
        external_checksum: checksum.map(ExternalChecksum::hex),
        checksum_algorithm: checksum.map(|checksum| checksum.algorithm().word().to_owned()),
        ..TransferItem::new(source, destination)
    }
}

fn show(printer: &Printer, args: &Args, submission: &TransferSubmission) {
    let mut table = Table::pairs();
    table.pair("from", args.source.to_string());
    table.pair("to", args.destination.to_string());
    table.pair("items", counted(submission.data.len() as u64, "item"));
    if let Some(level) = submission.sync_level {
        table.pair("copied again", format!("unless the same by {level}"));
    }
    table.pair("read back", if submission.verify_checksum { "yes" } else { "no" });
    let links = submission.recursive_symlinks;
    if links != RecursiveSymlinks::Ignore {
        table.pair("symbolic links", links.word());
    }
    if submission.delete_destination_extra {
        let how = if submission.outport.keep_deleted { "moved away" } else { "deleted" };
        table.pair("not at the source", how);
    }
    if let Some(limit) = submission.outport.limit {
        table.pair("at most", limit.to_string());
    }
    if submission.outport.background {
        table.pair("in the background", "yes");
    }
    if !submission.filter_rules.is_empty() {
        table.pair("filter", counted(submission.filter_rules.len() as u64, "rule"));
    }
    if let Some(deadline) = submission.deadline {
        table.pair("deadline", printer.date(deadline));
    }
    printer.table(&table);
    for item in &submission.data {
        let checksum = item.checksum_algorithm.iter().zip(&item.external_checksum);
        let checksum = checksum.map(|(of, value)| format!(" ({of} {value})")).collect::<String>();
        printer.line(format!("{} -> {}{checksum}", item.source_path, item.destination_path));
    }
    printer.note("Nothing was asked of the hub.");
}

impl From<Taken> for ConflictPolicy {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Overwrite => Self::Overwrite,
            Taken::Skip => Self::Skip,
            Taken::Newer => Self::Newer,
            Taken::Rename => Self::Rename,
        }
    }
}

impl From<OddNames> for NamePolicy {
    fn from(names: OddNames) -> Self {
        match names {
            OddNames::Fail => Self::Fail,
            OddNames::Rename => Self::Rename,
        }
    }
}

impl From<Links> for RecursiveSymlinks {
    fn from(links: Links) -> Self {
        match links {
            Links::Skip => Self::Ignore,
            Links::Keep => Self::Keep,
            Links::Follow => Self::Copy,
        }
    }
}
