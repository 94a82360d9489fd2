//! `outport key`

use clap::{Subcommand, ValueEnum};
use outport_control::KeyPlace;
use serde_json::json;

use crate::{context::Context, failure::Failure};

/// Look after the key that this computer is known by
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Keep the key at another place from now on; it stays the same key
    Move {
        /// Where to keep it
        #[arg(value_enum)]
        to: Place,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Place {
    /// The keyring of the system
    Keyring,
    /// A file that only you can read, for computers that nobody signs in at
    File,
}

pub(crate) async fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let Act::Move { to } = args.act;
    let (place, text) = match to {
        Place::Keyring => (KeyPlace::Keyring, "The key is in the keyring of the system now."),
        Place::File => (KeyPlace::File, "The key is in a file that only you can read now."),
    };
    context.owner().await?.move_key(place).await?;
    context.printer.fact(&json!({ "place": place }), |printer| printer.note(text));
    Ok(())
}
