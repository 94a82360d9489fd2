//! Single turns of the receiver, against a shell that answers what a test wants answered.
//! What whole sessions do is shown in `outport-sim`.

use std::sync::Arc;

use outport_types::{
    Code, Digest, EndpointId, Extras, Name, SyncLevel, TaskId, TransferOptions, UnixTime,
};

use super::*;
use crate::{
    blocks::{Cv, HeldNode, NodeId},
    journal::{Way, encode_record, encode_start},
    orders::{TransferItem, TransferOrders},
    session::{
        Ask, DirMeta, Entry, Fault, FileEnd, FileStamp, HowEnded, ItemRoot, LeftKind, Limits,
        LinkRole, Meta, NameHash, Piece, Totals, VersionToken, Want,
    },
};

#[test]
fn a_file_that_changed_while_it_was_flushed_is_wanted_again_as_soon_as_it_was() {
    let mut rig = Rig::new();
    rig.begin_file(meta(3000, 1));
    rig.piece(1, 0);
    rig.answer_all_but(is_sync);
    rig.receiver.handle_timeout(rig.now + Limits::V1.batch_age);
    rig.answer_all_but(is_sync);

    // Now its first block is on the way to the disk.
    let changed = HowEnded::Changed { meta: meta(3000, 2) };
    rig.frame(Frame::Ends(vec![FileEnd { file: 1, attempt: 1, how: changed }]));
    rig.answer_all_but(|_| false);
    let again = rig.wants.last().expect("it was wanted before");
    assert_eq!((again.attempt, again.token), (2, meta(3000, 2).token));
    assert!(matches!(&again.ask, Ask::Content { held } if held.len() == 1), "the block is offered");
}

#[test]
fn a_batch_that_lost_all_it_held_wakes_nobody() {
    let mut rig = Rig::new();
    rig.begin_file(meta(3000, 1));
    rig.piece(1, 0);
    rig.answer_all_but(is_sync);
    rig.now += Limits::V1.batch_age;
    rig.receiver.handle_timeout(rig.now);
    rig.answer_all_but(is_sync);
    rig.piece(1, 1);
    rig.answer_all_but(is_sync);

    // The flush fails: neither what it held nor what came later of the file can be trusted.
    rig.now += 3 * Limits::V1.batch_age;
    let held = std::mem::take(&mut rig.held);
    let Some(ReceiverEffect::SyncFiles { id, .. }) = held.first() else { panic!("{held:?}") };
    let results = vec![Err(Fault::backoff(Code::Disk, "a failed flush"))];
    rig.receiver.handle_event(ReceiverEvent::Synced { id: *id, results, refused: vec![] }, rig.now);
    rig.answer_all_but(is_sync);
    let wakes = rig.receiver.poll_timeout().expect("it is tried again");
    assert!(rig.now < wakes, "{wakes:?} is over");
}

#[test]
fn a_disk_that_is_quick_is_asked_again_after_it_rested_as_long_as_it_worked() {
    let mut rig = Rig::new();
    rig.receiver.config.limits.batch_bytes = 4 * 1024;
    rig.begin_file(meta(4 * 1024, 1));
    rig.piece(1, 0);
    rig.answer_all_but(is_sync);
    assert_eq!(rig.held.len(), 1, "it has nothing else to do");
    rig.now += Duration::from_millis(30);
    rig.piece(1, 1);
    rig.answer_all_but(|_| false);
    rig.answer_all_but(is_sync);
    assert_eq!(rig.held, [], "it rests");
    let rested = rig.now + Duration::from_millis(30);
    assert_eq!(rig.receiver.poll_timeout(), Some(rested));
    rig.now = rested;
    rig.receiver.handle_timeout(rig.now);
    rig.answer_all_but(is_sync);
    assert_eq!(rig.held.len(), 1);
}

#[test]
fn a_disk_needs_no_rest_for_what_was_read_back() {
    let mut rig = Rig::new();
    rig.receiver.config.limits.batch_bytes = 4 * 1024;
    rig.begin_file(meta(4 * 1024, 1));
    rig.piece(1, 0);
    rig.answer_all_but(|effect| matches!(effect, ReceiverEffect::ReadBack { .. }));
    assert_eq!(rig.held.len(), 1);
    rig.now += Duration::from_millis(30);
    rig.piece(1, 1);
    rig.answer_all_but(is_sync);
    assert_eq!(rig.held.len(), 1, "it is asked at once");
}

