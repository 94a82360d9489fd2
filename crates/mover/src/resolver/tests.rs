//! Every way out of the folders that is known, tried.
#![cfg(unix)]

use std::{
    io::Read as _,
    os::unix::{ffi::OsStringExt as _, fs::symlink},
    sync::{
        Condvar,
        atomic::{AtomicBool, Ordering},
    },
};

use outport_protocol::control::FileKind;
use outport_types::{Access, Code};

use super::*;
use crate::{
    rules::{Because, Rules},
    system_path::System,
    testing::{Told, World, name},
};

#[test]
fn what_is_in_a_folder_is_reached_and_nothing_else_is() {
    let world = World::new();
    world.file("data/sub/x", "content");
    world.file("other/x", "secret");
    let resolver = world.resolver(&["ro:data"]);
    assert_eq!(read(&resolver, &world.path("data/sub/x")).unwrap(), "content");
    for outside in ["other/x", "other", "other/missing", "data2", ""] {
        let path = world.path(outside);
        assert!(matches!(read(&resolver, &path), Err(Refused::NotShared)), "{outside}");
    }
    for outside in ["/", "/etc/passwd", "/etc", "/no/such/place"] {
        let found = read(&resolver, &outside.parse().unwrap());
        assert!(matches!(found, Err(Refused::NotShared)), "{outside}");
    }
}

#[test]
fn a_refusal_reads_the_same_whether_the_target_exists_or_not() {
    let world = World::new();
    world.file("data/x", "content");
    world.file("data/secret/there/deep", "secret");
    world.file("outside/there", "secret");
    world.link("data/out-there", "../outside/there");
    world.link("data/out-missing", "../outside/missing");
    world.link("data/abs-there", world.top.join("outside/there"));
    world.link("data/abs-missing", world.top.join("outside/missing"));
    world.link("data/etc", "/etc/passwd");
    let resolver = world.resolver(&["rw:data", "no:data/secret"]);
    for (there, missing) in [
        ("outside/there", "outside/missing"),
        ("data/out-there", "data/out-missing"),
        ("data/abs-there", "data/abs-missing"),
        ("data/secret/there", "data/secret/missing"),
        ("data/secret/there/deep", "data/secret/there/missing"),
        ("data/secret/there/deep/below", "data/secret/missing/below"),
    ] {
        let texts = [there, missing].map(|path| {
            let path = world.path(path);
            let shown = "/the/path".parse().unwrap();
            let refused = [
                read(&resolver, &path).unwrap_err(),
                crate::ops::stat(&resolver, &path).unwrap_err(),
                resolver.look(&path).unwrap_err(),
            ];
            refused.map(|refused| refused.problem(&shown, resolver.endpoint()))
        });
        assert_eq!(texts[0], texts[1], "{there}");
        assert!(texts[0].iter().all(|problem| problem.code == Code::NotShared), "{there}");
    }
    // What is inside may be spoken of.
    assert!(matches!(read(&resolver, &world.path("data/missing")), Err(Refused::NotFound)));
}

#[test]
fn links_are_followed_only_to_what_is_allowed() {
    let world = World::new();
    world.file("data/real/x", "content");
    world.file("data/secret/x", "secret");
    world.file("more/y", "more");
    world.file("outside/x", "secret");
    world.link("data/rel", "real");
    world.link("data/real/up", "../real/x");
    world.link("data/abs", world.top.join("data/real"));
    world.link("data/to-more", "../more/y");
    world.link("data/chain", "rel/up");
    world.link("data/to-secret", "secret");
    world.link("data/via", "real/../secret/x");
    world.link("data/out", "../outside");
    world.link("data/out-and-back", "../outside/../data/real/x");
    world.link("data/loop", "loop");
    world.link("data/top", "/");
    let resolver = world.resolver(&["ro:data", "ro:more", "no:data/secret"]);
    for (path, content) in [
        ("data/rel/x", "content"),
        ("data/real/up", "content"),
        ("data/abs/x", "content"),
        ("data/abs/up", "content"),
        ("data/to-more", "more"),
        ("data/chain", "content"),
        ("data/out-and-back", "content"),
        ("data/loop", "?loop"),
        ("data/to-secret/x", "?"),
        ("data/via", "?"),
        ("data/out/x", "?"),
        ("data/top/etc/passwd", "?"),
    ] {
        match (read(&resolver, &world.path(path)), content) {
            (Err(Refused::NotShared), "?") | (Err(Refused::LinkLoop), "?loop") => {}
            (Ok(read), content) if read == content => {}
            (other, content) => panic!("{path}: {other:?} instead of {content}"),
        }
    }
    let through_top = format!("data/top{}", world.path("data/real/x"));
    assert_eq!(read(&resolver, &world.path(&through_top)).unwrap(), "content");
}

