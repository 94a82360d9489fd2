//! Finds out whether what gets lost is lost by chance or because too much is sent.
//!
//! A share of losses alone does not tell. So when a good part of what is sent was lost for some time,
//! the line is asked: for some round trips no more is under way than what fits. Losses that go on are
//! chance, and BBR is free again; losses that end were its own, and Cubic takes over. Where some are
//! left, which Cubic would not bear, and where it proves slow, BBR goes on in a gentle way.
//!
//! Lines change and answers may be wrong, so the line is asked anew, after longer and longer times while the answer
//! stays the same.

use std::time::{Duration, Instant};

/// Who says how much may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// BBR.
    Free,
    /// BBR, which sends no more than fits.
    Still,
    /// BBR, which rarely sends more than fits.
    Gentle,
    Cubic,
}

/// What happened in a round trip, or a few.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Bytes that arrived, and that got lost.
    pub(super) acked: u64,
    pub(super) lost: u64,
    pub(super) passed: Duration,
    /// Whether it was the window that bounded what was sent.
    pub(super) full: bool,
}

/// Watches one path.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    stage: Stage,
    seen: Tally,
    /// Looks that are left out, until what was under way before has come back.
    settling: u32,
    /// How long the last answer stands.
    patience: Duration,
    /// Whether losses were chance when the line was asked last.
    was_chance: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// BBR is free, and is not asked before.
    Free { until: Instant },
    /// It is still, where before such a share was lost and such a rate reached.
    Asking { share: f64, rate: f64 },
    /// Cubic is in charge, where such a rate was reached.
    Yielding { rate: f64, since: Instant },
    /// BBR is gentle.
    Gentle { until: Instant },
}

/// Some looks together.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    looks: u32,
    /// How many of them saw many losses.
    lossy: u32,
    acked: u64,
    lost: u64,
    passed: Duration,
}

impl Judge {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Free { until: now },
            seen: Tally::default(),
            settling: 0,
            patience: PATIENCE_MIN,
            was_chance: None,
        }
    }

    /// Takes what was seen; what changes by it.
    pub(super) fn see(&mut self, look: Look, now: Instant) -> Option<Verdict> {
        if !look.full {
            return None;
        }
        if 0 < self.settling {
            self.settling -= 1;
            return None;
        }
        self.seen.add(look);
        if self.seen.looks < LOOKS {
            return None;
        }
        let seen = std::mem::take(&mut self.seen);
        let (stage, verdict) = self.judge(seen, now)?;
        self.stage = stage;
        self.settling = SETTLING;
        Some(verdict)
    }

    /// Forgets what it saw, as it tells nothing.
    pub(super) fn wait(&mut self) {
        self.seen = Tally::default();
        self.settling = SETTLING;
    }

    fn judge(&mut self, seen: Tally, now: Instant) -> Option<(Stage, Verdict)> {
        match self.stage {
            Stage::Free { until } => {
                let (share, rate) = (seen.share(), seen.rate());
                let is_lasting = LOOKS_LOSSY <= seen.lossy && SUSPICIOUS < share;
                (is_lasting && until <= now)
                    .then_some((Stage::Asking { share, rate }, Verdict::Still))
            }
            Stage::Asking { share, rate } => {
                let is_chance = share * STAYS < seen.share();
                self.answered(is_chance);
                let until = now + self.patience;
                Some(if is_chance {
                    (Stage::Free { until }, Verdict::Free)
                } else if BEARABLE < seen.share() {
                    (Stage::Gentle { until }, Verdict::Gentle)
                } else {
                    (Stage::Yielding { rate, since: now }, Verdict::Cubic)
                })
            }
            Stage::Yielding { rate, since } => {
                if since + YIELD_MAX <= now {
                    Some((Stage::Free { until: now }, Verdict::Free))
                } else if since + YIELD_MIN <= now && seen.rate() < SLOW * rate {
                    Some((Stage::Gentle { until: now + self.patience }, Verdict::Gentle))
                } else {
                    None
                }
            }
            Stage::Gentle { until } => {
                (until <= now).then_some((Stage::Free { until: now }, Verdict::Free))
            }
        }
    }

    fn answered(&mut self, is_chance: bool) {
        let is_same = self.was_chance.replace(is_chance) == Some(is_chance);
        self.patience = if is_same { PATIENCE_MAX.min(self.patience * 2) } else { PATIENCE_MIN };
    }
}

impl Tally {
    fn add(&mut self, look: Look) {
        self.looks += 1;
        let share = look.lost as f64 / (look.lost + look.acked).max(1) as f64;
        self.lossy += u32::from(SUSPICIOUS < share);
        self.acked += look.acked;
        self.lost += look.lost;
        self.passed += look.passed;
    }

    /// Which part was lost.
    fn share(&self) -> f64 {
        self.lost as f64 / (self.lost + self.acked).max(1) as f64
    }

    /// Bytes a second that arrived.
    fn rate(&self) -> f64 {
        self.acked as f64 / self.passed.as_secs_f64().max(f64::EPSILON)
    }
}

/// How many looks are taken together, and how many of them must have seen what is suspicious: what is
/// lost when BBR begins is over before.
const LOOKS: u32 = 8;
const LOOKS_LOSSY: u32 = 6;
/// What later versions of BBR take for too much.
const SUSPICIOUS: f64 = 0.02;
const SETTLING: u32 = 3;
/// From which part of the losses on that are left when less is sent they are chance.
const STAYS: f64 = 0.5;
/// Which losses by chance leave Cubic a good pace.
const BEARABLE: f64 = 0.006;
/// Below which part of what BBR reached Cubic is slow, once it had some time; and after how long BBR is
/// tried again where it is not.
const SLOW: f64 = 0.8;
const YIELD_MIN: Duration = Duration::from_secs(10);
const YIELD_MAX: Duration = Duration::from_mins(5);
const PATIENCE_MIN: Duration = Duration::from_secs(10);
const PATIENCE_MAX: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests;