#[test]
fn the_journal_is_told_where_temporary_files_will_stand_before_any_is_wanted() {
    let mut rig = Rig::new();
    rig.frame(Frame::Manifest(vec![
        Entry::Item(ItemRoot::Dir(DirMeta::default())),
        Entry::Open { dir: 0 },
        Entry::File { name: name("a"), meta: meta(10, 1) },
    ]));
    rig.answer_all_but(|effect| matches!(effect, ReceiverEffect::AppendJournal { .. }));
    assert_eq!(rig.held.len(), 1, "the append is on its way");
    assert_eq!(rig.wants, [], "a want");
    rig.answer_held();
    assert_eq!(rig.wants.len(), 1);
}

#[test]
fn a_sender_that_breaks_a_rule_ends_the_session() {
    let two_names = |first, second| {
        Frame::Manifest(vec![
            Entry::Item(ItemRoot::Dir(DirMeta::default())),
            Entry::Open { dir: 0 },
            Entry::Dir { name: name(first), meta: DirMeta::default() },
            Entry::Dir { name: name(second), meta: DirMeta::default() },
        ])
    };
    let token = meta(3000, 1).token;
    let want = Want { file: 0, attempt: 1, token, ask: Ask::Digest };
    let broken = [
        (two_names("b", "a"), Violation::Name),
        (two_names("a", "a"), Violation::Name),
        (two_names("a", ".outport-part-1"), Violation::Name),
        (two_names("a", ".OUTPORT-PART-1"), Violation::Name),
        (Frame::Manifest(vec![Entry::Open { dir: 0 }]), Violation::Order),
        (
            Frame::Manifest(vec![Entry::Dir { name: name("a"), meta: DirMeta::default() }]),
            Violation::Order,
        ),
        (Frame::Manifest(vec![Entry::End(Totals::default())]), Violation::Order),
        (Frame::Matched { file: 9, attempt: 1, nodes: vec![] }, Violation::File),
        (Frame::Want(vec![want]), Violation::Unexpected),
        (Frame::Bye, Violation::Unexpected),
        (Frame::Pace(None), Violation::Unexpected),
        (Frame::GiveWay, Violation::Unexpected),
    ];
    for (frame, violation) in broken {
        let mut rig = Rig::new();
        let result = rig.receiver.handle_frame(frame.clone(), rig.now);
        assert_eq!(result, Err(violation), "{frame:?}");
        assert_eq!(rig.receiver.outcome(), Some(&Outcome::Violated(violation)));
    }
}

#[test]
fn a_sender_that_tells_names_of_files_that_have_none_to_come_ends_the_session() {
    let roles = |keeps: bool, roles: &[LinkRole]| {
        let mut rig = Rig::new();
        let options = &mut Arc::make_mut(&mut rig.receiver.config.orders).options;
        options.preserve_hard_links = keeps;
        let mut entries =
            vec![Entry::Item(ItemRoot::Dir(DirMeta::default())), Entry::Open { dir: 0 }];
        for (at, role) in roles.iter().enumerate() {
            let (name, meta) = (name(&format!("n{at}")), meta(10, 1));
            entries.push(Entry::HardLink { name, meta, role: *role });
        }
        rig.receiver.handle_frame(Frame::Manifest(entries), rig.now)
    };
    let further = |first, last| LinkRole::Further { first, last };
    let first = LinkRole::First;
    assert_eq!(roles(true, &[first, further(2, false), further(2, true)]), Ok(()));
    assert_eq!(roles(true, &[LinkRole::Apart, LinkRole::Apart]), Ok(()));
    for (keeps, told) in [
        (false, vec![first]),
        (false, vec![LinkRole::Apart]),
        (true, vec![further(2, false)]),
        (true, vec![further(7, false)]),
        (true, vec![first, further(3, false)]),
        (true, vec![first, further(2, true), further(2, true)]),
        (true, vec![LinkRole::Apart, further(2, true)]),
    ] {
        assert_eq!(roles(keeps, &told), Err(Violation::Order), "{told:?}");
    }
}

