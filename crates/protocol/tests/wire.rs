//! The bytes of what crosses the wire or enters a journal, one value of every kind, as committed.
//!
//! Who changes a format sees it here and in the difference of `tests/wire/*.txt`, and asks whether
//! agents and hubs of the last release still understand it. `OUTPORT_WIRE=write` writes the files anew.

mod wire {
    mod control;
    mod journal;
    mod relay;
    mod session;
}

use std::{env, fs, path::Path};

use outport_types::{CollectionPath, Name, Problem, UnixTime};

/// Compares lines of a name and a form with those that are committed in `wire/<file>.txt`.
fn pinned(file: &str, now: &[(&'static str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/wire/{file}.txt"));
    let text: String = now.iter().map(|(name, form)| format!("{name}: {form}\n")).collect();
    if env::var_os("OUTPORT_WIRE").is_some_and(|how| how == "write") {
        fs::write(&path, &text).expect("the folder is there");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    for (now, before) in text.lines().zip(committed.lines()) {
        assert_eq!(now, before, "the format of wire/{file}.txt changed");
    }
    assert_eq!(text.lines().count(), committed.lines().count(), "wire/{file}.txt has other lines");
}

/// Makes sure that of `count` kinds there is at least one value each.
fn complete<'a>(kinds: impl Iterator<Item = &'a str>, count: usize) {
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), count, "a value for each kind: {kinds:?}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn name(bytes: &[u8]) -> Name {
    Name::from_bytes(bytes).expect("a name")
}

fn path(text: &str) -> CollectionPath {
    text.parse().expect("a path")
}

fn time(seconds: i64) -> UnixTime {
    UnixTime { seconds, nanos: 500_000_000 }
}

fn problem() -> Problem {
    Problem::new(outport_types::Code::NotConnected, [("endpoint", "smith#WorkPC".into())])
}
