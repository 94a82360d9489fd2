//! `outport whoami`

use crate::{context::Context, failure::Failure, printer::Table};

/// Show who is signed in, and at which hub
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client().await?;
    let person = client.userinfo().await?;
    context.printer.fact(&person, |printer| {
        let mut table = Table::pairs();
        table.pair("identity", &person.preferred_username);
        if let Some(name) = &person.name {
            table.pair("name", name);
        }
        if let Some(email) = &person.email {
            table.pair("e-mail", email);
        }
        table.pair("id", person.sub.to_string());
        table.pair("hub", client.hub().to_string());
        printer.table(&table);
    });
    Ok(())
}
