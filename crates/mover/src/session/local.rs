//! Both sides on one computer: the same protocol over a link in memory.

use std::collections::BTreeMap;

use outport_protocol::{control::FileKind, orders::TransferItem};
use outport_types::{Code, CollectionPath, Extras, Problem, Purpose, Retry};
use tokio::task::spawn_blocking;

use super::{
    Broken, JournalParams, SessionEnd, SessionParams, receiving::run_receiver, sending::run_sender,
};
use crate::{
    refused::Refused,
    resolver::{Directory, Resolved, Resolver, Right},
};

/// Runs a session whose two collections are this computer's. What the receiving side says of the
/// end counts.
///
/// A destination that is its source, or inside it, is refused by what the directories are, whatever
/// their paths look like.
pub async fn run_local(
    source: SessionParams,
    destination: SessionParams,
    journal: JournalParams,
) -> SessionEnd {
    let (from, to) = (source.clone(), destination.clone());
    // What is only compared may be anywhere.
    let is_check = source.orders.options.purpose == Purpose::Check;
    let checked = spawn_blocking(move || match is_check {
        true => Ok(()),
        false => refuse_same_tree(&from, &to),
    });
    match checked.await {
        Ok(Ok(())) => {}
        Ok(Err(end)) => return end,
        Err(_) => return SessionEnd::Broken { why: Broken::Worker },
    }
    let (left, right) = outport_link::pair();
    let (sent, received) =
        tokio::join!(run_sender(source, left), run_receiver(destination, journal, right));
    match (sent, received) {
        // The side that ended first knows why; the other only sees the link end.
        (end, SessionEnd::Broken { why: Broken::Link(_) | Broken::Left }) => end,
        (_, end) => end,
    }
}

fn refuse_same_tree(source: &SessionParams, destination: &SessionParams) -> Result<(), SessionEnd> {
    let name = &source.orders.source_name;
    let from = Resolver::new(source.rules.clone(), &source.grants, name);
    let to = Resolver::new(destination.rules.clone(), &destination.grants, name);
    let refused = |source: &CollectionPath, destination: &CollectionPath| {
        let args = [
            ("source", source.to_string().into()),
            ("destination", destination.to_string().into()),
        ];
        let problem = Problem::new(Code::SameTree, args);
        Err(SessionEnd::Refused { problem, retry: Retry::Never })
    };
    for item in &source.orders.items {
        if is_same_tree(&from, &to, item).unwrap_or(false) {
            return refused(&item.source, &item.destination);
        }
    }
    if source.orders.options.extras != Extras::Stay
        && let Some((inside, destination)) = source_inside(&from, &to, &source.orders.items)
    {
        return refused(&destination, &inside);
    }
    Ok(())
}

/// A source that would be an extra of a destination because it is inside it, and that destination.
fn source_inside(
    from: &Resolver,
    to: &Resolver,
    items: &[TransferItem],
) -> Option<(CollectionPath, CollectionPath)> {
    let (mut ids, mut paths) = (BTreeMap::new(), BTreeMap::new());
    for item in items {
        if let Ok(directory) = to.directory(&item.destination, Right::Write) {
            ids.insert(directory.id(), &item.destination);
            paths.insert(directory.physical(), &item.destination);
        }
    }
    items.iter().find_map(|item| {
        let directory = match from.behind(&item.source).ok()? {
            Resolved::Directory(directory) => directory,
            Resolved::Place(place) => {
                let behind = from.directory(&item.source, Right::Read);
                behind.unwrap_or_else(|_| place.directory().clone())
            }
            Resolved::Above { .. } => return None,
        };
        let mut above = directory.above();
        above.push(directory.id());
        let by_id = above.iter().find_map(|id| ids.get(id));
        let up = |path: &CollectionPath| path.parent();
        let mut ways = std::iter::successors(Some(directory.physical()), up);
        let destination = by_id.or_else(|| ways.find_map(|path| paths.get(&path)))?;
        Some((item.source.clone(), (*destination).clone()))
    })
}

fn is_same_tree(from: &Resolver, to: &Resolver, item: &TransferItem) -> Result<bool, Refused> {
    let target = to.full_path(&item.destination)?;
    match from.behind(&item.source)? {
        Resolved::Directory(source) => {
            Ok(nearest(to, &target)?.is_some_and(|at| source.contains(&at)))
        }
        Resolved::Place(place) => {
            let stat = place.stat()?;
            if stat.kind == FileKind::Dir {
                let source = from.directory(&item.source, Right::Read)?;
                return Ok(nearest(to, &target)?.is_some_and(|at| source.contains(&at)));
            }
            let there = to.place(&target, Right::Write)?.stat()?;
            Ok(there.id == stat.id)
        }
        Resolved::Above { .. } => Ok(false),
    }
}

/// The deepest directory of a path that exists.
fn nearest(to: &Resolver, path: &CollectionPath) -> Result<Option<Directory>, Refused> {
    let mut above = Some(path.clone());
    while let Some(path) = above {
        match to.place_for_directory(&path) {
            Ok(place) if !place.directory().is_taken(place.name()) => {
                return Ok(Some(place.directory().clone()));
            }
            Ok(_) | Err(Refused::FolderItself) => {
                return to.directory(&path, Right::Write).map(Some);
            }
            Err(Refused::NotFound) => above = path.parent(),
            Err(refused) => return Err(refused),
        }
    }
    Ok(None)
}
