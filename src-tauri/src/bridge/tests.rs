use std::{env, fs, path::Path};

use specta_typescript::Typescript;

use super::*;

/// `OUTPORT_WRITE_BINDINGS=1 cargo test -p outport-desktop bindings` writes the file anew.
#[test]
fn the_bindings_are_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/platform/bindings.ts");
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("bindings.ts");
    boundary().export(Typescript::default().header(HEADER), &file).unwrap();
    let made = fs::read_to_string(&file).unwrap();
    let fresh: String = made.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if env::var_os("OUTPORT_WRITE_BINDINGS").is_some() {
        fs::create_dir_all(committed.parent().unwrap()).unwrap();
        fs::write(&committed, &fresh).unwrap();
    }
    let found = fs::read_to_string(&committed).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        found == fresh,
        "stale: OUTPORT_WRITE_BINDINGS=1 cargo test -p outport-desktop bindings"
    );
}

#[test]
fn only_the_web_is_opened() {
    for (address, opened) in [
        ("https://hub.example.org/authorize?x=1", true),
        ("http://127.0.0.1:7440/device", true),
        ("http://localhost:7440/", true),
        ("http://[::1]:7440/", true),
        ("http://hub.example.org/", false),
        ("file:///etc/passwd", false),
        ("javascript:alert(1)", false),
        ("calculator:", false),
        ("hub.example.org", false),
        ("", false),
    ] {
        assert_eq!(app::is_web(address), opened, "{address}");
    }
}

const HEADER: &str = "// Made from src-tauri/src/bridge.rs; do not edit.\n";
