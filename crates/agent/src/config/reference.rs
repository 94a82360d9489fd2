//! `docs/config.md`, out of the doc comments of the schema.

use std::fmt::Write as _;

use super::schema::{
    Field, File, Folder, LimitsTable, Log, Network, Power, TimetableRow, Transfer,
};

/// The reference of the config file, as `docs/config.md` has it.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for (title, doc, fields) in [
        ("At the top", File::DOC, File::FIELDS),
        ("`[[folders]]`", Folder::DOC, Folder::FIELDS),
        ("`[transfer]`", Transfer::DOC, Transfer::FIELDS),
        ("`[network]`", Network::DOC, Network::FIELDS),
        ("`[limits]`", LimitsTable::DOC, LimitsTable::FIELDS),
        ("`[[limits.timetable]]`", TimetableRow::DOC, TimetableRow::FIELDS),
        ("`[power]`", Power::DOC, Power::FIELDS),
        ("`[log]`", Log::DOC, Log::FIELDS),
    ] {
        section(&mut text, title, doc, fields);
    }
    text
}

fn section(text: &mut String, title: &str, doc: &[&str], fields: &[Field]) {
    let written = write!(text, "\n## {title}\n\n{}\n\n", flow(doc))
        .and_then(|()| write!(text, "| field | meaning |\n| --- | --- |\n"));
    written.expect("writing into a text does not fail");
    for field in fields {
        writeln!(text, "| `{}` | {} |", field.name, flow(field.doc))
            .expect("writing into a text does not fail");
    }
}

fn flow(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

const HEAD: &str = "\
# The agent's config file

`config.toml` in the config directory of the profile: `~/.config/outport/default/` on Linux,
`~/Library/Application Support/outport/default/` on macOS, `%APPDATA%\\outport\\config\\default\\` on Windows;
below `OUTPORT_HOME` when that is set.
Without a file everything is as by default, and nothing is shared.

The agent reads the file again whenever it changes.
A file with a mistake is refused whole: `outport status` names the line, and the rules in force stay as they were.
Outport's own files are never shared, whatever stands here; those of other profiles and of a hub that
the same user runs in its default place neither.

```toml
version = 1

[[folders]]
path = \"~/measurements\"
access = \"read-write\"
deny = [\"raw/private\"]

[[folders]]
path = \"/srv/reference\"
```
";
