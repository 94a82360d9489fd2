//! Sizes and rates as people read them.

use std::fmt;

/// A number of bytes, shown as `1.5 GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// Bytes per second, shown as `94 MB/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0 as f64;
        let mut unit = 0;
        while 999.5 <= value && unit + 1 < UNITS.len() {
            value /= 1000.0;
            unit += 1;
        }
        let digits = if unit == 0 || 9.95 <= value { 0 } else { 1 };
        f.pad(&format!("{value:.digits$} {}", UNITS[unit]))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/s", Bytes(self.0)))
    }
}

const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits_or_three() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (94_200_000, "94 MB"),
            (999_600, "1.0 MB"),
            (1_500_000_000, "1.5 GB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        assert_eq!(Rate(94_000_000).to_string(), "94 MB/s");
    }
}
