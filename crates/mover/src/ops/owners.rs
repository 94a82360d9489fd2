//! The names of users and groups, as far as this computer's own files know them.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// The name of a user, or the number.
pub(super) fn user(id: u32) -> String {
    static USERS: OnceLock<Mutex<Names>> = OnceLock::new();
    name_of(&USERS, "/etc/passwd", id)
}

/// The name of a group, or the number.
pub(super) fn group(id: u32) -> String {
    static GROUPS: OnceLock<Mutex<Names>> = OnceLock::new();
    name_of(&GROUPS, "/etc/group", id)
}

#[derive(Default)]
struct Names {
    read: Option<Instant>,
    names: HashMap<u32, String>,
}

fn name_of(names: &OnceLock<Mutex<Names>>, file: &str, id: u32) -> String {
    if cfg!(windows) {
        return String::new();
    }
    let names = names.get_or_init(Mutex::default);
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    if names.read.is_none_or(|read| NAMES_AGE_MAX < read.elapsed()) {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        *names = Names { read: Some(Instant::now()), names: parse(&text) };
    }
    names.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

fn parse(text: &str) -> HashMap<u32, String> {
    let pairs = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id = fields.nth(1)?.parse().ok()?;
        Some((id, name.to_owned()))
    });
    // The first name of a number counts, as it does for the system.
    let mut names = HashMap::new();
    for (id, name) in pairs {
        names.entry(id).or_insert(name);
    }
    names
}

/// A new user's files show the number for this long.
const NAMES_AGE_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_number_counts_and_broken_lines_are_passed_over() {
        let names =
            parse("root:x:0:0::/root:\ntoor:x:0:0::/:\n\nbroken\nann:x:1000:1000::/home/ann:\n");
        assert_eq!(names.get(&0).map(String::as_str), Some("root"));
        assert_eq!(names.get(&1000).map(String::as_str), Some("ann"));
        assert_eq!(names.len(), 2);
    }
}
