//! `outport stat`

use outport_api::transfer::FileType;
use outport_types::Bytes;

use crate::{context::Context, failure::Failure, human::count, location::Location, printer::Table};

/// Show what stands at a path of a collection
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look at
    #[arg(value_name = "ENDPOINT:PATH")]
    place: Location,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client().await?;
    let endpoint = context.endpoint(&client, &args.place).await?;
    let file = client.stat(endpoint, args.place.path_or_default()).await?;
    context.printer.fact(&file, |printer| {
        let mut table = Table::pairs();
        table.pair("name", &file.name);
        let kind = match file.file_type {
            FileType::File => "file",
            FileType::Dir => "directory",
            FileType::InvalidSymlink => "link that leads nowhere accessible",
            FileType::Other => "device, socket or pipe",
        };
        table.pair("type", kind);
        if file.file_type == FileType::File {
            let exact = count(file.size);
            table.pair("size", format!("{} ({exact} bytes)", Bytes(file.size)));
        }
        if let Some(time) = file.last_modified {
            table.pair("modified", printer.date(time.0));
        }
        for (title, value) in [
            ("permissions", &file.permissions),
            ("user", &file.user),
            ("group", &file.group),
            ("leads to", &file.link_target),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                table.pair(title, value);
            }
        }
        printer.table(&table);
    });
    Ok(())
}
