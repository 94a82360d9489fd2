//! Listing, making, renaming and deleting, as people ask for it.
#![cfg(unix)]

use std::collections::BTreeSet;

use outport_protocol::control::{
    Clause, Filter, ListQuery, Listing, ListingOrder, OrderField, Pattern,
};
use outport_types::UnixTime;

use super::*;
use crate::testing::{Told, World, name};

#[test]
fn a_listing_is_sorted_cut_and_counted() {
    let world = World::new();
    for n in 0..20 {
        world.file(&format!("data/f{n:02}"), vec![b'x'; (n * 7) % 11]);
    }
    world.dir("data/dir");
    world.file("data/.hidden", "");
    let resolver = world.resolver(&["ro:data"]);
    let list = |query: ListQuery| super::list(&resolver, &query, || false).unwrap();
    let all = list(query(&world, "data"));
    assert_eq!(all.total, 21);
    assert_eq!(names(&all)[..2], ["dir", "f00"]);

    let page = list(ListQuery { offset: 5, limit: 3, ..query(&world, "data") });
    assert_eq!((names(&page), page.total), (names(&all)[5..8].to_vec(), 21));
    let hidden = list(ListQuery { show_hidden: true, ..query(&world, "data") });
    assert_eq!((names(&hidden)[0].as_str(), hidden.total), (".hidden", 22));

    let order = vec![ListingOrder { field: OrderField::Size, descending: true }];
    let by_size = list(ListQuery { order, limit: 4, ..query(&world, "data") });
    let sizes: Vec<_> = by_size.entries.iter().map(|entry| entry.size).collect();
    assert_eq!(sizes, [10, 10, 9, 9]);
    // Equals are in the order of their names, so pages fit together.
    assert!(by_size.entries[0].name < by_size.entries[1].name);
}

#[test]
fn filters_pick_by_name_kind_size_and_time() {
    let world = World::new();
    world.file("data/a.txt", "12345");
    world.file("data/B.TXT", "1");
    world.file("data/c.csv", "123");
    world.dir("data/d.txt");
    let resolver = world.resolver(&["ro:data"]);
    let list = |filters: Vec<Vec<Clause>>| {
        let filters = filters.into_iter().map(|clauses| Filter { clauses }).collect();
        names(
            &super::list(&resolver, &ListQuery { filters, ..query(&world, "data") }, || false)
                .unwrap(),
        )
    };
    let glob = |text: &str, negated| Pattern { text: text.into(), glob: true, negated };
    let txt = || Clause::Name(vec![glob("*.txt", false)]);
    assert_eq!(list(vec![vec![txt()]]), ["B.TXT", "a.txt", "d.txt"]);
    assert_eq!(list(vec![vec![txt(), Clause::Kind(vec![FileKind::Dir])]]), ["d.txt"]);
    assert_eq!(
        list(vec![vec![Clause::Name(vec![glob("*.txt", false), glob("b*", true)])]]),
        ["a.txt", "d.txt"]
    );
    let exact = Pattern { text: "c.csv".into(), glob: false, negated: false };
    let either =
        vec![vec![Clause::Name(vec![exact])], vec![Clause::Size { from: Some(4), to: None }]];
    assert_eq!(list(either), ["a.txt", "c.csv"]);
    let old = Clause::Modified { from: None, to: Some(UnixTime::from_seconds(1000)) };
    assert!(list(vec![vec![old]]).is_empty());
}

#[test]
fn links_in_a_listing_look_like_what_they_lead_to_and_tell_nothing_else() {
    let world = World::new();
    world.file("data/real", "12345");
    world.file("outside/x", "secret");
    world.link("data/good", "real");
    world.link("data/dir", ".");
    world.link("data/out", "../outside/x");
    world.link("data/gone", "../outside/missing");
    let resolver = world.resolver(&["ro:data"]);
    let listing = super::list(&resolver, &query(&world, "data"), || false).unwrap();
    let of = |wanted: &str| {
        listing.entries.iter().find(|e| e.name == Some(name(wanted))).unwrap().clone()
    };
    assert_eq!((of("good").kind, of("good").size), (FileKind::File, 5));
    assert_eq!(of("good").link_target.as_deref(), Some("real"));
    assert_eq!(of("dir").kind, FileKind::Dir);
    for hidden in ["out", "gone"] {
        let entry = of(hidden);
        assert_eq!((entry.kind, entry.size, entry.link_target), (FileKind::Link, 0, None));
    }
}

