//! The `filter` and `orderby` of `task_list`.
//!
//! `task_id:A,B/status:ACTIVE/type:TRANSFER/label:~pat,!~pat/request_time:FROM,TO`: clauses joined
//! by `/`, which must all hold; of positive values one must fit, of negated ones none may.

use outport_types::{TaskId, TaskKind, TaskStatus, UnixTime};
use sea_orm::{
    ColumnTrait as _, Condition, ExprTrait as _, Order,
    sea_query::{Expr, Func, LikeExpr},
};

use crate::store::entity::task::Column;

/// Why a filter or an order is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum TaskFilterError {
    #[error("the filter {clause:?} is not FIELD:VALUES")]
    NoField { clause: String },
    #[error("tasks cannot be filtered by {field:?}")]
    Field { field: String },
    #[error("{value:?} is no value of {field}")]
    Value { field: &'static str, value: String },
    #[error("tasks cannot be sorted by {field:?}")]
    Order { field: String },
    #[error("more than {max} values")]
    TooMany { max: usize },
}

/// What a filter lets through.
pub(super) fn parse_filter(text: &str) -> Result<Condition, TaskFilterError> {
    let mut all = Condition::all();
    for clause in &clauses(text) {
        let no_field = || TaskFilterError::NoField { clause: clause.clone() };
        let (field, values) = clause.split_once(':').ok_or_else(no_field)?;
        if VALUES_MAX < values.split(',').count() {
            return Err(TaskFilterError::TooMany { max: VALUES_MAX });
        }
        all = all.add(match field.trim() {
            "task_id" => one_of(values, "task_id", Column::Id, |value| {
                value.parse::<TaskId>().ok().map(|id| id.uuid().into())
            })?,
            "status" => one_of(values, "status", Column::Status, |value| {
                // A word of the contract that no task of this hub ever has.
                let known = value == "INACTIVE" || TaskStatus::from_word(value).is_some();
                known.then(|| value.into())
            })?,
            "type" => one_of(values, "type", Column::Kind, |value| {
                TaskKind::from_word(value).map(|kind| kind.word().into())
            })?,
            "label" => label(values),
            "request_time" => span(values, "request_time", Column::RequestedAt)?,
            "completion_time" => span(values, "completion_time", Column::CompletedAt)?,
            other => return Err(TaskFilterError::Field { field: other.to_owned() }),
        });
    }
    Ok(all)
}

/// Takes a filter apart. A label may hold slashes: after one, only the name of a field begins the
/// next clause.
fn clauses(text: &str) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for part in text.split('/') {
        let field = part.split_once(':').map(|(field, _)| field.trim());
        let begins = field.is_some_and(|field| FIELDS.contains(&field));
        match clauses.last_mut() {
            Some(label) if label.trim_start().starts_with("label:") && !begins => {
                label.push('/');
                label.push_str(part);
            }
            Some(_) | None => clauses.push(part.to_owned()),
        }
    }
    clauses.retain(|clause| !clause.trim().is_empty());
    clauses
}

/// Reads `request_time DESC`; the newest come first unless asked otherwise.
pub(super) fn parse_order(text: Option<&str>) -> Result<Vec<(Column, Order)>, TaskFilterError> {
    let Some(text) = text else { return Ok(vec![(Column::RequestedAt, Order::Desc)]) };
    let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(|key| {
        let unknown = || TaskFilterError::Order { field: key.to_owned() };
        let (field, direction) = key.split_once(' ').unwrap_or((key, "ASC"));
        let column = match field {
            "task_id" => Column::Id,
            "status" => Column::Status,
            "type" => Column::Kind,
            "label" => Column::Label,
            "request_time" => Column::RequestedAt,
            "completion_time" => Column::CompletedAt,
            "deadline" => Column::Deadline,
            _ => return Err(unknown()),
        };
        match direction.trim() {
            "ASC" | "asc" => Ok((column, Order::Asc)),
            "DESC" | "desc" => Ok((column, Order::Desc)),
            _ => Err(unknown()),
        }
    });
    keys.collect()
}

fn one_of(
    values: &str,
    field: &'static str,
    column: Column,
    parse: impl Fn(&str) -> Option<sea_orm::Value>,
) -> Result<Condition, TaskFilterError> {
    let mut meant = Vec::new();
    for value in values.split(',').map(str::trim).filter(|value| !value.is_empty()) {
        let bad = || TaskFilterError::Value { field, value: value.to_owned() };
        meant.push(parse(value).ok_or_else(bad)?);
    }
    Ok(Condition::all().add(column.is_in(meant)))
}