#[test]
fn names_of_two_items_are_never_one_file() {
    let mut rig = Rig::new();
    let options = &mut Arc::make_mut(&mut rig.receiver.config.orders).options;
    options.preserve_hard_links = true;
    let dir = || Entry::Item(ItemRoot::Dir(DirMeta::default()));
    let told = |role| Entry::HardLink { name: name("n"), meta: meta(10, 1), role };
    let close = || Entry::Close { incomplete: None, part: false };
    let result = rig.receiver.handle_frame(
        Frame::Manifest(vec![
            dir(),
            Entry::Open { dir: 0 },
            told(LinkRole::First),
            close(),
            dir(),
            Entry::Open { dir: 4 },
            told(LinkRole::Further { first: 2, last: true }),
        ]),
        rig.now,
    );
    assert_eq!(result, Err(Violation::Order));
}

/// A receiver that removes extras, after a manifest of two items; the first directory has two names
/// and is closed as said.
fn removing(incomplete: Option<Fault>, part: bool) -> Rig {
    let mut rig = Rig::new();
    let options = &mut Arc::make_mut(&mut rig.receiver.config.orders).options;
    (options.extras, options.skip_source_errors) = (Extras::Delete, true);
    let dir = || Entry::Item(ItemRoot::Dir(DirMeta::default()));
    rig.frame(Frame::Manifest(vec![
        dir(),
        Entry::Open { dir: 0 },
        Entry::Left { name: name("hidden"), kind: LeftKind::Hidden },
        Entry::Unreadable { name: name("unread"), fault: Fault::never(Code::OsPermission, "") },
        Entry::Close { incomplete, part },
    ]));
    rig.answer_all_but(is_search);
    rig
}

fn is_search(effect: &ReceiverEffect) -> bool {
    matches!(effect, ReceiverEffect::FindExtras { .. })
}

#[test]
fn extras_are_searched_for_only_where_the_sender_told_every_name() {
    let rig = removing(None, false);
    let [ReceiverEffect::FindExtras { names, .. }] = &rig.held[..] else { panic!("no search") };
    for told in ["hidden", "unread"] {
        assert!(NameHash::of(&name(told)).is_among(names), "{told}");
    }
    assert!(!NameHash::of(&name("extra")).is_among(names));
    assert!(NameHash::of(&name("HIDDEN")).may_be_among(names));
    assert!(removing(Some(Fault::never(Code::Disk, "torn")), false).held.is_empty());
    assert!(removing(None, true).held.is_empty());
}

#[test]
fn extras_are_removed_after_the_end_of_the_manifest_and_not_before() {
    let is_removal =
        |effect: &ReceiverEffect| matches!(effect, ReceiverEffect::RemoveExtras { .. });
    let mut rig = removing(None, false);
    let [ReceiverEffect::FindExtras { id, .. }] = rig.held[..] else { panic!("no search") };
    rig.held.clear();
    rig.receiver.handle_event(ReceiverEvent::ExtrasFound { id, result: Ok(3) }, rig.now);
    rig.answer_all_but(is_removal);
    assert!(rig.held.is_empty(), "the manifest has not ended");
    let fault = Fault::never(Code::NotFound, "");
    let totals = Totals { files: 0, bytes: 0, directories: 1 };
    rig.frame(Frame::Manifest(vec![Entry::Item(ItemRoot::Unreadable(fault)), Entry::End(totals)]));
    rig.answer_all_but(is_removal);
    let [ReceiverEffect::RemoveExtras { id, .. }] = rig.held[..] else { panic!("no removal") };
    rig.held.clear();
    let removed = |id, more| ReceiverEvent::ExtrasRemoved { id, removed: 2, left: vec![], more };
    rig.receiver.handle_event(removed(id, true), rig.now);
    rig.answer_all_but(is_removal);
    let [ReceiverEffect::RemoveExtras { id, .. }] = rig.held[..] else { panic!("no more") };
    rig.held.clear();
    rig.receiver.handle_event(removed(id, false), rig.now);
    rig.answer_all_but(|_| false);
    assert_eq!(rig.receiver.outcome(), Some(&Outcome::Finished { succeeded: true }));
    assert_eq!(rig.receiver.counts().deleted, 4);
}

