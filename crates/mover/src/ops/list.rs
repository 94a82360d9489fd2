//! Listings: filtered, sorted, and bounded in memory however large the directory is.

use std::{cmp::Ordering, collections::BinaryHeap};

use outport_protocol::control::{
    CONTROL_FRAME_BYTES_MAX, Clause, FileEntry, FileKind, Filter, ListQuery, Listing, ListingOrder,
    OrderField,
};
use outport_types::{CollectionPath, Glob, Name};

use super::{above, entry};
use crate::{
    refused::Refused,
    resolver::{Directory, Entry, Resolved, Resolver},
    stat::Stat,
    system_path::name_to_host,
};

/// Lists a directory.
///
/// Only `offset + limit` entries are ever held, at most [`LISTING_ENTRIES_MAX`], and no more than
/// one answer to the hub holds.
///
/// # Errors
/// When the directory is not accessible, or more is asked for than one listing may have.
pub fn list(
    resolver: &Resolver,
    query: &ListQuery,
    mut stopped: impl FnMut() -> bool,
) -> Result<Listing, Refused> {
    let path = match &query.path {
        Some(path) => resolver.full_path(path)?,
        None => resolver
            .rules()
            .now()
            .default_directory()
            .cloned()
            .ok_or(Refused::NoDefaultDirectory)?,
    };
    let filters: Vec<Vec<Test>> = query.filters.iter().map(tests).collect();
    let mut best = Best::new(query);
    match resolver.look(&path)? {
        Resolved::Directory(directory) => {
            for found in directory.entries()? {
                if stopped() {
                    return Err(Refused::Stopped);
                }
                let Some(entry) = look(resolver, &directory, query, &path, found?, &filters)?
                else {
                    continue;
                };
                best.take(entry)?;
            }
        }
        Resolved::Above { names, .. } => {
            for name in names {
                let entry = above(Some(name));
                if passes(&filters, &entry) && shown(query, &entry) {
                    best.take(entry)?;
                }
            }
        }
        Resolved::Place(_) => return Err(Refused::NotADirectory),
    }
    best.listing(path, query)
}

fn shown(query: &ListQuery, entry: &FileEntry) -> bool {
    query.show_hidden || entry.name.as_ref().is_none_or(|name| !crate::rules::is_dot_file(name))
}

/// What one entry is, if it passes; an entry that vanished meanwhile does not.
fn look(
    resolver: &Resolver,
    directory: &Directory,
    query: &ListQuery,
    path: &CollectionPath,
    found: Entry,
    filters: &[Vec<Test>],
) -> Result<Option<FileEntry>, Refused> {
    if !query.show_hidden && crate::rules::is_dot_file(&found.name) {
        return Ok(None);
    }
    // Most names that do not pass can be told from those that do without asking the disk.
    let text = found.name.text();
    if !filters.is_empty()
        && filters.iter().all(|tests| tests.iter().any(|test| test.fails_name(&text)))
    {
        return Ok(None);
    }
    let entry = match directory.stat(&found.name) {
        Ok(stat) if stat.kind == FileKind::Link => {
            link(resolver, directory, path, &found.name, &stat)
        }
        Ok(stat) => entry(Some(found.name), &stat, None),
        // A directory that is denied itself but leads to a folder.
        Err(Refused::NotShared) if found.kind == Some(FileKind::Dir) => {
            let below = path.join(&found.name).map_err(|_| Refused::NotFound)?;
            match resolver.look(&below) {
                Ok(Resolved::Above { .. } | Resolved::Directory(_)) => above(Some(found.name)),
                Ok(Resolved::Place(_)) | Err(_) => return Ok(None),
            }
        }
        Err(Refused::NotFound | Refused::NotShared | Refused::BadName(_)) => return Ok(None),
        // One that cannot be looked at does not hide the others.
        Err(_) => unknown(found),
    };
    Ok(passes(filters, &entry).then_some(entry))
}

/// An entry of which only the directory says something.
fn unknown(found: Entry) -> FileEntry {
    let kind = found.kind.unwrap_or(FileKind::Special);
    FileEntry { kind, mode: 0, ..above(Some(found.name)) }
}

