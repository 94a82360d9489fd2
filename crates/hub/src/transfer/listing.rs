//! What `ls` asks for: filters and orders in the words of the contract.

use outport_protocol::control::{Clause, FileKind, Filter, ListingOrder, OrderField, Pattern};
use outport_types::UnixTime;

/// Why a filter or an order is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ListingError {
    #[error("the filter {clause:?} is not FIELD:VALUES")]
    NoField { clause: String },
    #[error("files cannot be filtered by {field:?}")]
    Field { field: String },
    #[error("{value:?} is no type of file")]
    Kind { value: String },
    #[error("{value:?} is not FROM,TO")]
    Range { value: String },
    #[error("files cannot be sorted by {field:?}")]
    Order { field: String },
    #[error("more than {max} filters or sort keys")]
    TooMany { max: usize },
}

/// Reads one `filter` parameter: clauses joined by `/`, which must all hold.
pub(super) fn parse_filter(text: &str) -> Result<Filter, ListingError> {
    let clauses = text.split('/').filter(|clause| !clause.is_empty());
    let clauses = clauses.map(parse_clause).collect::<Result<Vec<_>, _>>()?;
    if PARTS_MAX < clauses.len() {
        return Err(ListingError::TooMany { max: PARTS_MAX });
    }
    Ok(Filter { clauses })
}

/// Reads `name ASC,size DESC`.
pub(super) fn parse_order(text: &str) -> Result<Vec<ListingOrder>, ListingError> {
    let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
    let keys = keys.map(parse_key).collect::<Result<Vec<_>, _>>()?;
    if PARTS_MAX < keys.len() {
        return Err(ListingError::TooMany { max: PARTS_MAX });
    }
    Ok(keys)
}

fn parse_clause(clause: &str) -> Result<Clause, ListingError> {
    let no_field = || ListingError::NoField { clause: clause.to_owned() };
    let (field, values) = clause.split_once(':').ok_or_else(no_field)?;
    match field {
        "name" => Ok(Clause::Name(values.split(',').map(parse_pattern).collect())),
        "type" => {
            let kinds = values.split(',').map(parse_kind);
            Ok(Clause::Kind(kinds.collect::<Result<Vec<_>, _>>()?.concat()))
        }
        "last_modified" => {
            let (from, to) = range(values)?;
            let time = |text: &str| {
                let bad = |_| ListingError::Range { value: values.to_owned() };
                Some(text)
                    .filter(|text| !text.is_empty())
                    .map(str::parse::<UnixTime>)
                    .transpose()
                    .map_err(bad)
            };
            Ok(Clause::Modified { from: time(from)?, to: time(to)? })
        }
        "size" => {
            let (from, to) = range(values)?;
            let size = |text: &str| {
                let bad = |_| ListingError::Range { value: values.to_owned() };
                Some(text)
                    .filter(|text| !text.is_empty())
                    .map(str::parse::<u64>)
                    .transpose()
                    .map_err(bad)
            };
            Ok(Clause::Size { from: size(from)?, to: size(to)? })
        }
        other => Err(ListingError::Field { field: other.to_owned() }),
    }
}

/// `~glob`, `=exact`, or exact; a `!` before it negates.
fn parse_pattern(text: &str) -> Pattern {
    let (negated, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (glob, text) = match text.strip_prefix('~') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('=').unwrap_or(text)),
    };
    Pattern { text: text.to_owned(), glob, negated }
}

fn parse_kind(text: &str) -> Result<Vec<FileKind>, ListingError> {
    match text {
        "dir" => Ok(vec![FileKind::Dir]),
        "file" => Ok(vec![FileKind::File]),
        "link" | "invalid_symlink" => Ok(vec![FileKind::Link]),
        "chr" | "blk" | "pipe" | "socket" | "other" => Ok(vec![FileKind::Special]),
        other => Err(ListingError::Kind { value: other.to_owned() }),
    }
}

fn range(values: &str) -> Result<(&str, &str), ListingError> {
    values.split_once(',').ok_or_else(|| ListingError::Range { value: values.to_owned() })
}

fn parse_key(key: &str) -> Result<ListingOrder, ListingError> {
    let (field, direction) = key.split_once(' ').unwrap_or((key, "ASC"));
    let unknown = || ListingError::Order { field: key.to_owned() };
    let field = match field {
        "name" => OrderField::Name,
        "size" => OrderField::Size,
        "type" => OrderField::Type,
        "last_modified" => OrderField::LastModified,
        "permissions" => OrderField::Permissions,
        "user" => OrderField::User,
        "group" => OrderField::Group,
        _ => return Err(unknown()),
    };
    match direction.trim() {
        "ASC" | "asc" => Ok(ListingOrder { field, descending: false }),
        "DESC" | "desc" => Ok(ListingOrder { field, descending: true }),
        _ => Err(unknown()),
    }
}

/// Clauses of a filter, and keys of an order; nobody types more.
const PARTS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_as_the_clients_write_them() {
        let filter = parse_filter("type:dir/name:~*.txt,!~a*,=b,c/size:10,").unwrap();
        let pattern = |text: &str, glob, negated| Pattern { text: text.to_owned(), glob, negated };
        assert_eq!(
            filter.clauses,
            [
                Clause::Kind(vec![FileKind::Dir]),
                Clause::Name(vec![
                    pattern("*.txt", true, false),
                    pattern("a*", true, true),
                    pattern("b", false, false),
                    pattern("c", false, false),
                ]),
                Clause::Size { from: Some(10), to: None },
            ]
        );
        let filter = parse_filter("last_modified:2026-01-31 12:00:00,").unwrap();
        let from = Some(UnixTime::from_seconds(1_769_860_800));
        assert_eq!(filter.clauses, [Clause::Modified { from, to: None }]);
        for bad in ["name", "colour:red", "type:folder", "size:10", "size:a,b"] {
            assert!(parse_filter(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn orders_are_read_as_the_clients_write_them() {
        let order = parse_order("name ASC,size DESC,type").unwrap();
        let fields: Vec<_> = order.iter().map(|key| (key.field, key.descending)).collect();
        assert_eq!(
            fields,
            [(OrderField::Name, false), (OrderField::Size, true), (OrderField::Type, false)]
        );
        assert!(parse_order("name SIDEWAYS").is_err());
        assert!(parse_order("colour").is_err());
        assert!(parse_order(&"name,".repeat(40)).is_err());
    }
}
