//! Prepares what Tauri puts into the program.

use std::{fs, path::Path};

fn main() {
    let pages = Path::new("../ui/dist/index.html");
    println!("cargo::rerun-if-changed={}", pages.display());
    if let Err(error) = stand_in(pages) {
        println!("cargo::error=cannot make {}: {error}", pages.display());
    }
    tauri_build::build();
}

/// Until the screens are built, a page that says so: everything else can be compiled and checked.
fn stand_in(pages: &Path) -> std::io::Result<()> {
    if pages.exists() {
        return Ok(());
    }
    fs::create_dir_all(pages.parent().unwrap_or(Path::new(".")))?;
    fs::write(pages, STAND_IN)
}

const STAND_IN: &str = "<!doctype html>
<meta charset=\"utf-8\">
<title>Outport</title>
<h1>The screens are not built</h1>
<p>Run <code>npm --prefix ui ci</code> and <code>npm --prefix ui run build</code>, then build the app again.</p>
";