#[test]
fn a_bounded_number_of_links_is_followed() {
    let world = World::new();
    world.file("data/0", "content");
    for n in 1..=50 {
        world.link(&format!("data/{n}"), (n - 1).to_string());
    }
    world.dir("data/d");
    world.link("data/d/self", ".");
    let resolver = world.resolver(&["ro:data"]);
    assert_eq!(read(&resolver, &world.path("data/40")).unwrap(), "content");
    assert!(matches!(read(&resolver, &world.path("data/41")), Err(Refused::LinkLoop)));
    let wide = format!("data/d{}", "/self".repeat(41));
    assert!(matches!(resolver.look(&world.path(&wide)), Err(Refused::LinkLoop)));
    // Links that double at each step are cut by the number of steps.
    world.link("data/bomb0", "d/".repeat(1000));
    assert!(resolver.look(&world.path("data/bomb0")).is_err());
}

#[test]
fn the_deepest_rule_passed_is_in_force_in_any_order() {
    let world = World::new();
    for place in ["a/x", "a/b/x", "a/b/c/x", "a/b/c/d/x"] {
        world.file(place, place);
    }
    let mut rules = ["ro:a", "rw:a/b", "no:a/b/c", "rw:a/b/c/d"];
    for _ in 0..rules.len() {
        rules.rotate_left(1);
        let resolver = world.resolver(&rules);
        let write = |path: &str| resolver.place(&world.path(path), Right::Write).map(drop);
        assert!(matches!(write("a/x"), Err(Refused::ReadOnly)));
        write("a/b/x").unwrap();
        assert!(matches!(write("a/b/c/x"), Err(Refused::NotShared)));
        assert!(matches!(read(&resolver, &world.path("a/b/c/x")), Err(Refused::NotShared)));
        write("a/b/c/d/x").unwrap();
        assert_eq!(read(&resolver, &world.path("a/b/c/d/x")).unwrap(), "a/b/c/d/x");
    }
}

#[test]
fn a_denied_directory_is_denied_by_whatever_way_it_is_reached() {
    let world = World::new();
    world.file("data/v1/private/x", "secret");
    world.link("data/current", "v1");
    world.link("data/shortcut", "v1/private");
    // The rule is written through a link, the request is not, and the other way round.
    let resolver = world.resolver(&["rw:data", "no:data/current/private"]);
    for path in ["data/v1/private/x", "data/current/private/x", "data/shortcut/x", "data/shortcut"]
    {
        let found = read(&resolver, &world.path(path));
        assert!(matches!(found, Err(Refused::NotShared)), "{path}: {found:?}");
    }
    // Nor does it tell through a link whether it is there.
    world.link("data/here", ".");
    let resolver = world.resolver(&["rw:data", "no:data/v1/private", "no:data/v1/absent"]);
    for path in ["data/here/v1/private", "data/here/v1/absent", "data/here/v1/absent/x"] {
        let path = world.path(path);
        assert!(matches!(resolver.look(&path), Err(Refused::NotShared)), "{path}");
        assert!(matches!(read(&resolver, &path), Err(Refused::NotShared)), "{path}");
    }
    // What does not exist yet is denied as soon as it does.
    let resolver = world.resolver(&["rw:data", "no:data/later"]);
    assert!(matches!(read(&resolver, &world.path("data/later/x")), Err(Refused::NotShared)));
    world.file("data/later/x", "secret");
    assert!(matches!(read(&resolver, &world.path("data/later/x")), Err(Refused::NotShared)));
    assert!(matches!(
        resolver.place(&world.path("data/later"), Right::Write),
        Err(Refused::NotShared)
    ));
}

