//! `outport mkdir`

use outport_api::{client::Client, transfer::error_code};
use outport_types::{Code, CollectionPath, EndpointId};

use crate::{context::Context, failure::Failure, location::Location};

/// Make a directory in a collection
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory to make
    #[arg(value_name = "ENDPOINT:PATH")]
    place: Location,
    /// Make missing parents too, and let it be when it exists
    #[arg(short, long)]
    parents: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let client = context.client().await?;
    let endpoint = context.endpoint(&client, &args.place).await?;
    let Some(path) = &args.place.path else {
        return Err(Failure::usage("Which directory? Write it as ENDPOINT:PATH."));
    };
    if args.parents {
        make_all(&client, endpoint, path).await?;
    } else {
        let result = client.mkdir(endpoint, path).await?;
        context.printer.fact(&result, |printer| printer.note(format!("{} is made.", args.place)));
        return Ok(());
    }
    context.printer.note(format!("{} is there.", args.place));
    Ok(())
}

/// Makes a directory with its parents, from the deepest one that is missing on down.
async fn make_all(client: &Client, endpoint: EndpointId, path: &str) -> Result<(), Failure> {
    let path: CollectionPath = path
        .parse()
        .map_err(|error| Failure::usage(format!("`{path}` is not a path: {error}.")))?;
    let mut missing = vec![path];
    loop {
        let Some(next) = missing.last() else { return Ok(()) };
        let Err(error) = client.mkdir(endpoint, &next.to_string()).await else {
            missing.pop();
            continue;
        };
        if is(&error, error_code::MKDIR_EXISTS, Code::Exists) {
            missing.pop();
            continue;
        }
        let parent = next.parent().filter(|parent| !parent.names().is_empty());
        let absent = error.is_not_found() || is(&error, error_code::NOT_FOUND, Code::NotFound);
        match parent {
            // Its parent was made a moment ago: whoever keeps removing it, wins.
            Some(parent) if absent && missing.len() <= DEPTH_MAX => missing.push(parent),
            Some(_) | None => return Err(error.into()),
        }
    }
}

fn is(error: &outport_api::client::ClientError, word: &str, code: Code) -> bool {
    error.problem().is_some_and(|problem| problem.code == code)
        || error.refusal().is_some_and(|refusal| refusal.code == word)
}

/// Deeper than any path that an endpoint takes.
const DEPTH_MAX: usize = 2048;
