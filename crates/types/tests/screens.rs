//! The catalogue of problems and facts as the screens read it: the same texts, in files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, env, fs, path::Path};

use outport_types::{Code, FactCode, Language};

/// `OUTPORT_WRITE_PROBLEMS=1 cargo test -p outport-types --test screens` writes the file anew.
#[test]
fn the_screens_have_every_problem_in_both_languages() {
    let texts = |code: &Code| [Language::En, Language::Fr].map(|language| code.template(language));
    is_fresh("problems.json", Code::ALL.iter().map(|code| (code.word(), texts(code))));
}

/// The same writes this one.
#[test]
fn the_screens_have_every_fact_in_both_languages() {
    let texts =
        |code: &FactCode| [Language::En, Language::Fr].map(|language| code.template(language));
    is_fresh("facts.json", FactCode::ALL.iter().map(|code| (code.word(), texts(code))));
}

fn is_fresh(name: &str, texts: impl Iterator<Item = (&'static str, [&'static str; 2])>) {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/i18n").join(name);
    let all: BTreeMap<_, _> =
        texts.map(|(word, [en, fr])| (word, BTreeMap::from([("en", en), ("fr", fr)]))).collect();
    let mut fresh = serde_json::to_string_pretty(&all).unwrap();
    fresh.push('\n');
    if env::var_os("OUTPORT_WRITE_PROBLEMS").is_some() {
        fs::write(&committed, &fresh).unwrap();
    }
    let found = fs::read_to_string(&committed).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        found == fresh,
        "stale: OUTPORT_WRITE_PROBLEMS=1 cargo test -p outport-types --test screens"
    );
}