#[test]
fn a_denied_file_is_denied_under_its_other_names_too() {
    let world = World::new();
    let secret = world.file("data/secret", "secret");
    std::fs::hard_link(secret, world.top.join("data/innocent")).unwrap();
    let resolver = world.resolver(&["rw:data", "no:data/secret"]);
    assert!(matches!(read(&resolver, &world.path("data/secret")), Err(Refused::NotShared)));
    assert!(matches!(read(&resolver, &world.path("data/innocent")), Err(Refused::NotShared)));
}

#[test]
fn a_hard_link_is_what_the_owner_put_there() {
    let world = World::new();
    let outside = world.file("outside/x", "linked by the owner");
    world.dir("data");
    std::fs::hard_link(outside, world.top.join("data/x")).unwrap();
    let resolver = world.resolver(&["ro:data"]);
    assert_eq!(read(&resolver, &world.path("data/x")).unwrap(), "linked by the owner");
}

#[test]
fn dot_files_of_the_home_need_a_folder_of_their_own() {
    let world = World::new();
    for file in ["ann/x", "ann/.ssh/id", "ann/.config/lab/x", "ann/.config/other", "ann/sub/.x"] {
        world.file(file, file);
    }
    world.link("ann/keys", ".ssh/id");
    let resolver = world.resolver(&["rw:ann", "home:ann", "ro:ann/.config/lab"]);
    for (path, allowed) in [
        ("ann/x", true),
        ("ann/sub/.x", true),
        ("ann/.config/lab/x", true),
        ("ann/.ssh/id", false),
        ("ann/.config/other", false),
        ("ann/keys", false),
        ("ann/.new", false),
    ] {
        let found = read(&resolver, &world.path(path));
        match found {
            Ok(content) => assert!(allowed && content == path, "{path}"),
            Err(Refused::NotShared) => assert!(!allowed, "{path}"),
            Err(other) => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!(shown(&resolver, &world, "ann"), [".config", "keys", "sub", "x"]);
    assert_eq!(shown(&resolver, &world, "ann/.config"), ["lab"]);
}

#[test]
fn ancestors_list_only_what_leads_to_a_folder() {
    let world = World::new();
    world.file("a/b/c/x", "");
    world.file("a/b/other", "");
    world.file("a/z", "");
    let resolver = world.resolver(&["ro:a/b/c", "ro:missing/folder"]);
    assert_eq!(shown(&resolver, &world, "a"), ["b"]);
    assert_eq!(shown(&resolver, &world, "a/b"), ["c"]);
    assert_eq!(shown(&resolver, &world, "a/b/c"), ["x"]);
    // What the owner wrote is shown whether it exists or not: the disk is not asked.
    assert_eq!(shown(&resolver, &world, ""), ["a", "missing"]);
    assert!(matches!(resolver.look(&world.path("missing/folder")), Err(Refused::NotFound)));
}

#[test]
fn the_default_directory_is_a_folder_or_an_error() {
    let world = World::new();
    world.file("data/x", "content");
    let resolver = world.resolver(&["ro:data"]);
    assert_eq!(read(&resolver, &"/~/x".parse().unwrap()).unwrap(), "content");
    let (rules, grant) = (resolver.rules().clone(), Grant::read("/~".parse().unwrap()));
    let granted = Resolver::new(rules, &[grant], "smith#WorkPC");
    for path in ["/~/x".parse().unwrap(), world.path("data/x")] {
        assert_eq!(read(&granted, &path).unwrap(), "content", "{path}");
    }
    let none = world.resolver(&[]);
    for path in ["/~", "/~/x"] {
        let found = read(&none, &path.parse().unwrap());
        assert!(matches!(found, Err(Refused::NoDefaultDirectory)), "{path}");
    }
}

#[test]
fn odd_names_mean_themselves() {
    let world = World::new();
    let odd: [&[u8]; 14] = [
        b"new\nline",
        b"per%cent %2C",
        b"com,ma",
        b"quo\"te'",
        b"latin\xe9",
        b"trailing.",
        b"trailing ",
        b" ",
        b"...",
        b"back\\slash",
        b"colon:stream",
        b"CON",
        "e\u{301}".as_bytes(),
        "\u{e9}".as_bytes(),
    ];
    let resolver = world.resolver(&["ro:data"]);
    world.dir("data");
    for bytes in odd {
        let file = std::ffi::OsString::from_vec(bytes.to_vec());
        std::fs::write(world.top.join("data").join(file), bytes).unwrap();
    }
    // Composed and decomposed letters, upper and lower case: different files here.
    world.file("data/case", "lower");
    world.file("data/CASE", "upper");
    for bytes in odd {
        let path = world.path("data").join(&name(bytes)).unwrap();
        let mut content = Vec::new();
        open(&resolver, &path).unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, bytes);
        // The text form of the path means the same file.
        let again: CollectionPath = path.to_string().parse().unwrap();
        assert_eq!(again, path);
    }
    assert_eq!(read(&resolver, &world.path("data/case")).unwrap(), "lower");
    assert_eq!(read(&resolver, &world.path("data/CASE")).unwrap(), "upper");
}

#[test]
fn what_cannot_be_a_path_never_reaches_the_disk() {
    for text in ["/data/../etc", "/data/\0", "data/x", "../x", "/data/x/.."] {
        assert!(text.parse::<CollectionPath>().is_err(), "{text:?}");
    }
    for bytes in [&b".."[..], b".", b"", b"a/b", b"a\0b"] {
        assert!(Name::from_bytes(bytes).is_err());
    }
}

#[test]
fn very_long_paths_work_and_very_long_names_are_refused() {
    let world = World::new();
    let resolver = world.resolver(&["rw:data"]);
    world.dir("data");
    let part = "d".repeat(200);
    let mut path = world.path("data");
    // Longer than one call of the system takes.
    for _ in 0..40 {
        path = path.join(&name(&part)).unwrap();
        crate::ops::make_directory(&resolver, &path, false).unwrap();
    }
    assert!(4096 < path.to_string().len());
    let directory = resolver.directory(&path, Right::Write).unwrap();
    assert_eq!(directory.asked(), &path);
    let too_long = world.path("data").join(&name("x".repeat(256))).unwrap();
    assert!(matches!(read(&resolver, &too_long), Err(Refused::BadName(_))));
    let mut gone = Told::default();
    let delete = crate::ops::DeleteTree::new(&resolver, true, false);
    delete.run(&world.path("data").join(&name(&part)).unwrap(), false, &mut gone).unwrap();
    assert_eq!((gone.directories, gone.faults.len()), (40, 0), "{:?}", gone.faults);
}

#[test]
fn our_own_temporary_files_are_hidden_and_refused() {
    let world = World::new();
    world.file("data/.outport-part-00", "half");
    world.file("data/x", "");
    let resolver = world.resolver(&["rw:data"]);
    assert_eq!(shown(&resolver, &world, "data"), ["x"]);
    for need in [Right::Read, Right::Write, Right::Delete] {
        for path in ["data/.outport-part-00", "data/.outport-part-missing"] {
            let found = resolver.place(&world.path(path), need);
            assert!(matches!(found, Err(Refused::BadName(_))), "{path}");
        }
    }
    let below = world.path("data/.outport-part-00/x");
    assert!(matches!(read(&resolver, &below), Err(Refused::BadName(_))));
}

#[test]
fn pipes_sockets_and_devices_are_never_opened() {
    let world = World::new();
    world.dir("data");
    let fifo = world.top.join("data/fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(world.top.join("data/socket")).unwrap();
    let resolver = world.resolver(&["rw:data"]);
    for path in [world.path("data/fifo"), world.path("data/socket")] {
        assert!(matches!(read(&resolver, &path), Err(Refused::Special)), "{path}");
        assert_eq!(crate::ops::stat(&resolver, &path).unwrap().kind, FileKind::Special);
    }
    let devices = RuleListOf("/dev").resolver();
    assert!(matches!(read(&devices, &"/dev/zero".parse().unwrap()), Err(Refused::Special)));
}

#[test]
fn a_grant_holds_in_its_subtree_only_links_included() {
    let world = World::new();
    world.file("data/shared/x", "shared");
    world.file("data/private/x", "private");
    world.link("data/shared/to-private", "../private/x");
    world.link("data/alias", "shared");
    let grant = |path: &str| Grant::read(world.path(path));
    let with = |grants: &[Grant]| Resolver::new(world.rules(&["rw:data"]), grants, "smith#WorkPC");

    let resolver = with(&[grant("data/shared")]);
    assert_eq!(read(&resolver, &world.path("data/shared/x")).unwrap(), "shared");
    for path in ["data/private/x", "data/shared/to-private", "data/alias/x", "data"] {
        let found = read(&resolver, &world.path(path));
        assert!(matches!(found, Err(Refused::NotShared)), "{path}");
    }
    assert!(matches!(
        resolver.place(&world.path("data/shared/new"), Right::Write),
        Err(Refused::NotShared)
    ));
    // A granted path that is a link itself grants the place behind it.
    let resolver = with(&[grant("data/alias")]);
    assert_eq!(read(&resolver, &world.path("data/alias/x")).unwrap(), "shared");
    // Two grants add up.
    let resolver = with(&[grant("data/shared"), grant("data/private")]);
    assert_eq!(read(&resolver, &world.path("data/private/x")).unwrap(), "private");
    // A grant on a single file, and one in terms of the default directory.
    let resolver = with(&[grant("data/shared/x")]);
    assert_eq!(read(&resolver, &world.path("data/shared/x")).unwrap(), "shared");
    let resolver = with(&[Grant::read("/~/shared".parse().unwrap())]);
    assert_eq!(read(&resolver, &"/~/shared/x".parse().unwrap()).unwrap(), "shared");
    assert!(matches!(read(&resolver, &"/~/private/x".parse().unwrap()), Err(Refused::NotShared)));
    // Nothing granted is nothing allowed.
    assert!(matches!(read(&with(&[]), &world.path("data/shared/x")), Err(Refused::NotShared)));
}

#[test]
fn directories_above_a_granted_destination_may_be_made_and_no_others() {
    let world = World::new();
    world.dir("data");
    let grants = [Grant::write(world.path("data/new/deep/target"))];
    let resolver = Resolver::new(world.rules(&["rw:data"]), &grants, "smith#WorkPC");
    let make = |path: &str| crate::ops::make_directory(&resolver, &world.path(path), true);
    make("data/new/deep/target").unwrap();
    assert!(matches!(make("data/elsewhere"), Err(Refused::NotShared)));
    assert!(matches!(make("data/new/other"), Err(Refused::NotShared)));
    resolver.place(&world.path("data/new/deep/target/file"), Right::Write).unwrap();
}

#[test]
fn new_rules_are_in_force_at_once() {
    let world = World::new();
    world.file("data/x", "content");
    let rules = world.rules(&["rw:data"]);
    let resolver =
        Resolver::new(rules.clone(), &[Grant::all(CollectionPath::ROOT)], "smith#WorkPC");
    let directory = resolver.directory(&world.path("data"), Right::Read).unwrap();
    assert!(resolver.is_current(&directory));
    rules.replace(Rules::new(&world.rule_list(&["ro:other"])).unwrap());
    assert!(!resolver.is_current(&directory));
    assert!(matches!(read(&resolver, &world.path("data/x")), Err(Refused::NotShared)));
    assert!(matches!(resolver.check_again(&directory, Right::Read), Err(Refused::NotShared)));
}

#[test]
fn a_directory_that_was_moved_away_is_noticed_before_anything_is_placed() {
    let world = World::new();
    world.dir("data/sub");
    let resolver = world.resolver(&["rw:data"]);
    let directory = resolver.directory(&world.path("data/sub"), Right::Write).unwrap();
    resolver.check_again(&directory, Right::Write).unwrap();
    std::fs::rename(world.top.join("data/sub"), world.top.join("outside")).unwrap();
    assert!(matches!(resolver.check_again(&directory, Right::Write), Err(Refused::NotFound)));
    symlink(world.top.join("outside"), world.top.join("data/sub")).unwrap();
    assert!(matches!(resolver.check_again(&directory, Right::Write), Err(Refused::NotShared)));
}

#[test]
fn a_directory_swapped_for_a_link_again_and_again_leads_nowhere_else() {
    let world = World::new();
    world.file("data/inside/x", "inside");
    world.dir("data/spare");
    world.file("outside/x", "SECRET");
    let resolver = world.resolver(&["rw:data"]);
    let (swap, real) = (world.top.join("data/swap"), world.top.join("data/inside"));
    std::fs::rename(&real, &swap).unwrap();
    let done = AtomicBool::new(false);
    let mut seen = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..SWAPS {
                std::fs::rename(&swap, &real).unwrap();
                symlink(world.top.join("outside"), &swap).unwrap();
                std::fs::remove_file(&swap).unwrap();
                std::fs::rename(&real, &swap).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) || seen == 0 {
            if let Ok(content) = read(&resolver, &world.path("data/swap/x")) {
                assert_eq!(content, "inside");
                seen += 1;
            }
            let made = world.path("data/swap/made");
            if crate::ops::make_directory(&resolver, &made, false).is_ok() {
                crate::ops::rename(&resolver, &made, &world.path("data/spare/made")).ok();
            }
            let mut gone = Told::default();
            let delete = crate::ops::DeleteTree::new(&resolver, true, true);
            delete.run(&world.path("data/swap/made"), false, &mut gone).unwrap();
            delete.run(&world.path("data/spare/made"), false, &mut gone).unwrap();
        }
    });
    let outside: Vec<_> = std::fs::read_dir(world.top.join("outside")).unwrap().collect();
    assert_eq!(outside.len(), 1);
    assert_eq!(std::fs::read(world.top.join("outside/x")).unwrap(), b"SECRET");
}