#[test]
fn a_receiver_that_is_told_to_stop_removes_no_more() {
    let mut rig = removing(None, false);
    let [ReceiverEffect::FindExtras { id, .. }] = rig.held[..] else { panic!("no search") };
    rig.held.clear();
    rig.receiver.handle_event(ReceiverEvent::ExtrasFound { id, result: Ok(3) }, rig.now);
    rig.answer_all_but(|_| false);
    rig.receiver.stop(rig.now);
    rig.answer_all_but(|effect| {
        assert!(!matches!(effect, ReceiverEffect::RemoveExtras { .. }));
        false
    });
    assert_eq!(rig.receiver.outcome(), Some(&Outcome::Stopped));
}

#[test]
fn what_is_hidden_is_told_only_where_extras_are_removed() {
    let mut rig = Rig::new();
    let entries = vec![
        Entry::Item(ItemRoot::Dir(DirMeta::default())),
        Entry::Open { dir: 0 },
        Entry::Left { name: name("a"), kind: LeftKind::Hidden },
    ];
    let result = rig.receiver.handle_frame(Frame::Manifest(entries), rig.now);
    assert_eq!(result, Err(Violation::Order));
}

#[test]
fn what_an_earlier_session_left_is_offered_after_a_comparison_by_content_too() {
    let mut rig = Rig::resumed(Some(SyncLevel::Checksum));
    rig.begin_file(meta(3000, 1));
    assert_eq!(rig.wants.last().map(|want| &want.ask), Some(&Ask::Digest));
    let how = HowEnded::Complete {
        digest: Digest([1; 32]),
        attributes: crate::session::Attributes::default(),
    };
    rig.frame(Frame::Ends(vec![FileEnd { file: 1, attempt: 1, how }]));
    rig.answer_all_but(|_| false);
    let held = vec![HeldNode { id: NodeId { first: 0, level: 0 }, cv: VALUE }];
    assert_eq!(rig.wants.last().map(|want| &want.ask), Some(&Ask::Content { held }));
}

#[test]
fn what_was_offered_is_offered_again_unless_content_came_meanwhile() {
    for (comes, offered) in [(false, 1), (true, 0)] {
        let mut rig = Rig::resumed(None);
        rig.begin_file(meta(3000, 1));
        if comes {
            rig.piece(1, 0);
            rig.receiver.handle_timeout(rig.now);
        }
        let how = HowEnded::Failed(Fault::backoff(Code::Disk, "it can be read again"));
        rig.frame(Frame::Ends(vec![FileEnd { file: 1, attempt: 1, how }]));
        if comes {
            rig.write_badly();
        }
        rig.answer_all_but(|_| false);
        rig.now += Duration::from_secs(100);
        rig.receiver.handle_timeout(rig.now);
        rig.answer_all_but(|_| false);
        let again = rig.wants.last().expect("it was wanted before");
        assert_eq!(again.attempt, 2);
        assert!(matches!(&again.ask, Ask::Content { held } if held.len() == offered), "{again:?}");
    }
}

#[test]
fn holes_are_taken_of_sparse_files_only_and_cover_nothing_twice() {
    let hole = |first, level| HeldNode { id: NodeId { first, level }, cv: VALUE };
    let sparse = |size| Meta { sparse: true, ..meta(size, 1) };
    for (meta, nodes, said) in [
        (sparse(8000), vec![hole(0, 1), hole(3, 0)], Ok(())),
        (sparse(8000), vec![hole(0, 1), hole(1, 0)], Err(Violation::Blocks)),
        (sparse(8000), vec![hole(1, 1)], Err(Violation::Blocks)),
        (sparse(8000), vec![hole(8, 0)], Err(Violation::Blocks)),
        (sparse(1 << 40), vec![hole(0, 10)], Ok(())),
        (sparse(1 << 40), vec![hole(0, 11)], Err(Violation::Blocks)),
        (sparse(1000), vec![hole(0, 0)], Err(Violation::Unexpected)),
        (meta(8000, 1), vec![hole(0, 1)], Err(Violation::Unexpected)),
    ] {
        let mut rig = Rig::new();
        rig.begin_file(meta);
        let what = format!("{nodes:?}");
        let frame = Frame::Holes { file: 1, attempt: 1, nodes };
        assert_eq!(rig.receiver.handle_frame(frame, rig.now), said, "{what}");
    }
}

/// A receiver with two items, and a shell for which everything goes well.
struct Rig {
    receiver: Receiver,
    now: Now,
    wants: Vec<Want>,
    /// What was asked for and is not answered yet.
    held: Vec<ReceiverEffect>,
    buffers: u64,
    /// What stands at the destination and under the temporary name.
    stands: Option<FileStamp>,
}

