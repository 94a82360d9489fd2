//! `--include` and `--exclude`, in the order in which they are given.

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches};
use outport_api::transfer::{FilterMethod, FilterRule, FilterType};

/// Rules for names, the first that matches first.
#[derive(Clone, Debug, Default)]
pub(in crate::commands) struct Filters(pub(in crate::commands) Vec<FilterRule>);

impl FromArgMatches for Filters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for (id, method) in [(INCLUDE, FilterMethod::Include), (EXCLUDE, FilterMethod::Exclude)] {
            let places = matches.indices_of(id).into_iter().flatten();
            let patterns = matches.get_many::<String>(id).into_iter().flatten();
            rules.extend(places.zip(patterns).map(|(at, pattern)| (at, rule(method, pattern))));
        }
        rules.sort_by_key(|(at, _)| *at);
        Ok(Self(rules.into_iter().map(|(_, rule)| rule).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Filters {
    fn augment_args(command: Command) -> Command {
        let arg = |id| {
            Arg::new(id).long(id).value_name("PATTERN").action(ArgAction::Append).required(false)
        };
        command
            .arg(arg(INCLUDE).help(
                "Take files with such names; of all --include and --exclude the first that fits \
                 decides, and what none fits is taken. PATTERN/ is for directories",
            ))
            .arg(arg(EXCLUDE).help(
                "Leave out files with such names, or with PATTERN/ directories and all that they \
                 hold",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn rule(method: FilterMethod, pattern: &str) -> FilterRule {
    let (name, kind) = match pattern.strip_suffix('/') {
        Some(name) => (name, FilterType::Dir),
        None => (pattern, FilterType::File),
    };
    FilterRule { method, filter_type: Some(kind), name: name.to_owned() }
}

const INCLUDE: &str = "include";
const EXCLUDE: &str = "exclude";