#[cfg(target_os = "linux")]
#[test]
fn another_case_of_a_name_reaches_no_denied_place() {
    let world = &World::new();
    let Some(_disk) = crate::testing::FoldingDisk::mount(&world.dir("disk")) else {
        return;
    };
    world.file("disk/data/Secret/x", "secret");
    world.file("disk/data/x", "content");
    let resolver = world.resolver(&["rw:disk/data", "no:disk/data/Secret"]);
    assert_eq!(read(&resolver, &world.path("disk/data/X")).unwrap(), "content");
    for path in ["disk/data/Secret/x", "disk/data/SECRET/x", "disk/data/secret/X"] {
        assert!(matches!(read(&resolver, &world.path(path)), Err(Refused::NotShared)), "{path}");
    }
    assert_eq!(shown(&resolver, world, "disk/data"), ["x"]);
    let mut gone = Told::default();
    let delete = crate::ops::DeleteTree::new(&resolver, true, false);
    delete.run(&world.path("disk/data/SECRET"), false, &mut gone).unwrap();
    assert!(world.top.join("disk/data/Secret/x").exists());
    let away = crate::ops::rename(
        &resolver,
        &world.path("disk/data/sEcReT"),
        &world.path("disk/data/open"),
    );
    assert!(matches!(away.unwrap_err().refused, Refused::NotShared | Refused::FolderItself));
}

