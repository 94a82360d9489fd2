//! Files with several names.

use outport_types::Name;

use crate::{
    disk::{Disk, Ino, Stands},
    plan::{Plan, local_name},
    rx::{NAMES_MAX, is_bad},
    source::{Node, Source, Way},
};

/// Makes some files of each item one, at the source and for some of them at the destination too. Only
/// the seed's number has a part in it, so that chance stays what it is.
///
/// Says how many bytes come more than once because the disk gives no file so many names.
pub fn tie(seed: u64, plan: &Plan, source: &mut Source, disk: &mut Disk) -> u64 {
    let (mut turn, mut again) = (seed / 10, 0);
    for item in 0..plan.config.orders.items.len() {
        let top = plan.config.orders.items[item].source.names().to_vec();
        let below = |way: &Way| top.len() < way.len() && way.starts_with(&top);
        let files: Vec<Way> = source.all_files().into_iter().filter(below).collect();
        let mut files = &files[..];
        while 1 < files.len() {
            turn += 1;
            let (names, rest) = files.split_at(files.len().min(2 + turn as usize % 4));
            files = rest.split_first().map_or(&[], |(_, rest)| rest);
            let Some(Node::File(ino)) = source.at(&names[0]).cloned() else { continue };
            names.iter().skip(1).for_each(|way| source.tie(way, ino));
            let data = source.read(ino, 0, usize::MAX);
            again += if NAMES_MAX < names.len() { data.len() as u64 } else { 0 };
            if turn.is_multiple_of(3) {
                tie_there(plan, item, names, &data, disk);
            }
        }
    }
    disk.sync_all();
    again
}

/// Makes them one at the destination, where they can stand there.
fn tie_there(plan: &Plan, item: usize, names: &[Way], data: &[u8], disk: &mut Disk) {
    let places: Vec<(Ino, Name)> =
        names.iter().filter_map(|way| place(plan, item, way, disk)).collect();
    let Some(((dir, name), others)) = places.split_first() else { return };
    let time = outport_types::UnixTime::from_seconds(500);
    let ino = disk.create(*dir, name, time);
    disk.write(ino, 0, data, time).expect("there is room");
    others.iter().for_each(|(dir, name)| disk.hard_link(*dir, name, ino));
}

/// The directory and the name of a file of the source at the destination, if no other kind stands there.
fn place(plan: &Plan, item: usize, way: &Way, disk: &Disk) -> Option<(Ino, Name)> {
    let orders = &plan.config.orders;
    let item = &orders.items[item];
    let below = way[item.source.names().len()..].iter();
    let below = below.map(|name| local_name(&orders.options, name));
    let there: Way = item.destination.names().iter().cloned().chain(below).collect();
    let (name, dir) = there.split_last()?;
    let dir = disk.walk(dir).filter(|_| !is_bad(name))?;
    let is_free = matches!(disk.at(dir, name), None | Some(Stands::File { .. }));
    is_free.then(|| (dir, name.clone()))
}