impl Rig {
    fn new() -> Self {
        Self::with(orders(), Recovered::new(TASK, [9; 32]))
    }

    /// An earlier session left the first block of the second item.
    fn resumed(sync_level: Option<SyncLevel>) -> Self {
        let mut journal = encode_start(TASK, [9; 32]);
        let nodes = vec![HeldNode { id: NodeId { first: 0, level: 0 }, cv: VALUE }];
        let file = Way { item: 1, names: vec![] };
        let (token, temp) = (meta(3000, 1).token, stamp());
        encode_record(&Record::Held { file, token, size: 3000, temp, nodes }, &mut journal);
        let recovered = Recovered::read(&journal[..], TASK, [9; 32]).expect("its own journal");
        let mut rig = Self::with(
            TransferOrders {
                options: TransferOptions { sync_level, ..TransferOptions::default() },
                ..orders()
            },
            recovered,
        );
        rig.stands = Some(stamp());
        rig
    }

    fn with(orders: TransferOrders, recovered: Recovered) -> Self {
        let limits = Limits { block_bytes: 1024, ..Limits::V1 };
        let started = UnixTime::from_seconds(1_700_000_000);
        let config = Config { task: TASK, orders: Arc::new(orders), limits, started };
        let receiver = Receiver::new(config, recovered);
        let (wants, held) = (Vec::new(), Vec::new());
        Self { receiver, now: Now::ZERO, wants, held, buffers: 0, stands: None }
    }

    /// Announces the item as one file, up to its first want.
    fn begin_file(&mut self, meta: Meta) {
        let (dir, file) =
            (Entry::Item(ItemRoot::Dir(DirMeta::default())), Entry::Item(ItemRoot::File(meta)));
        self.frame(Frame::Manifest(vec![dir, file]));
        self.answer_all_but(|_| false);
        assert_eq!(self.wants.len(), 1, "the file is wanted");
    }

    fn frame(&mut self, frame: Frame) {
        self.receiver.handle_frame(frame, self.now).expect("it keeps the rules");
    }

    /// Sends a block of file 1.
    fn piece(&mut self, attempt: u16, block: u32) {
        self.buffers += 1;
        let hash = [block as u8; 32];
        let piece = Piece { file: 1, attempt, block, bytes: 1024, hash, complete: false };
        let (buffer, pieces) = (BufferId(self.buffers), Pieces { pieces: vec![piece] });
        self.receiver.handle_pieces(buffer, pieces, self.now).expect("it was wanted");
    }

    /// Carries out what is asked for until nothing is, and holds back what `is_held` names.
    fn answer_all_but(&mut self, is_held: impl Fn(&ReceiverEffect) -> bool) {
        loop {
            while let Some(frame) = self.receiver.poll_frame() {
                if let Frame::Want(wants) = frame {
                    self.wants.extend(wants);
                }
            }
            let Some(effect) = self.receiver.poll_effect() else { break };
            if is_held(&effect) {
                self.held.push(effect);
            } else if let Some(event) = well(effect, self.stands) {
                self.receiver.handle_event(event, self.now);
            }
        }
        let held = std::mem::take(&mut self.held);
        let (held, free): (Vec<_>, Vec<_>) = held.into_iter().partition(|effect| is_held(effect));
        self.held = held;
        let is_last = free.is_empty();
        for effect in free {
            if let Some(event) = well(effect, self.stands) {
                self.receiver.handle_event(event, self.now);
            }
        }
        if !is_last {
            self.answer_all_but(is_held);
        }
    }

    fn answer_held(&mut self) {
        self.answer_all_but(|_| false);
    }

    /// Answers the one write that is asked for: its bytes are not what they should be.
    fn write_badly(&mut self) {
        self.answer_all_but(|effect| matches!(effect, ReceiverEffect::Write { .. }));
        let held = std::mem::take(&mut self.held);
        let [ReceiverEffect::Write { id, .. }] = &held[..] else { panic!("{held:?}") };
        let results = vec![WriteResult::Differs];
        self.receiver.handle_event(ReceiverEvent::Written { id: *id, results }, self.now);
    }
}