#[test]
fn a_directory_of_more_than_a_listing_may_have_is_listed_in_part_only() {
    let world = World::new();
    world.dir("data");
    for n in 0..LISTING_ENTRIES_MAX + 1 {
        std::fs::File::create(world.top.join(format!("data/{n:06}"))).unwrap();
    }
    let resolver = world.resolver(&["ro:data"]);
    let first = ListQuery { limit: 2, ..query(&world, "data") };
    let listing = super::list(&resolver, &first, || false).unwrap();
    assert_eq!((names(&listing), listing.total), (vec!["000000".into(), "000001".into()], 100_001));
    let all = ListQuery { limit: u64::MAX, ..query(&world, "data") };
    assert!(matches!(super::list(&resolver, &all, || false), Err(Refused::ListingTooLong)));
    let stopped = super::list(&resolver, &all, || true);
    assert!(matches!(stopped, Err(Refused::Stopped)));
}

#[test]
fn directories_are_made_with_their_parents_or_not_at_all() {
    let world = World::new();
    world.dir("data");
    world.file("data/file", "");
    let resolver = world.resolver(&["rw:data", "ro:data/fixed"]);
    let make = |path: &str, parents| make_directory(&resolver, &world.path(path), parents);
    assert!(matches!(make("data/a/b/c", false), Err(Refused::NotFound)));
    make("data/a/b/c", true).unwrap();
    make("data/a/b/c", true).unwrap();
    make("data/a/b/d", false).unwrap();
    assert!(matches!(make("data/a/b/d", false), Err(Refused::Exists)));
    assert!(matches!(make("data/file/x", true), Err(Refused::NotADirectory)));
    assert!(matches!(make("data/file", true), Err(Refused::NotADirectory | Refused::Exists)));
    // A folder that is not there is the owner's to make.
    assert!(matches!(make("data/fixed", false), Err(Refused::NotFound)));
    assert!(matches!(make("data", false), Err(Refused::Exists)));
    assert!(matches!(make("outside", true), Err(Refused::NotShared)));
}

#[test]
fn a_rename_never_replaces_and_never_crosses_a_rule() {
    let world = World::new();
    world.file("data/x", "x");
    world.file("data/y", "y");
    world.file("data/dir/secret/z", "z");
    world.dir("fixed");
    world.file("fixed/f", "f");
    let resolver = world.resolver(&["rw:data", "ro:fixed", "no:data/dir/secret", "no:data/later"]);
    let renamed = |from: &str, to: &str| rename(&resolver, &world.path(from), &world.path(to));
    let rename = |from: &str, to: &str| renamed(from, to).map_err(|not| not.refused);
    let about = |from: &str, to: &str| renamed(from, to).unwrap_err().about;
    assert_eq!(about("data/x", "data/y"), RenamePath::To);
    assert_eq!(about("data/x", "data/dir/secret/x"), RenamePath::To);
    assert_eq!(about("data/dir/secret", "data/open"), RenamePath::From);
    assert!(matches!(rename("data/x", "data/y"), Err(Refused::Exists)));
    rename("data/x", "data/new").unwrap();
    assert_eq!(std::fs::read(world.top.join("data/new")).unwrap(), b"x");
    // Moving what holds a denied place would bring it where no rule denies it.
    assert!(matches!(rename("data/dir", "data/open"), Err(Refused::FolderItself)));
    assert!(matches!(rename("data/dir/secret", "data/open"), Err(Refused::NotShared)));
    assert!(matches!(rename("data/new", "data/later"), Err(Refused::NotShared)));
    assert!(matches!(rename("data/new", "data/dir/secret/new"), Err(Refused::NotShared)));
    assert!(matches!(rename("data/new", "fixed/new"), Err(Refused::ReadOnly)));
    assert!(matches!(rename("fixed/f", "data/f"), Err(Refused::ReadOnly)));
    assert!(matches!(rename("data", "other"), Err(Refused::FolderItself)));
    assert!(matches!(rename("data/new", "outside"), Err(Refused::NotShared)));
    assert!(matches!(rename("data/new", "data/.outport-part-1"), Err(Refused::BadName(_))));
    world.dir("data/tree/sub");
    assert!(matches!(rename("data/tree", "data/tree/sub/in"), Err(Refused::InsideItself)));
    rename("data/tree", "data/moved").unwrap();
}