fn label(values: &str) -> Condition {
    let mut any = Condition::any();
    let mut all = Condition::all();
    let mut has_positive = false;
    for value in values.split(',').filter(|value| !value.is_empty()) {
        let (negated, value) = match value.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, value),
        };
        let fits = match value.strip_prefix('~') {
            Some(glob) => {
                // SQLite makes small letters of ASCII only.
                let like = LikeExpr::new(like_of(&glob.to_ascii_lowercase())).escape('\\');
                Expr::expr(Func::lower(Expr::col(Column::Label))).like(like)
            }
            None => Column::Label.eq(value.strip_prefix('=').unwrap_or(value)),
        };
        if negated {
            all = all.add(fits.not().or(Column::Label.is_null()));
        } else {
            has_positive = true;
            any = any.add(fits);
        }
    }
    if has_positive { all.add(any) } else { all }
}

/// A glob in the words of SQL.
fn like_of(glob: &str) -> String {
    let mut like = String::with_capacity(glob.len() + 2);
    for c in glob.chars() {
        match c {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' | '\\' => like.extend(['\\', c]),
            c => like.push(c),
        }
    }
    like
}

fn span(values: &str, field: &'static str, column: Column) -> Result<Condition, TaskFilterError> {
    let (from, to) = values.split_once(',').unwrap_or((values, ""));
    let time = |text: &str| {
        let bad = |_| TaskFilterError::Value { field, value: text.to_owned() };
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        text.map(|text| text.parse::<UnixTime>().map_err(bad)).transpose()
    };
    let mut all = Condition::all();
    if let Some(from) = time(from)? {
        all = all.add(column.gte(from.millis()));
    }
    if let Some(to) = time(to)? {
        all = all.add(column.lte(to.millis()));
    }
    Ok(all)
}

/// What tasks can be filtered by.
const FIELDS: &[&str] = &["task_id", "status", "type", "label", "request_time", "completion_time"];
/// Values of one clause; `cancel --all` names its tasks one by one.
const VALUES_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait as _, QueryFilter as _, QueryTrait as _};

    use super::*;
    use crate::store::entity::task;

    #[test]
    fn filters_are_read_as_the_clients_write_them() {
        let sql = |filter: &str| {
            let query = task::Entity::find().filter(parse_filter(filter).unwrap());
            query.build(sea_orm::DbBackend::Sqlite).to_string()
        };
        let text = sql("type:TRANSFER,DELETE/status:ACTIVE,INACTIVE");
        assert!(text.contains("'TRANSFER', 'DELETE'"), "{text}");
        assert!(text.contains("'ACTIVE', 'INACTIVE'"), "{text}");
        let text = sql("label:~Nightly*,!~%x?");
        assert!(text.contains(r"'nightly%' ESCAPE '\'"), "{text}");
        assert!(text.contains(r"'\%x_' ESCAPE '\'"), "{text}");
        let text = sql("request_time:2026-01-31 12:00:00,");
        assert!(text.contains(">= 1769860800000"), "{text}");
        assert!(!text.contains("<="), "{text}");
        sql("");
    }

    #[test]
    fn labels_hold_slashes_and_letters_of_any_language() {
        assert_eq!(
            clauses("type:DELETE/label:~a/b:c/status:ACTIVE"),
            ["type:DELETE", "label:~a/b:c", "status:ACTIVE"]
        );
        assert_eq!(clauses("status:ACTIVE/colour:red/"), ["status:ACTIVE", "colour:red"]);
        let query = task::Entity::find().filter(parse_filter("label:~ÜBUNG*").unwrap());
        let text = query.build(sea_orm::DbBackend::Sqlite).to_string();
        assert!(text.contains("'Übung%'"), "{text}");
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for bad in ["status", "colour:red", "status:RUNNING", "type:COPY", "request_time:soon"] {
            assert!(parse_filter(bad).is_err(), "{bad}");
        }
        assert!(parse_order(Some("colour")).is_err());
        assert_eq!(parse_order(Some("request_time DESC")).unwrap().len(), 1);
    }
}