#[test]
fn an_explanation_follows_the_disk() {
    let world = World::new();
    world.file("data/secret/x", "");
    world.file("data/x", "");
    world.link("data/shortcut", "secret/x");
    world.link("data/out", "/etc");
    let resolver = world.resolver(&["rw:data", "no:data/secret"]);
    let access = |path: &str| resolver.explain(&world.path(path)).access;
    assert_eq!(access("data/x"), Some(Access::ReadWrite));
    assert_eq!(access("data/new"), Some(Access::ReadWrite));
    assert_eq!(access("data/secret/x"), None);
    assert_eq!(access("data/shortcut"), None);
    assert_eq!(access("data/out/passwd"), None);
    assert_eq!(
        resolver.explain(&world.path("data/shortcut")).because,
        Because::Denied(world.path("data/secret"))
    );
}

#[test]
fn a_drive_that_does_not_answer_stops_no_other_folder() {
    let world = World::new();
    world.file("data/x", "content");
    world.file("dead/x", "content");
    let drive = Drive::new();
    let rules = drive.rules(&world, &["rw:data", "rw:dead"]);
    let resolver = || Resolver::new(rules.clone(), &everything(), "smith#WorkPC");
    assert_eq!(read(&resolver(), &world.path("dead/x")).unwrap(), "content");
    drive.hang();
    assert_eq!(read(&resolver(), &world.path("data/x")).unwrap(), "content");
    crate::ops::make_directory(&resolver(), &world.path("data/new"), false).unwrap();
    // What is on the dead drive is refused for now, and there again once it answers.
    let refused = read(&resolver(), &world.path("dead/x")).unwrap_err();
    assert!(matches!(refused, Refused::Disk(_)), "{refused:?}");
    drive.wake();
    let mut again = read(&resolver(), &world.path("dead/x"));
    while again.is_err() {
        std::thread::yield_now();
        again = read(&resolver(), &world.path("dead/x"));
    }
    assert_eq!(again.unwrap(), "content");
}