#[test]
fn a_link_on_the_way_to_a_rule_cannot_be_moved_away() {
    let world = World::new();
    world.file("data/v1/private/x", "secret");
    world.link("data/current", "v1");
    let resolver = world.resolver(&["rw:data", "no:data/current/private"]);
    let moved = rename(&resolver, &world.path("data/current"), &world.path("data/other"));
    assert!(matches!(moved.unwrap_err().refused, Refused::FolderItself));
    let mut told = Told::default();
    let delete = DeleteTree::new(&resolver, true, false);
    delete.run(&world.path("data/current"), false, &mut told).unwrap();
    assert!(matches!(told.faults[0].refused, Refused::FolderItself));
    assert!(world.top.join("data/current").is_symlink());
}

#[test]
fn a_tree_goes_with_all_that_it_holds_and_nothing_behind_its_links() {
    let world = World::new();
    for n in 0..50 {
        world.file(&format!("data/tree/{}/{n}", n % 5), "x");
    }
    world.file("data/keep/x", "keep");
    world.link("data/tree/link", "../keep");
    world.link("data/tree/0/out", "/etc");
    world.file("data/tree/.outport-part-7", "left over");
    let resolver = world.resolver(&["rw:data"]);
    let mut told = Told::default();
    DeleteTree::new(&resolver, true, false)
        .run(&world.path("data/tree"), false, &mut told)
        .unwrap();
    assert!(told.faults.is_empty());
    assert_eq!((told.files, told.directories), (52, 6));
    assert!(!world.top.join("data/tree").exists());
    assert_eq!(std::fs::read(world.top.join("data/keep/x")).unwrap(), b"keep");
    assert!(std::path::Path::new("/etc").exists());
}

#[test]
fn a_deletion_leaves_what_rules_protect_and_the_way_to_it() {
    let world = World::new();
    world.file("data/a/x", "");
    world.file("data/a/denied/x", "");
    world.file("data/a/fixed/x", "");
    world.file("data/a/b/y", "");
    let resolver = world.resolver(&["rw:data", "no:data/a/denied", "ro:data/a/fixed"]);
    let mut told = Told::default();
    DeleteTree::new(&resolver, true, false).run(&world.path("data/a"), false, &mut told).unwrap();
    assert!(world.top.join("data/a/denied/x").exists());
    assert!(world.top.join("data/a/fixed/x").exists());
    assert!(!world.top.join("data/a/x").exists());
    assert!(!world.top.join("data/a/b").exists());
    let told: BTreeSet<_> =
        told.faults.iter().map(|fault| format!("{} {}", fault.path, fault.refused)).collect();
    // The denied directory itself is not spoken of.
    assert!(told.iter().all(|line| !line.contains("denied not")), "{told:?}");
    assert!(told.iter().any(|line| line.ends_with("data/a not empty")), "{told:?}");
    assert!(told.iter().any(|line| line.ends_with("fixed/x read-only folder")), "{told:?}");
}

