//! `outport hub app`

use clap::Subcommand;
use outport_hub::HubConfig;
use outport_types::ClientId;
use serde_json::json;

use super::administer;
use crate::{
    context::Context,
    failure::Failure,
    printer::{Align, Paint, Table, Text},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add an application, and print its client id and secret, once
    Add {
        /// What it is called
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List the applications
    List,
    /// Remove an application: its secret and tokens end at once
    Remove {
        /// Which
        #[arg(value_name = "CLIENT_ID")]
        id: ClientId,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

pub(super) async fn run(args: Args, config: HubConfig, context: &Context) -> Result<(), Failure> {
    let printer = &context.printer;
    match args.act {
        Act::Add { name } => {
            let app = administer(config, async |admin| admin.add_app(&name).await).await?;
            let document = json!({
                "client_id": app.client_id, "client_secret": app.secret,
                "username": app.username, "handle": app.handle,
            });
            printer.fact(&document, |printer| {
                let mut table = Table::pairs();
                table.pair("client id", app.client_id.to_string());
                table.pair("secret", Text::new().add(Paint::Strong, &app.secret));
                table.pair("identity", &app.username);
                table.pair("handle", &app.handle);
                printer.table(&table);
                printer.note("The secret is shown this once.");
            });
        }
        Act::List => {
            let apps = administer(config, async |admin| admin.apps().await).await?;
            let document: Vec<_> = apps
                .iter()
                .map(|app| {
                    json!({
                        "client_id": app.client_id, "name": app.name, "handle": app.handle,
                        "disabled": app.disabled, "created": app.created_at,
                    })
                })
                .collect();
            printer.fact(&document, |printer| {
                let mut table = Table::new(&[
                    ("CLIENT ID", Align::Left),
                    ("STATE", Align::Left),
                    ("SINCE", Align::Left),
                    ("NAME", Align::Left),
                ]);
                for app in &apps {
                    let state = if app.disabled { "closed" } else { "open" };
                    table.row([
                        app.client_id.to_string().into(),
                        state.into(),
                        printer.date(app.created_at).into(),
                        (&app.name).into(),
                    ]);
                }
                printer.table(&table);
            });
        }
        Act::Remove { id, yes } => {
            context.confirm(yes, &format!("Remove the application {id}?"))?;
            administer(config, async |admin| admin.remove_app(id).await).await?;
            printer.note(format!("The application {id} is removed."));
        }
    }
    Ok(())
}