#[test]
fn what_a_dead_drive_denied_stays_denied() {
    let world = World::new();
    world.file("data/open", "content");
    world.file("data/v1/private", "secret");
    world.link("dead", "data/v1");
    let drive = Drive::new();
    let rules = drive.rules(&world, &["rw:data", "no:dead/private"]);
    let resolver = || Resolver::new(rules.clone(), &everything(), "smith#WorkPC");
    let private = || read(&resolver(), &world.path("data/v1/private"));
    assert!(matches!(private(), Err(Refused::NotShared)));
    drive.hang();
    assert_eq!(read(&resolver(), &world.path("data/open")).unwrap(), "content");
    assert!(matches!(private(), Err(Refused::NotShared)));

    // Where it has never answered, what it denies could be anywhere.
    let other = Drive::new();
    other.hang();
    let rules = other.rules(&world, &["rw:data", "no:dead/private"]);
    let unknown = Resolver::new(rules, &everything(), "smith#WorkPC");
    for path in ["data/open", "data/v1/private"] {
        let found = read(&unknown, &world.path(path));
        assert!(matches!(found, Err(Refused::Disk(_))), "{path}: {found:?}");
    }
}

#[test]
fn a_name_like_a_short_one_is_taken_where_it_is_a_name_of_its_own() {
    let world = World::new();
    world.file("data/PROGRA~1", "content");
    let ambient = cap_std::ambient_authority();
    let dir = cap_std::fs::Dir::open_ambient_dir(world.top.join("data"), ambient).unwrap();
    for (name_of, is_short) in [("PROGRA~1", false), ("ABSENT~1", false), ("plain", false)] {
        let found = walk::is_short_name(System::Windows, &dir, &name(name_of));
        assert_eq!(found.unwrap(), is_short, "{name_of}");
    }
}