/// A link looks like what it leads to, where that may be seen; else it says nothing of its target.
fn link(
    resolver: &Resolver,
    directory: &Directory,
    path: &CollectionPath,
    name: &Name,
    stat: &Stat,
) -> FileEntry {
    let behind = path.join(name).ok().and_then(|below| super::stat(resolver, &below).ok());
    match behind {
        Some(mut target) => {
            let text = directory.dir().read_link_contents(name_to_host(name)).ok();
            target.name = Some(name.clone());
            target.link_target = text.map(|text| text.to_string_lossy().into_owned());
            target
        }
        None => entry(Some(name.clone()), stat, None),
    }
}

/// The first entries in the order asked for, and how many there were.
struct Best {
    order: Vec<ListingOrder>,
    room: usize,
    total: u64,
    /// What the entries in the heap take in an answer.
    bytes: usize,
    /// The last of the best on top.
    heap: BinaryHeap<Ranked>,
}

struct Ranked {
    entry: FileEntry,
    /// The same in each entry of one listing.
    order: std::sync::Arc<[ListingOrder]>,
}

impl Best {
    fn new(query: &ListQuery) -> Self {
        let room = query.offset.saturating_add(query.limit).min(LISTING_ENTRIES_MAX);
        Self {
            order: query.order.clone(),
            room: usize::try_from(room).unwrap_or(usize::MAX),
            total: 0,
            bytes: 0,
            heap: BinaryHeap::new(),
        }
    }

    fn take(&mut self, entry: FileEntry) -> Result<(), Refused> {
        self.total += 1;
        let bytes = bytes_of(&entry);
        let order = match self.heap.peek() {
            Some(other) => other.order.clone(),
            None => self.order.as_slice().into(),
        };
        let ranked = Ranked { entry, order };
        if self.heap.len() < self.room {
            self.bytes += bytes;
            self.heap.push(ranked);
        } else if let Some(mut last) = self.heap.peek_mut()
            && ranked < *last
        {
            self.bytes = self.bytes - bytes_of(&last.entry) + bytes;
            *last = ranked;
        }
        if LISTING_BYTES_MAX < self.bytes { Err(Refused::ListingTooLong) } else { Ok(()) }
    }