/// The answer of a disk on which everything goes well.
fn well(effect: ReceiverEffect, stands: Option<FileStamp>) -> Option<ReceiverEvent> {
    Some(match effect {
        ReceiverEffect::Compare { id, entries } => {
            let compared = |entry: Compare| match entry.what {
                CompareWhat::Dir => Compared::Dir { made: false },
                CompareWhat::Link { .. } => Compared::Link(Linked::Made),
                CompareWhat::File { .. } => {
                    let found = stands.map_or(AtDestination::Nothing, AtDestination::File);
                    Compared::File { found, temp: stands }
                }
            };
            let results = entries.into_iter().map(|entry| Ok(compared(entry))).collect();
            ReceiverEvent::Compared { id, results }
        }
        ReceiverEffect::Digest { id, .. } => {
            ReceiverEvent::Digested { id, result: Ok(Digest(VALUE)) }
        }
        ReceiverEffect::CheckHeld { id, nodes, .. } => {
            ReceiverEvent::Hashed { id, values: vec![Some(VALUE); nodes.len()] }
        }
        ReceiverEffect::Create { id, .. } => ReceiverEvent::Created { id, result: Ok(()) },
        ReceiverEffect::Write { id, writes, .. } => {
            let results = vec![WriteResult::Written; writes.len()];
            ReceiverEvent::Written { id, results }
        }
        ReceiverEffect::Forget { .. } => return None,
        ReceiverEffect::SyncFiles { id, files } => {
            ReceiverEvent::Synced { id, results: vec![Ok(stamp()); files.len()], refused: vec![] }
        }
        ReceiverEffect::MakeHoles { id, nodes, .. } => {
            ReceiverEvent::HolesMade { id, results: vec![WriteResult::Written; nodes.len()] }
        }
        ReceiverEffect::HardLink { id, links } => {
            ReceiverEvent::HardLinked { id, results: vec![HardLinked::Made(stamp()); links.len()] }
        }
        ReceiverEffect::ReadBack { id, parts } => {
            ReceiverEvent::ReadBack { id, agree: vec![true; parts.len()] }
        }
        ReceiverEffect::FindExtras { id, .. } => ReceiverEvent::ExtrasFound { id, result: Ok(0) },
        ReceiverEffect::RemoveExtras { id, .. } => {
            ReceiverEvent::ExtrasRemoved { id, removed: 0, left: vec![], more: false }
        }
        ReceiverEffect::SeeExtras { id } => {
            ReceiverEvent::ExtrasSeen { id, seen: Ok(Told::default()), more: false }
        }
        ReceiverEffect::FinishDirs { id, dirs } => {
            ReceiverEvent::DirsFinished { id, results: vec![Ok(()); dirs.len()] }
        }
        ReceiverEffect::Place { id, files } => {
            ReceiverEvent::Placed { id, results: vec![Ok(()); files.len()] }
        }
        ReceiverEffect::AppendJournal { id, .. }
        | ReceiverEffect::SyncDirs { id, .. }
        | ReceiverEffect::Sweep { id } => ReceiverEvent::Done { id, result: Ok(()) },
    })
}

fn is_sync(effect: &ReceiverEffect) -> bool {
    matches!(effect, ReceiverEffect::SyncFiles { .. })
}

fn orders() -> TransferOrders {
    let item = |source: &str, destination: &str| TransferItem {
        source: source.parse().expect("a path"),
        destination: destination.parse().expect("a path"),
        recursive: None,
        checksum: None,
    };
    TransferOrders {
        source: EndpointId::from_bytes([1; 16]),
        source_name: "smith#WorkPC".into(),
        destination: EndpointId::from_bytes([2; 16]),
        destination_name: "smith#Cluster".into(),
        items: vec![item("/src/a", "/dst/a"), item("/src/b", "/dst/b")],
        options: TransferOptions { preserve_times: true, ..TransferOptions::default() },
    }
}

fn meta(size: u64, version: u8) -> Meta {
    let mtime = UnixTime::from_seconds(i64::from(version));
    Meta { size, mtime, mode: 0o644, token: VersionToken([version; 16]), sparse: false }
}

fn stamp() -> FileStamp {
    FileStamp { device: 1, inode: 2, size: 3000, mtime: UnixTime::from_seconds(5) }
}

fn name(text: &str) -> Name {
    Name::from_bytes(text.as_bytes()).expect("a name")
}

const TASK: TaskId = TaskId::from_bytes([7; 16]);
/// What every hash comes to on this disk.
const VALUE: Cv = [3; 32];
