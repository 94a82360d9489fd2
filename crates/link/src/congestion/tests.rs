//! What is sent on lines of all kinds, by real connections in virtual time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use quinn::congestion::{Controller, ControllerFactory, CubicConfig};

use super::{
    Capacity, Choosing, Chosen,
    line::{Character, Line, PACKET_MAX, Seen},
};

#[test]
fn it_fills_a_line_without_losses_and_with_a_short_queue() {
    for character in [USUAL, Character { queue_ms: 400.0, ..USUAL }] {
        let seen = alone(character);
        assert!(0.93 < seen.share && seen.lost < 0.002, "{character:?}: {seen:?}");
        assert!(seen.rtt < Duration::from_millis(70), "{character:?}: {seen:?}");
    }
}

/// What passes at once after a moment without packets is not what the line carries.
#[test]
fn a_short_line_that_lets_some_packets_through_at_once_is_not_flooded() {
    let naps_ms = Some((470, 30));
    let short = Character { rtt_ms: 1, queue_ms: 200.0, at_once: 16_384.0, naps_ms, ..USUAL };
    let mut line = Line::new(short);
    line.add(Arc::new(Choosing));
    line.pass(Duration::from_secs(5));
    let seen: Vec<_> = (0..200).map(|_| line.pass(Duration::from_millis(100))[0]).collect();
    let longest = seen.iter().map(|seen| seen.rtt).max();
    assert!(longest < Some(Duration::from_millis(25)), "{longest:?}");
    let share = seen.iter().map(|seen| seen.share).sum::<f64>() / seen.len() as f64;
    assert!(0.9 < share, "{share}");
}

#[test]
fn losses_by_chance_cost_what_is_lost_and_little_more() {
    for (loss, rtt_ms, queue_ms, least) in
        [(0.01, 40, 40.0, 0.92), (0.05, 40, 40.0, 0.9), (0.01, 200, 200.0, 0.88)]
    {
        let seen = alone(Character { loss, rtt_ms, queue_ms, ..USUAL });
        assert!(least < seen.share && seen.lost < loss + 0.03, "{loss}, {rtt_ms} ms: {seen:?}");
    }
}

/// Where nothing but the losses tells that too much is sent.
#[test]
fn a_line_with_hardly_a_queue_and_one_that_is_policed_are_not_flooded() {
    let seen = alone(Character { queue_ms: 4.0, ..USUAL });
    assert!(0.75 < seen.share && seen.lost < 0.06, "{seen:?}");
    let policed = Character { rate: 5.0 * USUAL.rate, police: Some((USUAL.rate, 5e4)), ..USUAL };
    let seen = alone(policed);
    assert!(0.15 < seen.share && seen.lost < 0.12, "{seen:?}");
}

#[test]
fn losses_of_both_kinds_leave_most_of_the_line() {
    let seen = alone(Character { queue_ms: 4.0, loss: 0.03, ..USUAL });
    assert!(0.65 < seen.share && seen.lost < 0.15, "{seen:?}");
}

#[test]
fn others_keep_a_part_of_the_line() {
    for (queue_ms, least) in [(400.0, 0.3), (40.0, 0.25), (4.0, 0.05)] {
        let mut line = Line::new(Character { queue_ms, ..USUAL });
        line.add(Arc::new(Choosing));
        line.pass(Duration::from_secs(10));
        line.add(Arc::new(CubicConfig::default()));
        line.pass(Duration::from_secs(20));
        let seen = line.pass(Duration::from_secs(30));
        let [ours, theirs] = [seen[0], seen[1]];
        assert!(least < theirs.share, "{queue_ms} ms: {ours:?}, {theirs:?}");
        assert!(0.15 < ours.share, "{queue_ms} ms: {ours:?}, {theirs:?}");
    }
}

/// Its knowledge of the shortest round trip must not bind it to a line that is no more.
#[test]
fn a_line_that_becomes_longer_or_faster_is_filled_again() {
    let mut line = Line::new(USUAL);
    line.add(Arc::new(Choosing));
    line.pass(Duration::from_secs(10));
    line.character.rtt_ms = 120;
    line.character.queue_ms = 120.0;
    line.pass(Duration::from_secs(20));
    let seen = line.pass(Duration::from_secs(20))[0];
    assert!(0.9 < seen.share, "longer: {seen:?}");
    line.character.rate *= 4.0;
    line.pass(Duration::from_secs(10));
    let seen = line.pass(Duration::from_secs(10))[0];
    assert!(0.9 < seen.share, "faster: {seen:?}");
}

/// The handshake takes two of the four, and the first packet of full size one there and back.
#[test]
fn packets_are_as_large_as_may_be_after_four_round_trips() {
    let mut line = Line::new(USUAL);
    line.add(Arc::new(Choosing));
    let seen = line.pass(Duration::from_millis(4 * USUAL.rtt_ms))[0];
    assert_eq!(seen.packet_bytes, PACKET_MAX);
}

#[test]
fn a_line_that_is_known_is_full_sooner() {
    let wide = Character { rate: 62.5e6, rtt_ms: 80, queue_ms: 80.0, ..USUAL };
    let known = Capacity { rate: wide.rate, rtt: Duration::from_millis(80) };
    let (told, untold) = (begin(wide, Some(known)), begin(wide, None));
    assert!(untold.share + 0.15 < told.share, "{told:?}, {untold:?}");
    assert!(told.lost < 0.001, "{told:?}");
    let another = Capacity { rtt: Duration::from_millis(20), ..known };
    let other = begin(wide, Some(another));
    assert!((other.share - untold.share).abs() < 0.02, "{other:?}, {untold:?}");
}

/// Others came meanwhile, or the line is another one of the same length.
#[test]
fn a_line_that_carries_less_than_it_did_is_flooded_for_a_moment_only() {
    let now = Character { rate: 6.25e6, rtt_ms: 80, queue_ms: 80.0, ..USUAL };
    let before = Capacity { rate: 62.5e6, rtt: Duration::from_millis(80) };
    let mut line = Line::new(now);
    line.add(Arc::new(Told(before)));
    let begun = line.pass(Duration::from_secs(2))[0];
    let then = line.pass(Duration::from_secs(5))[0];
    assert!(begun.lost < 0.25 && 0.5 < begun.share, "{begun:?}");
    assert!(then.lost < 0.002 && 0.9 < then.share, "{then:?}");
}

/// The first second of one connection.
fn begin(character: Character, known: Option<Capacity>) -> Seen {
    let mut line = Line::new(character);
    match known {
        Some(known) => line.add(Arc::new(Told(known))),
        None => line.add(Arc::new(Choosing)),
    }
    line.pass(Duration::from_secs(1))[0]
}

/// Makes what knows its line.
#[derive(Debug)]
struct Told(Capacity);

impl ControllerFactory for Told {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        let chosen = Chosen::new(now, mtu);
        chosen.expected.set(self.0).unwrap();
        Box::new(chosen)
    }
}

/// What becomes of one connection in the last half of forty seconds.
fn alone(character: Character) -> Seen {
    let mut line = Line::new(character);
    line.add(Arc::new(Choosing));
    line.pass(Duration::from_secs(20));
    line.pass(Duration::from_secs(20))[0]
}

/// 20 Mbit/s.
const USUAL: Character = Character {
    rate: 2.5e6,
    rtt_ms: 40,
    queue_ms: 40.0,
    loss: 0.0,
    police: None,
    at_once: 0.0,
    naps_ms: None,
};
