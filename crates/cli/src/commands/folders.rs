//! `outport folders`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use outport_control::{Client, Folder, FolderDecision, FolderStatus, NewFolder};
use outport_types::{Access, Code, escape_bytes};

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Align, Paint, Printer, Table, Text},
};

/// Say what others may reach of this computer; alone, it lists the folders
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the folders that are shared
    List,
    /// Share a folder, or change how it is shared
    Add {
        /// The directory
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// Let files be written, renamed and deleted in it too
        #[arg(long)]
        read_write: bool,
        /// Let guest collections be made of it
        #[arg(long)]
        shareable: bool,
        /// Let its content move inside the local network only: never through a relay or to anywhere else
        #[arg(long)]
        local_only: bool,
        /// Refuse what stands below it; may be given several times
        #[arg(long, value_name = "PATH")]
        deny: Vec<PathBuf>,
        /// Share even your whole home, a whole disk or a hidden directory
        #[arg(short, long)]
        yes: bool,
    },
    /// No longer share a folder; transfers that use it stop within a second
    Remove {
        /// The directory
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
    /// Say what would be allowed at a path, and which rule decides
    Test {
        /// A path of this computer
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let mut agent = context.owner().await?;
    let printer = &context.printer;
    match args.act.unwrap_or(Act::List) {
        Act::List => {
            let folders = agent.folders().await?;
            note_bad_config(&mut agent, printer).await;
            printer.fact(&folders, |printer| list(printer, &folders));
        }
        Act::Add { path, read_write, shareable, local_only, deny, yes } => {
            let mut folder = NewFolder {
                path: text(&absolute(&path)?),
                access: if read_write { Access::ReadWrite } else { Access::ReadOnly },
                shareable,
                local_only,
                deny: deny.iter().map(|path| text(path)).collect(),
                confirmed: yes,
            };
            let folders = match agent.add_folder(folder.clone()).await {
                Err(error) if error.problem().code == Code::FolderNeedsConfirm => {
                    let Some(true) = printer.confirm(&format!("{} Share it?", error.problem()))
                    else {
                        return Err(error.into());
                    };
                    folder.confirmed = true;
                    agent.add_folder(folder).await?
                }
                added => added?,
            };
            printer.fact(&folders, |printer| list(printer, &folders));
        }
        Act::Remove { path } => {
            let folders = agent.remove_folder(text(&absolute(&path)?)).await?;
            printer.fact(&folders, |printer| list(printer, &folders));
        }
        Act::Test { path } => {
            let test = agent.test_folder(text(&absolute(&path)?)).await?;
            note_bad_config(&mut agent, printer).await;
            printer.fact(&test, |printer| {
                printer.line(decision(test.decision).plain(format!(": {}", test.path)));
                if let Some(resolved) = test.resolved.as_ref().filter(|path| **path != test.path) {
                    printer.line(format!("  leads to {resolved}"));
                }
                if test.local_only {
                    printer.line("  inside the local network only");
                }
                if let Some(rule) = &test.rule {
                    printer.line(format!("  decided by {rule}"));
                }
            });
        }
    }
    Ok(())
}

/// Says that an edit of the config is not in force, and so not in what is shown.
async fn note_bad_config(agent: &mut Client, printer: &Printer) {
    let Ok(snapshot) = agent.status().await else { return }; // no agent: the file itself was asked
    for notice in snapshot.notices.iter().filter(|notice| notice.code == Code::BadConfig) {
        let title = Text::new().add(Paint::Warn, format!("{}: ", notice.title));
        printer.note(title.plain(&notice.text));
    }
}

fn list(printer: &Printer, folders: &[Folder]) {
    if folders.is_empty() {
        printer.note("Nothing is shared. `outport folders add PATH` shares a folder.");
        return;
    }
    let mut table = Table::new(&[
        ("FOLDER", Align::Left),
        ("ACCESS", Align::Left),
        ("GUESTS", Align::Left),
        ("STATE", Align::Left),
    ]);
    for folder in folders {
        let access = match (folder.access.can_write(), folder.local_only) {
            (true, false) => "read-write",
            (true, true) => "read-write, local network",
            (false, false) => "read-only",
            (false, true) => "read-only, local network",
        };
        let state = match folder.status {
            FolderStatus::Available => Text::new().add(Paint::Good, "available"),
            FolderStatus::Missing => Text::new().add(Paint::Warn, "not there"),
            FolderStatus::NotADirectory => Text::new().add(Paint::Warn, "no directory"),
            FolderStatus::Unreadable => Text::new().add(Paint::Warn, "cannot be opened"),
        };
        let guests = if folder.shareable { "yes" } else { "no" };
        table.row([(&folder.path).into(), access.into(), guests.into(), state]);
        for path in &folder.deny {
            let denied = Text::new().add(Paint::Bad, "refused");
            table.row([format!("  {path}").into(), denied, "".into(), "".into()]);
        }
    }
    printer.table(&table);
}

fn decision(decision: FolderDecision) -> Text {
    let (paint, words) = match decision {
        FolderDecision::NotShared => (Paint::Bad, "not shared"),
        FolderDecision::Denied => (Paint::Bad, "refused"),
        FolderDecision::LeadsToFolder => (Paint::Warn, "only what leads to a folder is listed"),
        FolderDecision::ReadOnly => (Paint::Good, "read-only"),
        FolderDecision::ReadWrite => (Paint::Good, "read-write"),
    };
    Text::new().add(paint, words)
}

/// The path from the top; links are the agent's to follow.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("{} is not a path.", path.display())).because(error)
    })
}

/// A path as text that comes back as it was, whatever its bytes.
fn text(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        escape_bytes(path.as_os_str().as_bytes()).into_owned()
    }
    #[cfg(not(unix))]
    {
        escape_bytes(path.to_string_lossy().as_bytes()).into_owned()
    }
}
