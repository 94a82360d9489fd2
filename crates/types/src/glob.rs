//! Patterns for names: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`; everything else is itself.

/// A pattern, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    parts: Vec<Part>,
    fold_case: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Is(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Reads a pattern; a `[` that is not closed is itself.
    pub fn new(text: &str, fold_case: bool) -> Self {
        let folded = if fold_case { text.to_lowercase() } else { text.to_owned() };
        let chars: Vec<char> = folded.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            at += 1;
            match c {
                // Several stars are one: this is what keeps matching from taking forever.
                '*' if parts.last() == Some(&Part::Any) => {}
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One),
                '[' => match set(&chars[at..]) {
                    Some((part, taken)) => {
                        parts.push(part);
                        at += taken;
                    }
                    None => parts.push(Part::Is('[')),
                },
                c => parts.push(Part::Is(*c)),
            }
        }
        Self { parts, fold_case }
    }

    /// Whether a text holds anything that makes it a pattern.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Whether the whole name fits.
    pub fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = if self.fold_case {
            name.to_lowercase().chars().collect()
        } else {
            name.chars().collect()
        };
        // Goes back to the last star only, so the time is at most pattern times name.
        let (mut part, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() || part < self.parts.len() {
            match (self.parts.get(part), name.get(at)) {
                (Some(Part::Any), _) => {
                    star = Some((part, at));
                    part += 1;
                    continue;
                }
                (Some(one), Some(c)) if one.fits(*c) => {
                    part += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            match star {
                Some((any, from)) if from < name.len() => {
                    star = Some((any, from + 1));
                    part = any + 1;
                    at = from + 1;
                }
                Some(_) | None => return false,
            }
        }
        true
    }
}

impl Part {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Is(own) => *own == c,
            Self::Set { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated
            }
        }
    }
}

/// Reads a set after its `[`: the part, and how many characters it took.
fn set(chars: &[char]) -> Option<(Part, usize)> {
    let negated = matches!(chars.first(), Some('!' | '^'));
    let start = usize::from(negated);
    // A `]` that comes first is a member.
    let close = chars.iter().skip(start + 1).position(|c| *c == ']')? + start + 1;
    let mut ranges = Vec::new();
    let mut at = start;
    while at < close {
        if at + 2 < close && chars[at + 1] == '-' {
            ranges.push((chars[at], chars[at + 2]));
            at += 3;
        } else {
            ranges.push((chars[at], chars[at]));
            at += 1;
        }
    }
    Some((Part::Set { negated, ranges }, close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("*.txt", "a.txt", true),
            ("*.txt", "a.txt.gz", false),
            ("a*b*c", "aXbYbZc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]x", "]x", true),
            ("[ab", "[ab", true),
            ("", "", true),
            ("", "a", false),
            ("é?", "éa", true),
        ] {
            assert_eq!(Glob::new(pattern, false).fits(name), fits, "{pattern} {name}");
        }
        assert!(Glob::new("*.TXT", true).fits("A.txt"));
    }

    #[test]
    fn a_pattern_of_stars_is_quick() {
        let pattern = "*a".repeat(200);
        assert!(!Glob::new(&pattern, false).fits(&"a".repeat(199)));
        assert!(!Glob::new(&format!("{pattern}b"), false).fits(&"a".repeat(4000)));
    }
}
