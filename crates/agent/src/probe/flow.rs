//! What a link carries, seen for a second each way.
//!
//! 1. The side that asked sends data that means nothing; the other one drops it and says every
//!    [`TELL_EVERY`] on the control stream how much came.
//! 2. After [`FLOW_TIME`] it gives the turn to the other one, which does the same.
//! 3. The side that asked closes the link.
//!
//! No more is on the way than came before, beside a little, so that a slow line is not full for long
//! afterwards; and no more than [`BYTES_MAX`] goes each way, as it may cost a relay or its user.

use std::time::Duration;

use bytes::Bytes;
use outport_link::{ControlReceiver, ControlSender, DataFrame, DataReceiver, DataSender, Link};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::doctor::Meter;

/// The side that asked: sends, then takes. Bytes per second out and in, as far as they are known.
pub(super) async fn lead(link: &mut Link) -> (Option<u64>, Option<u64>) {
    let out = send(&link.data_out, &mut link.control_in, BYTES_MAX).await;
    if link.control_out.send(Word::YourTurn.encode()).await.is_err() {
        return (out, None);
    }
    let taking = take(&mut link.data_in, &link.control_out, &mut link.control_in);
    (out, taking.await)
}

/// The other side: takes, then sends.
pub(super) async fn follow(link: &mut Link) {
    take(&mut link.data_in, &link.control_out, &mut link.control_in).await;
    send(&link.data_out, &mut link.control_in, BYTES_MAX).await;
}

/// Both ends of a link in one process: what goes in at one and comes out at the other, in bytes per
/// second, of so many at most.
pub(crate) async fn across(from: &mut Link, to: &mut Link, bytes_max: u64) -> Option<u64> {
    let sending = send(&from.data_out, &mut from.control_in, bytes_max.min(BYTES_MAX));
    let taking = take(&mut to.data_in, &to.control_out, &mut to.control_in);
    tokio::select! {
        rate = sending => rate,
        _ = taking => None, // the link broke, or nothing was said for too long
    }
}

/// What is said on the control stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// So many bytes have come.
    Came(u64),
    YourTurn,
}

impl Word {
    fn encode(self) -> Bytes {
        match self {
            Self::Came(bytes) => Bytes::copy_from_slice(&bytes.to_be_bytes()),
            Self::YourTurn => Bytes::new(),
        }
    }

    fn decode(frame: &Bytes) -> Option<Self> {
        if frame.is_empty() {
            return Some(Self::YourTurn);
        }
        Some(Self::Came(u64::from_be_bytes(frame.as_ref().try_into().ok()?)))
    }
}

async fn send(
    data_out: &DataSender,
    control_in: &mut ControlReceiver,
    bytes_max: u64,
) -> Option<u64> {
    let block = Bytes::from_static(&BLOCK);
    let (began, mut meter) = (Instant::now(), Meter::default());
    let (mut sent, mut came) = (0_u64, 0_u64);
    meter.note(Duration::ZERO, 0);
    let flowing = async {
        loop {
            let most = came.saturating_add(came).saturating_add(AHEAD_BYTES).min(bytes_max);
            tokio::select! {
                sending = data_out.send(DataFrame::new(Bytes::new(), block.clone())), if sent < most => {
                    sending.ok()?;
                    sent += BLOCK_BYTES;
                }
                heard = control_in.recv() => {
                    let Some(Word::Came(bytes)) = Word::decode(&heard.ok()??) else { return None };
                    came = bytes.min(sent);
                    meter.note(began.elapsed(), came);
                    if bytes_max <= came {
                        return Some(());
                    }
                }
            }
        }
    };
    timeout(FLOW_TIME, flowing).await.ok(); // what is still on the way is not waited for
    meter.rate()
}

/// Takes what comes until it is this side's turn, or time is up.
async fn take(
    data_in: &mut DataReceiver,
    control_out: &ControlSender,
    control_in: &mut ControlReceiver,
) -> Option<u64> {
    let (began, mut meter, mut came) = (Instant::now(), Meter::default(), 0_u64);
    let mut tell = interval(TELL_EVERY);
    tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
    meter.note(Duration::ZERO, 0);
    let flowing = async {
        loop {
            tokio::select! {
                arrived = data_in.recv() => {
                    let bytes = arrived.ok()??.body.len();
                    came = came.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
                    meter.note(began.elapsed(), came);
                }
                _ = tell.tick() => control_out.send(Word::Came(came).encode()).await.ok()?,
                heard = control_in.recv() => match Word::decode(&heard.ok()??)? {
                    Word::YourTurn => return Some(()),
                    Word::Came(_) => {} // of what was sent before
                },
            }
        }
    };
    timeout(TAKE_TIME, flowing).await.ok();
    meter.rate()
}

/// For each direction.
const FLOW_TIME: Duration = Duration::from_secs(1);
/// The same, and what the turn needs to come.
const TAKE_TIME: Duration = Duration::from_millis(1_300);
/// As often as the sender needs to hear to go faster.
const TELL_EVERY: Duration = Duration::from_millis(20);
/// The most that goes each way: a quarter of a second of a gigabit.
const BYTES_MAX: u64 = 32 * 1024 * 1024;
/// What may be on the way before anything came: a fast line is full after a few round trips.
const AHEAD_BYTES: u64 = 256 * 1024;
const BLOCK_BYTES: u64 = 16 * 1024;
static BLOCK: [u8; 16 * 1024] = [0; 16 * 1024];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_others_are_none() {
        for word in [Word::Came(0), Word::Came(u64::MAX), Word::YourTurn] {
            assert_eq!(Word::decode(&word.encode()), Some(word));
        }
        assert_eq!(Word::decode(&Bytes::from_static(b"seven b")), None);
    }

    #[tokio::test]
    async fn both_directions_are_seen_and_end() {
        let (mut left, mut right) = outport_link::pair();
        let ((up, down), ()) = tokio::join!(lead(&mut left), follow(&mut right));
        assert!(up.is_some() && down.is_some(), "{up:?} {down:?}");
        assert!(left.handle.data_sent() <= BYTES_MAX + BLOCK_BYTES + AHEAD_BYTES);
    }

    #[tokio::test]
    async fn both_ends_in_one_process_move_as_much_as_they_may() {
        let (mut left, mut right) = outport_link::pair();
        assert!(across(&mut left, &mut right, 4 << 20).await.is_some());
        let sent = left.handle.data_sent();
        assert!((4 << 20..(4 << 20) + 3 * BLOCK_BYTES).contains(&sent), "{sent}");
        drop(right);
        assert_eq!(across(&mut left, &mut outport_link::pair().0, 4 << 20).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_told_of_more_than_it_sent_and_of_nothing_at_all_stays_within_bounds() {
        let (mut left, right) = outport_link::pair();
        right.control_out.send(Word::Came(u64::MAX).encode()).await.unwrap();
        assert_eq!(send(&left.data_out, &mut left.control_in, BYTES_MAX).await, None);
        assert!(left.handle.data_sent() <= 3 * AHEAD_BYTES, "{}", left.handle.data_sent());
        right.control_out.send(Bytes::from_static(b"nonsense that is long")).await.unwrap();
        let (mut left, _right) = (left, right);
        let taken = take(&mut left.data_in, &left.control_out, &mut left.control_in).await;
        assert_eq!(taken, None);
    }
}
