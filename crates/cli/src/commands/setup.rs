//! `outport setup`

use outport_api::{
    client::Client,
    transfer::{EndpointSettings, error_code},
};
use outport_control::{KeyPlace, Secret};
use outport_types::{EndpointName, EndpointRef};

use crate::{
    context::Context,
    failure::{Exit, Failure},
    printer::{Paint, Table, Text},
};

/// Make this computer an endpoint
///
/// Signed in, `outport setup --name WorkPC` registers it as yours. With a setup key that somebody
/// sends you, `outport setup KEY` is all it takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A setup key; it works once
    #[arg(value_name = "KEY", required_unless_present = "name", conflicts_with = "name")]
    key: Option<String>,
    /// Register this computer under your account by this name
    #[arg(long, value_name = "NAME")]
    name: Option<EndpointName>,
    /// Take over the endpoint of that name from the computer that it was
    #[arg(long, requires = "name")]
    replace: bool,
    /// Keep the computer's key in the keyring of the system, instead of a file of yours
    #[arg(long)]
    keyring: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let key = match (args.key, &args.name) {
        (Some(key), _) => key,
        (None, Some(name)) => register(context, name, args.replace).await?,
        (None, None) => return Err(Failure::usage("Give a setup key or --name NAME.")),
    };
    let place = if args.keyring { KeyPlace::Keyring } else { KeyPlace::File };
    let done = context.owner().await?.set_up(Secret::new(key), place).await?;
    context.printer.fact(&done, |printer| {
        let mut table = Table::pairs();
        table.pair("endpoint", Text::new().add(Paint::Strong, &done.name));
        table.pair("hub", &done.hub);
        table.pair("key", &done.fingerprint);
        printer.table(&table);
        printer.note("Next: share a folder with `outport folders add PATH`, then `outport agent`.");
    });
    Ok(())
}

/// Makes an endpoint of the signed-in account, and answers with its setup key.
async fn register(
    context: &Context,
    name: &EndpointName,
    replace: bool,
) -> Result<String, Failure> {
    let client = context.client().await?;
    let settings = EndpointSettings {
        display_name: Some(Some(name.to_string())),
        is_globus_connect: Some(true),
        ..EndpointSettings::default()
    };
    match client.create_endpoint(&settings).await {
        Ok(created) => created
            .globus_connect_setup_key
            .ok_or_else(|| Failure::new(Exit::Failed, "The hub's answer holds no setup key.")),
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == error_code::EXISTS) => {
            take_over(&client, name, replace).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Gets a new setup key for an endpoint that exists: one that no computer became yet, as after a
/// set-up that was broken off, or with the owner's word.
async fn take_over(client: &Client, name: &EndpointName, replace: bool) -> Result<String, Failure> {
    let found = client.find_endpoint(&EndpointRef::Own(name.clone())).await?;
    let is_bound = found.outport.as_ref().is_none_or(|extras| extras.fingerprint.is_some());
    if is_bound && !replace {
        let text = format!(
            "Another computer is {} already. Choose another name, or add --replace to make this \
             computer it.",
            found.title()
        );
        return Err(Failure::new(Exit::Failed, text));
    }
    Ok(client.new_setup_key(found.id).await?.setup_key)
}
