//! `outport hub user`

use std::path::PathBuf;

use clap::Subcommand;
use outport_hub::{Admin, HubConfig, NewUser, UserRow};
use outport_types::Handle;
use serde_json::json;

use super::administer;
use crate::{
    context::Context,
    failure::Failure,
    password,
    printer::{Align, Paint, Printer, Table, Text},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add a person; without a password, print a link by which the person chooses it
    Add {
        /// The handle, which stands before the # of endpoints
        #[arg(value_name = "HANDLE")]
        handle: Handle,
        /// The person's name; the handle, unless given
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// The person's address, for notices
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// The person may administer the hub
        #[arg(long)]
        admin: bool,
        /// Read the password from the first line of a file; `-` is standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// List everybody
    List,
    /// Set a person's password, or print a link by which the person chooses it
    Passwd {
        /// Whose
        #[arg(value_name = "HANDLE")]
        handle: Handle,
        /// Read the password from the first line of a file; `-` is standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Sign a computer in for a person, by the code that `outport login --no-browser` shows there
    Approve {
        /// Whose
        #[arg(value_name = "HANDLE")]
        handle: Handle,
        /// The code
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// End every sign-in of a person, in browsers, commands and apps; computers stay endpoints
    SignOut {
        /// Whose
        #[arg(value_name = "HANDLE")]
        handle: Handle,
    },
    /// Close an account: nobody signs in to it, its tokens end
    Disable {
        /// Whose
        #[arg(value_name = "HANDLE")]
        handle: Handle,
    },
    /// Open a closed account again
    Enable {
        /// Whose
        #[arg(value_name = "HANDLE")]
        handle: Handle,
    },
}

pub(super) async fn run(args: Args, config: HubConfig, context: &Context) -> Result<(), Failure> {
    let printer = &context.printer;
    match args.act {
        Act::Add { handle, name, email, admin, password_file } => {
            let user = NewUser {
                handle,
                display_name: name.unwrap_or_default(),
                email,
                is_admin: admin,
                password: password_file.as_deref().map(password::from_file).transpose()?,
            };
            let added = administer(config, async |admin| admin.add_user(user).await).await?;
            let document = json!({ "username": added.username, "link": added.link });
            printer.fact(&document, |printer| {
                printer.note(format!("{} is added.", added.username));
                show_link(printer, added.link.as_deref());
            });
        }
        Act::List => {
            let users = administer(config, async |admin| admin.users().await).await?;
            list(printer, &users);
        }
        Act::Passwd { handle, password_file: Some(file) } => {
            let password = password::from_file(&file)?;
            let work = async |admin: &Admin| admin.set_password(&handle, &password).await;
            administer(config, work).await?;
            printer.note(format!("{handle} has a new password."));
        }
        Act::Passwd { handle, password_file: None } => {
            let link = administer(config, async |admin| admin.password_link(&handle).await).await?;
            printer.fact(&json!({ "link": link }), |printer| show_link(printer, Some(&link)));
        }
        Act::Approve { handle, code } => {
            let work = async |admin: &Admin| admin.approve_device(&handle, &code).await;
            administer(config, work).await?;
            printer.note(format!("The computer is signed in as {handle}."));
        }
        Act::SignOut { handle } => {
            administer(config, async |admin| admin.sign_out(&handle).await).await?;
            printer.note(format!("{handle} is signed out everywhere."));
        }
        Act::Disable { handle } => {
            administer(config, async |admin| admin.set_disabled(&handle, true).await).await?;
            printer.note(format!("{handle} is closed."));
        }
        Act::Enable { handle } => {
            administer(config, async |admin| admin.set_disabled(&handle, false).await).await?;
            printer.note(format!("{handle} is open."));
        }
    }
    Ok(())
}

fn show_link(printer: &Printer, link: Option<&str>) {
    if let Some(link) = link {
        printer.note("This link works once; by it the password is chosen:");
        printer.line(link);
    }
}

fn list(printer: &Printer, users: &[UserRow]) {
    let document: Vec<_> = users
        .iter()
        .map(|user| {
            json!({
                "handle": user.handle, "name": user.display_name, "email": user.email,
                "application": user.is_application, "admin": user.is_admin,
                "disabled": user.disabled, "created": user.created_at,
            })
        })
        .collect();
    printer.fact(&document, |printer| {
        let mut table = Table::new(&[
            ("HANDLE", Align::Left),
            ("KIND", Align::Left),
            ("STATE", Align::Left),
            ("SINCE", Align::Left),
            ("NAME", Align::Left),
        ]);
        for user in users {
            let kind = match (user.is_application, user.is_admin) {
                (true, _) => "application",
                (false, true) => "administrator",
                (false, false) => "person",
            };
            let state = match user.disabled {
                true => Text::new().add(Paint::Warn, "closed"),
                false => Text::from("open"),
            };
            table.row([
                (&user.handle).into(),
                kind.into(),
                state,
                printer.date(user.created_at).into(),
                (&user.display_name).into(),
            ]);
        }
        printer.table(&table);
    });
}
