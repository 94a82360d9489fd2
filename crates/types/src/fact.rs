//! What a check found, in a form that a person can read and a program can act on.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    catalogue::{FactCode, Language},
    problem::{Arg, fill},
};

/// Something that a check found, good or bad: a stable code, its arguments and the English text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Fact {
    /// What was found.
    pub code: FactCode,
    /// What the text speaks of, by name.
    pub args: BTreeMap<String, Arg>,
    /// The English text.
    pub message: String,
}

impl Fact {
    /// Builds the fact `code` with its arguments.
    pub fn new<const N: usize>(code: FactCode, args: [(&str, Arg); N]) -> Self {
        let args = args.into_iter().map(|(name, arg)| (name.to_owned(), arg)).collect();
        Self::with_args(code, args)
    }

    /// The same with arguments that were collected before.
    pub fn with_args(code: FactCode, args: BTreeMap<String, Arg>) -> Self {
        let message = fill(code.template(Language::En), &args);
        Self { code, args, message }
    }

    /// The text in another language.
    pub fn text(&self, language: Language) -> String {
        fill(self.code.template(language), &self.args)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
