//! `outport endpoints`

use clap::Subcommand;
use outport_api::{
    client::EndpointScope,
    transfer::{Endpoint, EndpointSettings, EntityType},
};
use outport_types::{EndpointName, EndpointRef};

use crate::{
    context::Context,
    failure::Failure,
    human::{distance, now},
    printer::{Align, Paint, Printer, Table, Text},
};

/// List, find, rename and delete endpoints; alone, it lists yours
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List your endpoints
    List,
    /// Find endpoints, also of others, by words of their names, descriptions and owners
    Search {
        /// What to look for
        text: String,
        /// How many to show at most
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
    },
    /// Show all about one endpoint
    Show {
        /// smith#WorkPC, WorkPC (your own) or an id
        endpoint: EndpointRef,
    },
    /// Give one of your endpoints another name
    Rename {
        /// smith#WorkPC, WorkPC or an id
        endpoint: EndpointRef,
        /// The new name, without the owner
        #[arg(value_name = "NAME")]
        name: EndpointName,
    },
    /// Remove one of your endpoints from the hub; files stay
    Delete {
        /// smith#WorkPC, WorkPC or an id
        endpoint: EndpointRef,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client().await?;
    let printer = &context.printer;
    match args.act.unwrap_or(Act::List) {
        Act::List => {
            let found = client.endpoints(EndpointScope::Mine, None, LIST_MAX).await?;
            printer.fact(&found, |printer| list(printer, &found));
        }
        Act::Search { text, limit } => {
            let found = client.endpoints(EndpointScope::All, Some(&text), limit).await?;
            printer.fact(&found, |printer| list(printer, &found));
        }
        Act::Show { endpoint } => {
            let endpoint = client.find_endpoint(&endpoint).await?;
            printer.fact(&endpoint, |printer| show(printer, &endpoint));
        }
        Act::Rename { endpoint, name } => {
            let endpoint = client.find_endpoint(&endpoint).await?;
            let settings = EndpointSettings {
                display_name: Some(Some(name.to_string())),
                ..EndpointSettings::default()
            };
            let result = client.update_endpoint(endpoint.id, &settings).await?;
            let text = format!("{} is now called {name}.", endpoint.title());
            printer.fact(&result, |printer| printer.note(text));
        }
        Act::Delete { endpoint, yes } => {
            let endpoint = client.find_endpoint(&endpoint).await?;
            let question =
                format!("Delete {} from the hub? Its tasks end; its files stay.", endpoint.title());
            context.confirm(yes, &question)?;
            let result = client.delete_endpoint(endpoint.id).await?;
            let text = format!("{} is deleted.", endpoint.title());
            printer.fact(&result, |printer| printer.note(text));
        }
    }
    Ok(())
}

fn list(printer: &Printer, endpoints: &[Endpoint]) {
    if endpoints.is_empty() {
        printer.note("No endpoints.");
        return;
    }
    let mut table =
        Table::new(&[("NAME", Align::Left), ("STATE", Align::Left), ("ID", Align::Left)]);
    for endpoint in endpoints {
        table.row([endpoint.title().into(), state(endpoint), endpoint.id.to_string().into()]);
    }
    printer.table(&table);
}

fn show(printer: &Printer, endpoint: &Endpoint) {
    let extras = endpoint.outport.clone().unwrap_or_default();
    let kind = match endpoint.entity_type {
        EntityType::Mapped => "endpoint",
        EntityType::Guest => "guest collection",
        EntityType::Other => "other",
    };
    let mut table = Table::pairs();
    table.pair("name", Text::new().add(Paint::Strong, endpoint.title()));
    table.pair("kind", kind);
    table.pair("state", state(endpoint));
    table.pair("owner", &endpoint.owner_string);
    table.pair("id", endpoint.id.to_string());
    for (title, value) in [
        ("description", &endpoint.description),
        ("default directory", &endpoint.default_directory),
        ("key", &extras.fingerprint),
        ("software", &extras.software),
        ("system", &extras.system),
    ] {
        if let Some(value) = value {
            table.pair(title, value);
        }
    }
    if let Some(seen) = extras.last_seen {
        table.pair("last seen", distance(seen, now()));
    }
    if let Some(until) = extras.paused_until {
        table.pair("paused until", printer.date(until));
    }
    printer.table(&table);
}

fn state(endpoint: &Endpoint) -> Text {
    let text = Text::new();
    match (endpoint.gcp_connected, endpoint.gcp_paused) {
        (Some(true), Some(true)) => text.add(Paint::Warn, "paused"),
        (Some(true), Some(false) | None) => text.add(Paint::Good, "online"),
        (Some(false), _) => text.add(Paint::Dim, "offline"),
        (None, _) => text.plain("-"),
    }
}

/// As many as an endpoint search ever pages through.
const LIST_MAX: usize = 1000;
