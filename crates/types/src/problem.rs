//! What went wrong, in a form that a person can read and a program can act on.

use std::{collections::BTreeMap, error::Error, fmt};

use serde::{Deserialize, Serialize};

use crate::catalogue::{Code, Language};

/// A problem as people and clients see it: a stable code, its arguments and the English text.
///
/// The inner cause is never part of it; that goes to the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// What the text speaks of, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
    /// The English text.
    pub message: String,
}

/// The shape of a problem for the screens' types: `args` is left out where there is none, and one
/// type for both ways is easier to use than one for each.
#[cfg(feature = "specta")]
#[derive(Serialize, specta::Type)]
#[serde(rename = "Problem")]
struct ProblemShape {
    code: Code,
    #[specta(optional)]
    args: BTreeMap<String, Arg>,
    message: String,
}

#[cfg(feature = "specta")]
impl specta::Type for Problem {
    fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
        ProblemShape::definition(types)
    }
}

/// One argument of a problem's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(untagged)]
pub enum Arg {
    /// A count, a size or a duration.
    Number(u64),
    /// A path, a name or a reason.
    Text(String),
}

impl Problem {
    /// Builds the problem `code` with its arguments.
    pub fn new<const N: usize>(code: Code, args: [(&str, Arg); N]) -> Self {
        let args = args.into_iter().map(|(name, arg)| (name.to_owned(), arg)).collect();
        Self::with_args(code, args)
    }

    /// The same with arguments that were collected before.
    pub fn with_args(code: Code, args: BTreeMap<String, Arg>) -> Self {
        let message = fill(code.template(Language::En), &args);
        Self { code, args, message }
    }

    /// The text in another language.
    pub fn text(&self, language: Language) -> String {
        fill(self.code.template(language), &self.args)
    }
}

/// Whether trying the same again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    /// It can: try later, with growing pauses.
    Backoff,
    /// It cannot, unless a person changes something.
    Never,
}

/// Prints an error and all its causes on one line.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

pub(crate) fn fill(template: &str, args: &BTreeMap<String, Arg>) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        match args.get(name) {
            Some(arg) => text.push_str(&arg.to_string()),
            None => text.push('?'),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Problem {}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_speaks_both_languages() {
        let problem = Problem::new(Code::NotConnected, [("endpoint", "smith#WorkPC".into())]);
        assert!(problem.message.starts_with("smith#WorkPC is not connected"));
        assert!(problem.text(Language::Fr).starts_with("smith#WorkPC n'est pas connecté"));
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }

    #[test]
    fn braces_in_arguments_are_left_alone() {
        let problem = Problem::new(
            Code::Exists,
            [("path", "/{endpoint}".into()), ("endpoint", "a#b".into())],
        );
        assert_eq!(problem.message, "/{endpoint} exists already on a#b.");
    }
}
