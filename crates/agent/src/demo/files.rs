//! A tree of files that every collection of the demonstration has.

use std::collections::BTreeMap;

use outport_control::{Entry, EntryKind, ListQuery, Listing, SortBy};
use outport_types::{Code, EndpointId, Problem, UnixTime};

use super::data;

/// Entries by collection and path; directories end in `/`.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<(EndpointId, String), Entry>);

impl Files {
    pub(super) fn new(now: UnixTime) -> Self {
        let mut files = Self(BTreeMap::new());
        for collection in data::collections(now) {
            let home = home(collection.id);
            let mut ago = 3;
            for (path, size) in TREE {
                ago = ago * 7 % 400 + 1;
                files.put(
                    collection.id,
                    &format!("{home}{path}"),
                    *size,
                    now.plus_seconds(-3_600 * ago),
                );
            }
        }
        files
    }

    /// Puts a file, or a directory where the path ends in `/`, and what is above it.
    pub(super) fn put(
        &mut self,
        collection: EndpointId,
        path: &str,
        size: u64,
        modified: UnixTime,
    ) {
        let mut at = 0;
        while let Some(next) = path[at + 1..].find('/') {
            at += next + 1;
            self.insert(collection, &path[..=at], EntryKind::Folder, 0, modified);
            if at + 1 == path.len() {
                return;
            }
        }
        self.insert(collection, path, EntryKind::File, size, modified);
    }

    fn insert(
        &mut self,
        collection: EndpointId,
        path: &str,
        kind: EntryKind,
        size: u64,
        modified: UnixTime,
    ) {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let permissions = if kind == EntryKind::Folder { "0755" } else { "0644" };
        self.0.entry((collection, path.to_owned())).or_insert_with(|| Entry {
            name,
            kind,
            size,
            modified: Some(modified),
            permissions: Some(permissions.to_owned()),
            user: Some("smith".to_owned()),
            link_target: None,
        });
    }

    pub(super) fn remove(&mut self, collection: EndpointId, path: &str) {
        let path = full(collection, path);
        let below = format!("{}/", path.trim_end_matches('/'));
        self.0.retain(|(of, at), _| *of != collection || (*at != path && !at.starts_with(&below)));
    }

    pub(super) fn rename(
        &mut self,
        collection: EndpointId,
        old: &str,
        new: &str,
    ) -> Result<(), Problem> {
        let [old, new] = [old, new].map(|path| full(collection, path));
        let [old, new] = [&old, &new].map(|path| path.trim_end_matches('/'));
        let moved: Vec<_> = self
            .0
            .iter()
            .filter(|((of, at), _)| {
                *of == collection && (at == old || at.starts_with(&format!("{old}/")))
            })
            .map(|((_, at), entry)| (at.clone(), entry.clone()))
            .collect();
        if moved.is_empty() {
            return Err(missing(collection, old));
        }
        self.remove(collection, old);
        for (at, mut entry) in moved {
            let to = format!("{new}{}", &at[old.len()..]);
            if at.trim_end_matches('/') == old {
                entry.name = new.rsplit('/').next().unwrap_or_default().to_owned();
            }
            self.0.insert((collection, to), entry);
        }
        Ok(())
    }

    pub(super) fn stat(&self, collection: EndpointId, path: &str) -> Result<Entry, Problem> {
        let path = full(collection, path);
        let path = path.trim_end_matches('/');
        let [file, directory] = [path.to_owned(), format!("{path}/")];
        let found = [file, directory].into_iter().find_map(|at| self.0.get(&(collection, at)));
        found.cloned().ok_or_else(|| missing(collection, path))
    }

    /// The files below a path with their sizes; the path itself, when it is a file.
    pub(super) fn below(&self, collection: EndpointId, path: &str) -> (u64, u64) {
        let path = full(collection, path);
        let below = format!("{}/", path.trim_end_matches('/'));
        let inside = self.0.iter().filter(|((of, at), entry)| {
            *of == collection
                && entry.kind == EntryKind::File
                && (*at == path || at.starts_with(&below))
        });
        inside.fold((0, 0), |(files, bytes), (_, entry)| (files + 1, bytes + entry.size))
    }

    pub(super) fn list(&self, query: &ListQuery) -> Result<Listing, Problem> {
        let collection = query.collection;
        let asked = query.path.as_deref().unwrap_or("/~/");
        let dir = format!("{}/", full(collection, asked).trim_end_matches('/'));
        if dir != "/" && !self.0.contains_key(&(collection, dir.clone())) {
            return Err(missing(collection, asked));
        }
        let filter = query.filter.as_deref().unwrap_or_default().to_lowercase();
        let mut entries: Vec<_> = self
            .0
            .iter()
            .filter(|((of, at), _)| {
                let rest = at.strip_prefix(&dir).map(|rest| rest.trim_end_matches('/'));
                *of == collection
                    && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
            })
            .map(|(_, entry)| entry.clone())
            .filter(|entry| query.show_hidden || !entry.name.starts_with('.'))
            .filter(|entry| entry.name.to_lowercase().contains(&filter))
            .collect();
        entries.sort_by(|a, b| {
            let order = match query.sort {
                SortBy::Name | SortBy::Type => a.name.cmp(&b.name),
                SortBy::Size => a.size.cmp(&b.size),
                SortBy::Modified => a.modified.cmp(&b.modified),
            };
            let order = if query.descending { order.reverse() } else { order };
            (a.kind != EntryKind::Folder).cmp(&(b.kind != EntryKind::Folder)).then(order)
        });
        let total = entries.len() as u64;
        let page = entries.into_iter().skip(query.offset as usize).take(query.limit as usize);
        Ok(Listing {
            collection,
            path: dir.clone(),
            absolute_path: Some(dir),
            entries: page.collect(),
            offset: u64::from(query.offset),
            total,
            rename_supported: true,
        })
    }
}

/// Where `/~/` leads.
fn home(collection: EndpointId) -> &'static str {
    if collection == data::HERE { "/home/smith/Data/" } else { "/projects/" }
}

/// The path without `~`.
fn full(collection: EndpointId, path: &str) -> String {
    match path.strip_prefix("/~") {
        Some(rest) => format!("{}{}", home(collection), rest.trim_start_matches('/')),
        None => path.to_owned(),
    }
}

fn missing(collection: EndpointId, path: &str) -> Problem {
    let endpoint = data::place(collection).name;
    Problem::new(Code::NotFound, [("path", path.into()), ("endpoint", endpoint.into())])
}

const TREE: &[(&str, u64)] = &[
    ("cohorts/044/samples.tsv", 398_112),
    ("cohorts/045/raw/", 0),
    ("cohorts/045/raw/S01_R1.fastq.gz", 5_412_880_113),
    ("cohorts/045/raw/S01_R2.fastq.gz", 5_530_002_871),
    ("cohorts/045/raw/S02_R1.fastq.gz", 4_981_230_004),
    ("cohorts/045/aligned/S01.bam", 18_223_114_870),
    ("cohorts/045/samples.tsv", 412_340),
    ("cohorts/045/notes.md", 8_122),
    ("cohorts/046/", 0),
    ("figures/figure-1.svg", 1_220_344),
    ("figures/figure-2.svg", 887_120),
    ("figures/drafts/figure-2-old.png", 5_120_991),
    ("models/baseline.ckpt", 1_204_554_112),
    ("README.md", 2_048),
    (".cache/index", 65_536),
];
