//! Takes out of a text what is nobody's business, so that a report can be shown to anybody who helps.

use std::path::Path;

/// The text without the home and without its owner's name where that stands in a path.
pub(super) fn discreet(text: &str, home: Option<&Path>) -> String {
    let Some(home) = home.filter(|home| home.parent().is_some()) else { return text.to_owned() };
    let text = match home.to_str() {
        Some(home) => text.replace(home, "~"),
        None => text.to_owned(),
    };
    let Some(user) = home.file_name().and_then(|name| name.to_str()) else { return text };
    let parts = text.split_inclusive(['/', '\\']);
    let veiled = parts.enumerate().map(|(place, part)| {
        let name = part.trim_end_matches(['/', '\\']);
        // What stands before the first separator is no part of a path.
        if 0 < place && name == user { part.replacen(user, "…", 1) } else { part.to_owned() }
    });
    veiled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_is_a_tilde_and_its_owner_nobody() {
        let home = Some(Path::new("/home/ann"));
        for (text, expected) in [
            ("/home/ann/data", "~/data"),
            ("/media/ann/drive", "/media/…/drive"),
            ("/scratch/ann", "/scratch/…"),
            ("/srv/annals/ann2", "/srv/annals/ann2"),
            ("cannot open /home/ann/x: ann may not", "cannot open ~/x: ann may not"),
            ("ann", "ann"),
            ("https://hub.example.org", "https://hub.example.org"),
        ] {
            assert_eq!(discreet(text, home), expected);
        }
        assert_eq!(discreet("/etc/x", Some(Path::new("/"))), "/etc/x");
        assert_eq!(discreet("/home/ann", None), "/home/ann");
    }
}
