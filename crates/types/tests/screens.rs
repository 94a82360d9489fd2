//! The catalogue of problems as the screens read it: one file, the same texts.

use std::{collections::BTreeMap, env, fs, path::Path};

use outport_types::{Code, Language};

/// `OUTPORT_WRITE_PROBLEMS=1 cargo test -p outport-types --test screens` writes the file anew.
#[test]
fn the_screens_have_every_problem_in_both_languages() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/i18n/problems.json");
    let texts = |code: &Code| {
        BTreeMap::from([("en", code.template(Language::En)), ("fr", code.template(Language::Fr))])
    };
    let all: BTreeMap<_, _> = Code::ALL.iter().map(|code| (code.word(), texts(code))).collect();
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