#[test]
fn a_stopped_deletion_goes_on_from_where_it_was() {
    let world = World::new();
    for n in 0..300 {
        world.file(&format!("data/tree/{}/{n}", n % 3), "");
    }
    let resolver = world.resolver(&["rw:data"]);
    let delete = DeleteTree::new(&resolver, true, true);
    let (mut files, mut rounds) = (0, 0);
    loop {
        let mut told = Told { stop_after: Some(50), ..Told::default() };
        let ended = delete.run(&world.path("data/tree"), false, &mut told);
        files += told.files;
        rounds += 1;
        assert!(told.files <= 50);
        match ended {
            Ok(()) => break,
            Err(Refused::Stopped) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(files, 300);
    assert!((6..12).contains(&rounds));
    // Gone is gone: once more is no error when missing things are ignored, and is one otherwise.
    let mut told = Told::default();
    delete.run(&world.path("data/tree"), false, &mut told).unwrap();
    assert!(told.faults.is_empty());
    DeleteTree::new(&resolver, true, false)
        .run(&world.path("data/tree"), false, &mut told)
        .unwrap();
    assert!(matches!(told.faults[0].refused, Refused::NotFound));
}

#[test]
fn single_deletions_need_recursive_for_what_holds_something() {
    let world = World::new();
    world.file("data/dir/x", "");
    world.file("data/file", "");
    world.dir("data/empty");
    let resolver = world.resolver(&["rw:data"]);
    let delete = DeleteTree::new(&resolver, false, false);
    let mut told = Told::default();
    for path in ["data/dir", "data/file", "data/empty", "data"] {
        delete.run(&world.path(path), false, &mut told).unwrap();
    }
    assert_eq!((told.files, told.directories), (1, 1));
    assert!(matches!(told.faults[0].refused, Refused::NotEmpty));
    assert!(matches!(told.faults[1].refused, Refused::FolderItself));
}

#[test]
fn patterns_delete_what_they_fit() {
    let world = World::new();
    for file in ["a.tmp", "b.tmp", "c.dat", "d.tmp/x"] {
        world.file(&format!("data/{file}"), "");
    }
    let resolver = world.resolver(&["rw:data"]);
    let delete = DeleteTree::new(&resolver, true, false);
    let mut told = Told::default();
    delete.run(&world.path("data/*.tmp"), true, &mut told).unwrap();
    assert_eq!((told.files, told.directories, told.faults.len()), (3, 1, 0));
    assert!(world.top.join("data/c.dat").exists());
    delete.run(&world.path("data/*.tmp"), true, &mut told).unwrap();
    assert!(matches!(told.faults[0].refused, Refused::NotFound));
    // Without patterns a star is a star.
    delete.run(&world.path("data/*"), false, &mut told).unwrap();
    assert!(world.top.join("data/c.dat").exists());
}

#[test]
fn a_pattern_ends_although_what_it_fits_is_denied_but_shown() {
    let world = World::new();
    world.file("data/x/pub/file", "");
    world.file("data/y", "");
    let resolver = world.resolver(&["rw:data", "no:data/x", "ro:data/x/pub"]);
    let mut told = Told::default();
    DeleteTree::new(&resolver, true, false).run(&world.path("data/*"), true, &mut told).unwrap();
    assert_eq!((told.files, told.faults.len()), (1, 1));
    assert!(world.top.join("data/x/pub/file").exists());
}

#[test]
fn a_pattern_ends_although_what_it_fits_is_denied_by_another_name() {
    let world = World::new();
    let secret = world.file("data/secret", "secret");
    std::fs::hard_link(secret, world.top.join("data/innocent")).unwrap();
    let resolver = world.resolver(&["rw:data", "no:data/secret"]);
    let mut told = Told::default();
    DeleteTree::new(&resolver, true, false).run(&world.path("data/*"), true, &mut told).unwrap();
    assert_eq!((told.files, told.faults.len()), (0, 1));
    let mut told = Told { stop_after: Some(0), ..Told::default() };
    let delete = DeleteTree::new(&resolver, true, false);
    let stopped = delete.run(&world.path("data/*"), true, &mut told);
    assert!(matches!(stopped, Err(Refused::Stopped)));
}

#[test]
fn a_directory_in_which_more_stays_than_can_be_remembered_is_given_up() {
    let world = World::new();
    let secret = world.file("data/secret", "secret");
    // Each of these stays, because a name of the denied file stands in it.
    for n in 0..1100 {
        let kept = world.dir(&format!("data/tree/{n:04}"));
        std::fs::hard_link(&secret, kept.join("innocent")).unwrap();
    }
    let resolver = world.resolver(&["rw:data", "no:data/secret"]);
    let mut told = Told::default();
    DeleteTree::new(&resolver, true, false)
        .run(&world.path("data/tree"), false, &mut told)
        .unwrap();
    assert_eq!((told.files, told.directories), (0, 0));
    assert!((1024..=1101).contains(&told.faults.len()), "{}", told.faults.len());
    assert!(world.top.join("data/tree/1099/innocent").exists());
}

fn query(world: &World, path: &str) -> ListQuery {
    ListQuery {
        path: Some(world.path(path)),
        show_hidden: false,
        order: Vec::new(),
        filters: Vec::new(),
        offset: 0,
        limit: 1000,
    }
}

fn names(listing: &Listing) -> Vec<String> {
    let names = listing.entries.iter().map(|entry| entry.name.clone().unwrap());
    names.map(|name| name.text().into_owned()).collect()
}