    fn listing(self, path: CollectionPath, query: &ListQuery) -> Result<Listing, Refused> {
        let asked = query.offset.saturating_add(query.limit);
        if LISTING_ENTRIES_MAX < asked && LISTING_ENTRIES_MAX < self.total {
            return Err(Refused::ListingTooLong);
        }
        let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let sorted = self.heap.into_sorted_vec();
        let entries = sorted.into_iter().skip(skip).map(|ranked| ranked.entry).collect();
        Ok(Listing { path, entries, total: self.total })
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        for key in self.order.iter() {
            let order = compare(key.field, &self.entry, &other.entry);
            let order = if key.descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.entry.name.cmp(&other.entry.name)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

/// What an entry takes in an answer at most.
fn bytes_of(entry: &FileEntry) -> usize {
    let name = entry.name.as_ref().map(Name::text).unwrap_or_default();
    let texts = [&*name, &entry.user, &entry.group, entry.link_target.as_deref().unwrap_or("")];
    texts.into_iter().flat_map(str::bytes).map(json_bytes).sum::<usize>() + ENTRY_BYTES
}

fn json_bytes(byte: u8) -> usize {
    match byte {
        0..0x20 => "\\u0000".len(),
        b'"' | b'\\' => 2,
        0x20.. => 1,
    }
}

fn compare(field: OrderField, a: &FileEntry, b: &FileEntry) -> Ordering {
    match field {
        OrderField::Name => a.name.cmp(&b.name),
        OrderField::Size => a.size.cmp(&b.size),
        OrderField::Type => a.kind.cmp(&b.kind),
        OrderField::LastModified => a.modified.cmp(&b.modified),
        OrderField::Permissions => a.mode.cmp(&b.mode),
        OrderField::User => a.user.cmp(&b.user),
        OrderField::Group => a.group.cmp(&b.group),
    }
}

/// One clause of a filter, its patterns read.
enum Test {
    Name { positive: Vec<NamePattern>, negative: Vec<NamePattern> },
    Other(Clause),
}

enum NamePattern {
    Exact(String),
    Glob(Glob),
}

fn tests(filter: &Filter) -> Vec<Test> {
    let tests = filter.clauses.iter().map(|clause| match clause {
        Clause::Name(patterns) => {
            let read = |negated| {
                let of_sign = patterns.iter().filter(|pattern| pattern.negated == negated);
                let read = of_sign.map(|pattern| {
                    if pattern.glob {
                        NamePattern::Glob(Glob::new(&pattern.text, true))
                    } else {
                        NamePattern::Exact(pattern.text.clone())
                    }
                });
                read.collect::<Vec<_>>()
            };
            Test::Name { positive: read(false), negative: read(true) }
        }
        Clause::Kind(_) | Clause::Modified { .. } | Clause::Size { .. } => {
            Test::Other(clause.clone())
        }
    });
    tests.collect()
}

fn passes(filters: &[Vec<Test>], entry: &FileEntry) -> bool {
    filters.is_empty() || filters.iter().any(|tests| tests.iter().all(|test| test.passes(entry)))
}

impl Test {
    fn passes(&self, entry: &FileEntry) -> bool {
        match self {
            Self::Name { .. } => {
                let name = entry.name.as_ref().map(Name::text).unwrap_or_default();
                !self.fails_name(&name)
            }
            Self::Other(Clause::Kind(kinds)) => kinds.contains(&entry.kind),
            Self::Other(Clause::Modified { from, to }) => {
                from.is_none_or(|from| from <= entry.modified)
                    && to.is_none_or(|to| entry.modified <= to)
            }
            Self::Other(Clause::Size { from, to }) => {
                from.is_none_or(|from| from <= entry.size) && to.is_none_or(|to| entry.size <= to)
            }
            Self::Other(Clause::Name(_)) => true,
        }
    }

    fn fails_name(&self, name: &str) -> bool {
        let Self::Name { positive, negative } = self else {
            return false;
        };
        let fits = |pattern: &NamePattern| match pattern {
            NamePattern::Exact(text) => text == name,
            NamePattern::Glob(glob) => glob.fits(name),
        };
        (!positive.is_empty() && !positive.iter().any(fits)) || negative.iter().any(fits)
    }
}

/// What a listing may hold; the contract of the API that people's scripts speak.
pub const LISTING_ENTRIES_MAX: u64 = 100_000;
/// What the entries of a listing may take in an answer: a frame of the control channel has room for
/// these and for what is around them.
const LISTING_BYTES_MAX: usize = CONTROL_FRAME_BYTES_MAX / 4 * 3;
/// What an entry takes beside its texts.
const ENTRY_BYTES: usize = 160;

#[cfg(test)]
mod tests {
    use outport_protocol::control::encode_frame;
    use outport_types::UnixTime;

    use super::*;

    #[test]
    fn whatever_the_names_are_a_listing_fits_an_answer_or_is_refused() {
        for odd in ["x", "\"", "\u{1}", "\u{fc}"] {
            let mut best = Best::new(&query(LISTING_ENTRIES_MAX));
            let mut taken = 0;
            let refused = loop {
                let tail = odd.repeat((NAME_BYTES - 6) / odd.len());
                let entry = entry(format!("{taken:06}{tail}"));
                match best.take(entry) {
                    Ok(()) => taken += 1,
                    Err(refused) => break refused,
                }
            };
            assert!(matches!(refused, Refused::ListingTooLong), "{odd:?}");
            assert!(10_000 < taken, "{taken} of {odd:?}");
            let listing = best.listing(CollectionPath::ROOT, &query(LISTING_ENTRIES_MAX)).unwrap();
            let bytes = encode_frame(&listing).unwrap().len();
            assert!(bytes < CONTROL_FRAME_BYTES_MAX / 10 * 8, "{bytes} for {odd:?}");
        }
    }

    #[test]
    fn long_names_that_are_not_asked_for_do_not_count() {
        let mut best = Best::new(&query(10));
        for n in 0..LISTING_ENTRIES_MAX {
            best.take(entry(format!("{:06}{}", LISTING_ENTRIES_MAX - n, "x".repeat(240)))).unwrap();
        }
        let listing = best.listing(CollectionPath::ROOT, &query(10)).unwrap();
        assert_eq!((listing.entries.len(), listing.total), (10, LISTING_ENTRIES_MAX));
    }

    fn entry(name: String) -> FileEntry {
        FileEntry {
            name: Some(Name::from_bytes(name.into_bytes()).unwrap()),
            kind: FileKind::Special,
            size: u64::MAX,
            modified: UnixTime::from_seconds(253_402_300_799),
            mode: u32::MAX,
            user: "ann".into(),
            group: "lab".into(),
            link_target: None,
        }
    }

    fn query(limit: u64) -> ListQuery {
        ListQuery {
            path: None,
            show_hidden: true,
            order: Vec::new(),
            filters: Vec::new(),
            offset: 0,
            limit,
        }
    }

    const NAME_BYTES: usize = 255;
}