/// A drive that can stop answering; places with "dead" in their paths are on it.
struct Drive(Arc<(Mutex<bool>, Condvar)>);

impl Drive {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn rules(&self, world: &World, rules: &[&str]) -> LiveRules {
        let state = self.0.clone();
        let look = move |path: &CollectionPath| {
            if path.to_string().contains("/dead") {
                let hangs = state.0.lock().unwrap();
                drop(state.1.wait_while(hangs, |hangs| *hangs).unwrap());
            }
            anchors::Seen::look(path)
        };
        // Short for a disk, long for a test that others slow down.
        let places = Places::with(Box::new(look), Duration::from_millis(500));
        LiveRules::with_places(Rules::new(&world.rule_list(rules)).unwrap(), places)
    }

    fn hang(&self) {
        *self.0.0.lock().unwrap() = true;
    }

    fn wake(&self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        self.wake();
    }
}

fn everything() -> [Grant; 1] {
    [Grant::all(CollectionPath::ROOT)]
}

fn open(resolver: &Resolver, path: &CollectionPath) -> Result<std::fs::File, Refused> {
    match resolver.behind(path)? {
        Resolved::Place(place) => Ok(place.directory().open_file(place.name())?.file),
        Resolved::Directory(_) => Err(Refused::IsADirectory),
        Resolved::Above { .. } => Err(Refused::NotShared),
    }
}

fn read(resolver: &Resolver, path: &CollectionPath) -> Result<String, Refused> {
    let mut text = String::new();
    open(resolver, path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn shown(resolver: &Resolver, world: &World, path: &str) -> Vec<String> {
    let mut names: Vec<_> = match resolver.look(&world.path(path)).unwrap() {
        Resolved::Directory(directory) => {
            directory.entries().unwrap().map(|entry| entry.unwrap().name).collect()
        }
        Resolved::Above { names, .. } => names,
        Resolved::Place(_) => panic!("a place"),
    };
    names.sort();
    names.iter().map(|name| name.text().into_owned()).collect()
}

/// A folder outside the tests' own directory.
struct RuleListOf(&'static str);

impl RuleListOf {
    fn resolver(&self) -> Resolver {
        let folder = crate::rules::FolderRule {
            path: self.0.into(),
            access: Access::ReadOnly,
            shareable: false,
        };
        let list = crate::rules::RuleList { folders: vec![folder], ..Default::default() };
        let rules = LiveRules::new(Rules::new(&list).unwrap());
        Resolver::new(rules, &[Grant::all(CollectionPath::ROOT)], "smith#WorkPC")
    }
}

/// Rounds of the race; each has two moments in which a link stands where the directory was.
const SWAPS: usize = 2000;
