//! Reports in few bytes.
//!
//! Most reports are of files that arrived, one after the other in the same directory. Such a report is
//! an array that says in what it differs from the file before it in the message; all others are objects.
//!
//! | | |
//! | --- | --- |
//! | 0 | how many leading names of the source's path are those of the file before |
//! | 1 | the rest of that path |
//! | 2, 3 | the same of the destination; the rest is `null` where it is the source's |
//! | 4 | the size in bytes |
//! | 5 | the digest in base64url |

use core::fmt;

use data_encoding::BASE64URL_NOPAD;
use outport_types::{CollectionPath, Digest};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        Error as _, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use crate::report::{REPORTS_PER_MESSAGE_MAX, Report, Transferred};

pub(super) fn serialize<S: Serializer>(
    reports: &[Report],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut before: Option<&Transferred> = None;
    serializer.collect_seq(reports.iter().map(|report| match report {
        Report::Transferred(file) => Written::File(Brief::of(file, before.replace(file))),
        Report::Skipped(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => {
            Written::Other(report)
        }
    }))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Report>, D::Error> {
    let read = Vec::<Read>::deserialize(deserializer)?;
    // Few bytes may name long paths.
    if REPORTS_PER_MESSAGE_MAX < read.len() {
        return Err(D::Error::custom("too many reports in one message"));
    }
    let mut reports: Vec<Report> = Vec::with_capacity(read.len());
    let mut before = None;
    for one in read {
        reports.push(match one {
            Read::Other(report) => report,
            Read::File(brief) => {
                let file = brief.after(before.and_then(|at: usize| file_at(&reports, at)));
                before = Some(reports.len());
                Report::Transferred(file.ok_or_else(|| D::Error::custom("no such path"))?)
            }
        });
    }
    Ok(reports)
}

fn file_at(reports: &[Report], at: usize) -> Option<&Transferred> {
    match reports.get(at)? {
        Report::Transferred(file) => Some(file),
        Report::Skipped(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => None,
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    File(Brief),
    Other(&'a Report),
}

#[expect(clippy::large_enum_variant, reason = "it lives for a moment")]
enum Read {
    File(Brief),
    Other(Report),
}

#[derive(Serialize, Deserialize)]
struct Brief(usize, CollectionPath, usize, Option<CollectionPath>, u64, String);

impl Brief {
    fn of(file: &Transferred, before: Option<&Transferred>) -> Self {
        let (source, rest) = shortened(&file.source, before.map(|file| &file.source));
        let (destination, other) =
            shortened(&file.destination, before.map(|file| &file.destination));
        let other = (other != rest).then_some(other);
        let digest = BASE64URL_NOPAD.encode(&file.digest.0);
        Self(source, rest, destination, other, file.size, digest)
    }

    /// `None` when it can be no file.
    fn after(self, before: Option<&Transferred>) -> Option<Transferred> {
        let Self(source, rest, destination, other, size, digest) = self;
        let other = other.as_ref().unwrap_or(&rest);
        let digest = BASE64URL_NOPAD.decode(digest.as_bytes()).ok()?;
        Some(Transferred {
            destination: whole(destination, other, before.map(|file| &file.destination))?,
            source: whole(source, &rest, before.map(|file| &file.source))?,
            size,
            digest: Digest(digest.try_into().ok()?),
        })
    }
}

/// How many names are those of the path before, and the rest.
fn shortened(path: &CollectionPath, before: Option<&CollectionPath>) -> (usize, CollectionPath) {
    let names = path.names();
    let before = before.map(CollectionPath::names).unwrap_or_default();
    let shared = names.iter().zip(before).take_while(|(one, other)| one == other).count();
    // A part of a path is one.
    (shared, CollectionPath::from_names(names[shared..].to_vec()).unwrap_or_default())
}

fn whole(
    shared: usize,
    rest: &CollectionPath,
    before: Option<&CollectionPath>,
) -> Option<CollectionPath> {
    let before = before.map(CollectionPath::names).unwrap_or_default();
    CollectionPath::from_names([before.get(..shared)?, rest.names()].concat()).ok()
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadVisitor)
    }
}

struct ReadVisitor;

impl<'de> Visitor<'de> for ReadVisitor {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Read, A::Error> {
        Brief::deserialize(SeqAccessDeserializer::new(values)).map(Read::File)
    }

    fn visit_map<A: MapAccess<'de>>(self, values: A) -> Result<Read, A::Error> {
        Report::deserialize(MapAccessDeserializer::new(values)).map(Read::Other)
    }
}

#[cfg(test)]
mod tests {
    use outport_types::UnixTime;
    use serde_json::{Value, json};

    use super::*;
    use crate::report::{Counts, Finished};

    fn file(source: &str, destination: &str, n: u8) -> Report {
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        let digest = Digest([n; 32]);
        Report::Transferred(Transferred { source, destination, size: n.into(), digest })
    }

    fn finished() -> Report {
        let time = UnixTime::from_seconds(9);
        Report::Finished(Finished { time, failure: None, counts: Counts::default() })
    }

    fn read(json: Value) -> Result<Vec<Report>, serde_json::Error> {
        deserialize(json)
    }

    #[test]
    fn a_file_says_in_what_it_differs_from_the_one_before() {
        let reports = [
            file("/data/run/a", "/scratch/run/a", 1),
            file("/data/run/b/c", "/scratch/run/b/c", 2),
            file("/data/run/b/d", "/scratch/run/b/d (2)", 3),
            finished(),
            file("/data/run/b/d", "/", 4),
            file("/", "/data", 5),
        ];
        let json = serialize(&reports, serde_json::value::Serializer).unwrap();
        let digest = |n: u8| BASE64URL_NOPAD.encode(&[n; 32]);
        assert_eq!(json[0], json!([0, "/data/run/a", 0, "/scratch/run/a", 1, digest(1)]));
        assert_eq!(json[1], json!([2, "/b/c", 2, null, 2, digest(2)]));
        assert_eq!(json[2], json!([3, "/d", 3, "/d (2)", 3, digest(3)]));
        assert_eq!(json[4], json!([4, "/", 0, null, 4, digest(4)]));
        assert_eq!(json[5], json!([0, "/", 0, "/data", 5, digest(5)]));
        assert_eq!(read(json).unwrap(), reports);
    }

    #[test]
    fn what_can_be_no_file_is_refused() {
        let digest = BASE64URL_NOPAD.encode(&[1; 32]);
        let first = json!([0, "/a/b", 0, null, 1, digest]);
        let second = |second: Value| read(json!([first, second]));
        assert!(second(json!([1, "/c", 2, null, 1, digest])).is_ok());
        assert!(second(json!([3, "/c", 0, null, 1, digest])).is_err());
        assert!(second(json!([-1, "/c", 0, null, 1, digest])).is_err());
        assert!(second(json!([0, "/../c", 0, null, 1, digest])).is_err());
        assert!(second(json!([0, "/c", 0, null, 1, "AAAA"])).is_err());
        assert!(second(json!([0, "/c", 0, null, 1])).is_err());
        assert!(second(json!([0, "/c", 0, null, 1, digest, 2])).is_err());
        assert!(read(json!([[1, "/c", 0, null, 1, digest]])).is_err(), "there is none before");
    }

    /// Each file may name all of the one before it.
    #[test]
    fn paths_and_messages_grow_as_far_as_they_may() {
        let digest = BASE64URL_NOPAD.encode(&[1; 32]);
        let name = format!("/{}", "n".repeat(200));
        let grows = |files: usize| {
            (0..files).map(|n| json!([n, name, n, null, 1, digest])).collect::<Value>()
        };
        assert!(read(grows(2)).is_ok());
        assert!(read(grows(REPORTS_PER_MESSAGE_MAX)).is_err(), "the path is too long");
        let many =
            |files: usize| (0..files).map(|_| json!([0, name, 0, null, 1, digest])).collect();
        assert!(read(many(REPORTS_PER_MESSAGE_MAX)).is_ok());
        assert!(read(many(REPORTS_PER_MESSAGE_MAX + 1)).is_err());
    }
}
