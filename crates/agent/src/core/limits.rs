//! How fast content may go now, out of what the owner set and the computer's clock.

use jiff::{SignedDuration, Zoned, civil::DateTime};
use outport_control::{Day, LimitRow, Limits, LimitsView};
use outport_mover::session::AgentLimits;
use outport_types::{RateLimit, UnixTime};

use super::Core;

/// The limits in force, and what holds to them.
#[derive(Debug, Default)]
pub(super) struct LimitsInForce {
    /// What all sessions share.
    pub(super) throttles: AgentLimits,
    now: Now,
}

/// What holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Now {
    upload: Option<RateLimit>,
    download: Option<RateLimit>,
    row: Option<u32>,
    until: Option<UnixTime>,
}

impl LimitsInForce {
    /// When another row may come into force, by the computer's clock.
    pub(super) const fn until(&self) -> Option<UnixTime> {
        self.now.until
    }

    /// Puts in force what holds now.
    fn review(&mut self, set: &Limits) {
        // The clock is asked only where something depends on it.
        let now = if set.timetable.is_empty() { always(set) } else { at(set, &Zoned::now()) };
        if now != self.now {
            let rate = |limit: Option<RateLimit>| match limit {
                Some(limit) => limit.to_string(),
                None => "unlimited".to_owned(),
            };
            let (upload, download) = (rate(now.upload), rate(now.download));
            tracing::info!(upload, download, row = ?now.row, "limits are in force");
            self.now = now;
        }
        self.throttles.upload.set(now.upload);
        self.throttles.download.set(now.download);
        self.throttles.relay_upload.set(set.relay);
        self.throttles.relay_download.set(set.relay);
    }
}

impl Core {
    /// Has all sessions hold to what is set for now.
    pub(super) fn review_limits(&mut self) {
        self.limits.review(&self.config.limits);
    }

    pub(super) fn limits_view(&self) -> LimitsView {
        let LimitsInForce { throttles, now } = &self.limits;
        let busy = !self.sessions.is_empty();
        LimitsView {
            set: self.config.limits.clone(),
            upload: now.upload,
            download: now.download,
            row: now.row,
            until: now.until,
            holds_upload: busy && throttles.upload.holds_back(),
            holds_download: busy && throttles.download.holds_back(),
            holds_relay: busy
                && (throttles.relay_upload.holds_back() || throttles.relay_download.holds_back()),
        }
    }
}

/// What holds where there is no timetable.
fn always(set: &Limits) -> Now {
    Now { upload: set.upload, download: set.download, row: None, until: None }
}

/// What holds at a moment of a computer's clock, and until when.
fn at(set: &Limits, moment: &Zoned) -> Now {
    let row = row_at(set, moment.datetime());
    let until = changes(set, moment).find(|change| row_at(set, change.datetime()) != row);
    let until = until.map(|change| UnixTime::from_seconds(change.timestamp().as_second()));
    match row {
        Some(index) => {
            let LimitRow { upload, download, .. } = set.timetable[index];
            Now { upload, download, row: u32::try_from(index).ok(), until }
        }
        None => Now { until, ..always(set) },
    }
}

/// The first row that has a moment.
fn row_at(set: &Limits, moment: DateTime) -> Option<usize> {
    set.timetable.iter().position(|row| covers(row, moment))
}

fn covers(row: &LimitRow, moment: DateTime) -> bool {
    let (today, yesterday) = days(moment);
    let minute = moment.hour() as u16 * 60 + moment.minute() as u16;
    let (from, to) = (row.from.minutes(), row.to.minutes());
    if from < to {
        row.days.contains(today) && (from..to).contains(&minute)
    } else {
        (row.days.contains(today) && from <= minute)
            || (row.days.contains(yesterday) && minute < to)
    }
}

/// The day of a moment and the one before.
fn days(moment: DateTime) -> (Day, Day) {
    let number = usize::from(moment.weekday().to_monday_zero_offset().unsigned_abs());
    (Day::ALL[number % 7], Day::ALL[(number + 6) % 7])
}

