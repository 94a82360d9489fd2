//! What is told of how far a transfer is.

use outport_types::SyncLevel;

use super::*;

#[tokio::test]
async fn at_the_end_everything_found_is_done_whatever_became_of_it() {
    let mut rig = Rig::new();
    rig.transfer().options.sync_level = Some(SyncLevel::Size);
    rig.transfer().options.skip_source_errors = true;
    rig.world.file("src/same", pattern(3 * MIB, 1));
    rig.world.file("dst/same", pattern(3 * MIB, 1));
    rig.world.file("src/large", pattern(5 * MIB + 3, 2));
    rig.world.file("src/small", "small");
    rig.world.file("src/blocked", pattern(2 * MIB, 3));
    rig.world.file("dst/blocked/by", "a directory");
    rig.run().await;
    let counts = rig.received.borrow().counts;
    assert_eq!((counts.files_found, counts.files_settled(), counts.scan_done), (4, 4, true));
    assert_eq!((counts.files_done, counts.files_unchanged, counts.files_given_up), (2, 1, 1));
    assert_eq!(counts.bytes_settled(), counts.bytes_found);
    assert_eq!(counts.bytes_done, (5 * MIB + 3 + 5) as u64);
    assert_eq!(counts.bytes_left(), Some(0));
    let sent = rig.sent.borrow().counts;
    assert_eq!((sent.files_found, sent.files_done), (4, 4), "the sender knows as much");
    assert_eq!((sent.bytes_found, sent.bytes_done), (counts.bytes_found, counts.bytes_found));
}

#[tokio::test]
async fn what_a_stopped_session_brought_counts_once() {
    let rig = Rig::new();
    rig.world.file("src/a", pattern(MIB, 1));
    rig.world.file("src/large", pattern(BYTES, 9));
    let (source, destination) = (rig.slow(Duration::from_millis(10)), rig.slow(Duration::ZERO));
    let session = rig.start(&source.store(), &destination.store());
    let pause = async {
        let mut far = rig.received.subscribe();
        let some = |progress: &Progress| (8 * MIB as u64) < progress.counts.bytes_done;
        far.wait_for(some).await.unwrap();
        rig.stop.stop(CloseCode::Paused);
    };
    tokio::join!(session, pause);
    // A file that was done is another one now.
    rig.world.file("src/a", pattern(MIB + 7, 2));
    let rig = rig.again();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let counts = rig.received.borrow().counts;
    assert_eq!((counts.files_found, counts.files_done), (2, 2));
    assert_eq!(counts.bytes_done, (MIB + 7 + BYTES) as u64);
    assert_eq!(counts.bytes_found, counts.bytes_done);
    assert_eq!(rig.sent.borrow().counts.bytes_done, counts.bytes_found);
}

#[tokio::test]
async fn a_rate_is_told_while_a_large_block_is_still_on_its_way() {
    let mut rig = Rig::new();
    rig.transfer().options.limit = outport_types::RateLimit::new(400_000).ok();
    rig.world.file("src/file", pattern(MIB, 1));
    let mut sent = rig.sent.subscribe();
    let told = async {
        // Well before the only block of it is there, which takes more than two seconds.
        let some = |progress: &Progress| 100_000 < progress.rate && progress.counts.scan_done;
        let progress = *sent.wait_for(some).await.unwrap();
        assert!(progress.rate < 700_000, "{}", progress.rate);
        assert_eq!(rig.received.borrow().counts.files_done, 0);
    };
    let (ends, ()) = tokio::join!(rig.run(), told);
    assert_eq!(ends, [FINISHED, FINISHED]);
}

const BYTES: usize = 48 * MIB;
