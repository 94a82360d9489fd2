//! `outport ls`

use outport_api::{
    client::LsQuery,
    transfer::{FileDocument, FileType},
};
use outport_types::Bytes;

use crate::{
    context::Context,
    failure::Failure,
    location::Location,
    printer::{Align, Paint, Printer, Table, Text},
};

/// List a directory of a collection
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to list: smith#WorkPC:/path, WorkPC:path (your own) or an id; without a path, its
    /// default directory
    #[arg(value_name = "ENDPOINT[:PATH]")]
    place: Location,
    /// Show permissions, owner, size and date too
    #[arg(short, long)]
    long: bool,
    /// Show names that start with a dot too
    #[arg(short, long)]
    all: bool,
    /// Sort: name, size, last_modified, type; with ` DESC` the other way round
    #[arg(long, value_name = "FIELD")]
    orderby: Option<String>,
    /// Only what passes: name:~*.txt, type:dir, size:1000,, last_modified:2026-01-01,
    #[arg(long, value_name = "CLAUSES")]
    filter: Vec<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client().await?;
    let endpoint = context.endpoint(&client, &args.place).await?;
    let query = LsQuery {
        path: args.place.path.clone(),
        show_hidden: args.all,
        order: args.orderby,
        filters: args.filter,
        offset: 0,
        limit: None,
    };
    let list = client.ls(endpoint, &query).await?;
    context.printer.fact(&list, |printer| {
        if args.long {
            printer.table(&long(printer, &list.data));
        } else {
            list.data.iter().for_each(|file| printer.line(name(file)));
        }
        if list.length < list.total {
            let text = format!("{} of {} entries are shown.", list.length, list.total);
            printer.note(text);
        }
    });
    Ok(())
}

fn long(printer: &Printer, files: &[FileDocument]) -> Table {
    let mut table = Table::new(&[
        ("PERMISSIONS", Align::Left),
        ("USER", Align::Left),
        ("GROUP", Align::Left),
        ("SIZE", Align::Right),
        ("MODIFIED", Align::Left),
        ("NAME", Align::Left),
    ]);
    for file in files {
        let size = match file.file_type {
            FileType::Dir => "-".to_owned(),
            FileType::File | FileType::InvalidSymlink | FileType::Other => {
                Bytes(file.size).to_string()
            }
        };
        table.row([
            file.permissions.clone().unwrap_or_default().into(),
            file.user.clone().unwrap_or_default().into(),
            file.group.clone().unwrap_or_default().into(),
            size.into(),
            file.last_modified.map(|time| printer.date(time.0)).unwrap_or_default().into(),
            name(file),
        ]);
    }
    table
}

/// A name as lists show it: directories end in `/`, links say where they lead.
fn name(file: &FileDocument) -> Text {
    let text = match file.file_type {
        FileType::Dir => Text::new().add(Paint::Strong, &file.name).plain("/"),
        FileType::InvalidSymlink => Text::new().add(Paint::Dim, &file.name),
        FileType::File | FileType::Other => Text::from(&file.name),
    };
    match &file.link_target {
        Some(target) => text.add(Paint::Dim, format!(" -> {target}")),
        None => text,
    }
}
