//! How what a session travels over does.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How the line between two computers does lately, as one of them measures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Line {
    /// How long a packet and its answer take, in microseconds.
    pub rtt_us: u32,
    /// Of a million packets that went out, how many got lost; `None` where nobody here can tell: over TCP,
    /// and where none of weight went out.
    pub lost_ppm: Option<u32>,
    /// How many connections carry the content.
    pub connections: u8,
}

impl Line {
    /// The same with two digits of each number, so that what hardly changes does not change.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self {
            rtt_us: two_digits(self.rtt_us),
            lost_ppm: self.lost_ppm.map(|lost| two_digits(lost).min(ALL)),
            connections: self.connections,
        }
    }
}

fn two_digits(number: u32) -> u32 {
    let power = 10_u32.pow(number.checked_ilog10().unwrap_or(0).saturating_sub(1));
    number.saturating_add(power / 2) / power * power
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.rtt_us < 10_000) + usize::from(self.rtt_us < 1_000);
        write!(f, "{:.digits$} ms", f64::from(self.rtt_us) / 1e3)?;
        if let Some(lost) = self.lost_ppm {
            let percent = f64::from(lost) / 1e4;
            let digits = if lost == 0 || 10.0 <= percent { 0 } else { 2 };
            write!(f, ", {percent:.digits$} % lost")?;
        }
        if 1 < self.connections {
            write!(f, ", {} connections", self.connections)?;
        }
        Ok(())
    }
}

const ALL: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rtt_us: u32, lost_ppm: Option<u32>, connections: u8) -> Line {
        Line { rtt_us, lost_ppm, connections }
    }

    #[test]
    fn it_is_said_in_few_digits() {
        let said = [
            (line(12_345, Some(1_234), 1), "12 ms, 0.12 % lost"),
            (line(1_234, None, 1), "1.2 ms"),
            (line(40, Some(0), 3), "0.04 ms, 0 % lost, 3 connections"),
            (line(650_000, Some(123_456), 2), "650 ms, 12 % lost, 2 connections"),
        ];
        for (line, words) in said {
            assert_eq!(line.rounded().to_string(), words);
        }
    }

    #[test]
    fn two_digits_of_any_number_stay() {
        let rounded = [0, 7, 99, 994, 995, 1_249, u32::MAX].map(two_digits);
        assert_eq!(rounded, [0, 7, 99, 990, 1_000, 1_200, 4_200_000_000]);
        let most = line(0, Some(u32::MAX), 1).rounded();
        assert_eq!(most.lost_ppm, Some(1_000_000));
    }
}