/// The moments of the next week and a day at which a row begins or ends, in order.
fn changes<'a>(set: &'a Limits, moment: &'a Zoned) -> impl Iterator<Item = Zoned> + 'a {
    let mut minutes: Vec<u16> = Vec::new();
    for row in &set.timetable {
        minutes.extend([row.from.minutes(), row.to.minutes()]);
    }
    minutes.sort_unstable();
    minutes.dedup();
    let midnight = moment.date().at(0, 0, 0, 0);
    (0..=8_i64).flat_map(move |day| {
        let (midnight, zone) = (midnight, moment.time_zone().clone());
        let at = move |minute: &u16| {
            let later = SignedDuration::from_hours(24 * day)
                + SignedDuration::from_mins(i64::from(*minute));
            midnight.checked_add(later).ok()?.to_zoned(zone.clone()).ok()
        };
        let moments: Vec<_> = minutes.iter().filter_map(at).collect();
        moments.into_iter().filter(move |change| moment < change)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(rows: &[(&str, &str, &str, u64)]) -> Limits {
        let row = |(days, from, to, rate): &(&str, &str, &str, u64)| LimitRow {
            days: days.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            upload: RateLimit::new(*rate).ok(),
            download: None,
        };
        Limits {
            upload: RateLimit::new(9_000_000).ok(),
            download: RateLimit::new(8_000_000).ok(),
            relay: None,
            timetable: rows.iter().map(row).collect(),
        }
    }

    /// The rates, in thousands, and how many minutes that holds.
    fn look(set: &Limits, moment: &str) -> (u64, u64, Option<i64>) {
        let moment: Zoned = moment.parse().unwrap();
        let now = at(set, &moment);
        let thousands = |rate: Option<RateLimit>| rate.map_or(0, |r| r.bytes_per_second() / 1000);
        let holds = |until: UnixTime| (until.seconds - moment.timestamp().as_second()) / 60;
        (thousands(now.upload), thousands(now.download), now.until.map(holds))
    }

    #[test]
    fn the_first_row_that_has_a_moment_decides() {
        // 2026-03-02 is a Monday.
        let set =
            set(&[("mon-fri", "12:00", "13:00", 0), ("mon-fri", "08:00", "18:00", 1_000_000)]);
        for (moment, expected) in [
            ("2026-03-02T07:30[Europe/Paris]", (9000, 8000, Some(30))),
            ("2026-03-02T08:00[Europe/Paris]", (1000, 0, Some(240))),
            ("2026-03-02T12:30[Europe/Paris]", (0, 0, Some(30))),
            ("2026-03-02T17:59[Europe/Paris]", (1000, 0, Some(1))),
            ("2026-03-06T18:00[Europe/Paris]", (9000, 8000, Some((24 * 2 + 14) * 60))),
            ("2026-03-07T12:30[Europe/Paris]", (9000, 8000, Some((24 + 19) * 60 + 30))),
        ] {
            assert_eq!(look(&set, moment), expected, "{moment}");
        }
    }

    #[test]
    fn a_row_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let set = set(&[("sun", "22:00", "06:00", 1_000_000)]);
        for (moment, expected) in [
            ("2026-03-01T21:59[UTC]", (9000, 8000, Some(1))),
            ("2026-03-01T23:00[UTC]", (1000, 0, Some(7 * 60))),
            ("2026-03-02T05:00[UTC]", (1000, 0, Some(60))),
            ("2026-03-02T06:00[UTC]", (9000, 8000, Some((6 * 24 + 16) * 60))),
            ("2026-03-02T23:00[UTC]", (9000, 8000, Some((5 * 24 + 23) * 60))),
        ] {
            assert_eq!(look(&set, moment), expected, "{moment}");
        }
    }

    #[test]
    fn a_row_that_ends_when_it_begins_is_a_whole_day() {
        let set = set(&[("mon-sun", "00:00", "00:00", 1_000_000)]);
        assert_eq!(look(&set, "2026-03-02T15:00[UTC]"), (1000, 0, None));
    }

    #[test]
    fn an_hour_that_the_clock_skips_or_repeats_is_counted_as_it_passes() {
        let set = set(&[("mon-sun", "01:00", "04:00", 1_000_000)]);
        // Clocks go forward at 02:00 on 2026-03-29 and back at 03:00 on 2026-10-25.
        assert_eq!(look(&set, "2026-03-29T01:30[Europe/Paris]"), (1000, 0, Some(90)));
        assert_eq!(look(&set, "2026-10-25T01:30[Europe/Paris]"), (1000, 0, Some(210)));
    }
}
