//! `outport rename`

use crate::{context::Context, failure::Failure, location::Location};

/// Rename a file or directory of a collection
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to rename
    #[arg(value_name = "ENDPOINT:PATH")]
    place: Location,
    /// Its new path; a bare name stays in the same directory
    #[arg(value_name = "NEW")]
    new: String,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let Some(old) = &args.place.path else {
        return Err(Failure::usage("Which file? Write it as ENDPOINT:PATH."));
    };
    let new = new_path(old, &args.new);
    let client = context.client().await?;
    let endpoint = context.endpoint(&client, &args.place).await?;
    let result = client.rename(endpoint, old, &new).await?;
    context.printer.fact(&result, |printer| printer.note(format!("{old} is now {new}.")));
    Ok(())
}

fn new_path(old: &str, new: &str) -> String {
    if new.starts_with('/') || new.starts_with("~/") {
        return new.to_owned();
    }
    let directory =
        old.trim_end_matches('/').rsplit_once('/').map_or("", |(directory, _)| directory);
    format!("{directory}/{new}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_stays_in_its_directory() {
        assert_eq!(new_path("/a/b", "c"), "/a/c");
        assert_eq!(new_path("/a/b/", "c"), "/a/c");
        assert_eq!(new_path("/b", "c"), "/c");
        assert_eq!(new_path("/a/b", "/x/c"), "/x/c");
        assert_eq!(new_path("/~/b", "~/c"), "~/c");
    }
}
