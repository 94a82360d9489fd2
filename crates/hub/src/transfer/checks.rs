//! What a submission must be before it becomes a task.

use axum::http::StatusCode;
use outport_api::transfer::{
    DeleteSubmission, FilterRule, TransferItem as Item, TransferSubmission, error_code,
};
use outport_protocol::orders::{
    DeleteOrders, ITEMS_MAX, Orders, TransferItem, TransferOrders, Work,
};
use outport_types::{
    ChecksumAlgorithm, Code, CollectionPath, Conflict, EndpointId, ExternalChecksum, Extras,
    FILTER_RULES_MAX, Problem, Purpose, TaskId, TransferOptions,
};
use serde_json::{Map, Value};

use super::operations::parse_path;
use crate::http::TransferError;

/// Refuses options that the agents do not know yet, and those that this hub never heard of: a
/// transfer that ignores what it was asked would do damage.
pub(super) fn refuse_unsupported(document: &Value) -> Result<(), TransferError> {
    let Value::Object(fields) = document else {
        return Err(TransferError::bad_request("The body must be a JSON object."));
    };
    refuse_all_but(FIELDS, fields)?;
    let items = fields.get("DATA").and_then(Value::as_array);
    for item in items.into_iter().flatten() {
        let is_item = item.get("DATA_TYPE").and_then(Value::as_str);
        if is_item.is_some_and(|kind| !ITEM_TYPES.contains(&kind)) {
            return Err(unsupported(is_item.unwrap_or_default()));
        }
        if let Value::Object(fields) = item {
            refuse_all_but(FIELDS_OF_ITEMS, fields)?;
        }
    }
    match fields.get("sync_level") {
        None | Some(Value::Null) => Ok(()),
        Some(level) if level.as_u64().is_some_and(|level| level <= 3) => Ok(()),
        Some(_) => Err(TransferError::bad_request("sync_level must be 0, 1, 2 or 3.")),
    }
}

/// Refuses what only a transfer can be asked for: a deletion that ignores a filter deletes too much.
pub(super) fn refuse_of_transfers(document: &Value) -> Result<(), TransferError> {
    let meant = |name: &&&str| document.get(**name).is_some_and(is_meant);
    let mut items = document.get("DATA").and_then(Value::as_array).into_iter().flatten();
    let of_item = |item: &Value| {
        let meant = |name: &&&str| item.get(**name).is_some_and(is_meant);
        FIELDS_OF_TRANSFER_ITEMS.iter().find(meant).copied()
    };
    let found = FIELDS_OF_TRANSFERS.iter().find(meant).copied();
    match found.or_else(|| items.find_map(of_item)) {
        Some(name) => {
            let message = format!("A deletion cannot have {name}. Leave it out.");
            Err(TransferError::bad_request(message).with("unsupported", name))
        }
        None => Ok(()),
    }
}

/// What one item brings must be no extra of another, and no item its own source.
fn check_deletion(items: &[TransferItem], same_endpoint: bool) -> Result<(), TransferError> {
    let mut destinations: Vec<_> = items.iter().map(|item| &item.destination).collect();
    destinations.sort_by(|a, b| a.names().cmp(b.names()));
    // Sorted by names, what is inside something comes right after it.
    let nested = destinations.windows(2).find(|pair| pair[1].is_inside(pair[0]));
    if let Some([outer, inner]) = nested.map(|pair| [pair[0], pair[1]]) {
        let message = format!(
            "delete_destination_extra cannot be used with {inner} inside {outer}: one would delete \
             what the other brings. Make two tasks of it."
        );
        return Err(TransferError::bad_request(message));
    }
    let sources = items.iter().map(|item| &item.source);
    let inside = |source: &&CollectionPath| {
        same_endpoint && items.iter().any(|item| source.is_inside(&item.destination))
    };
    if items.len() <= SOURCES_CHECKED_MAX
        && let Some(source) = sources.clone().find(inside)
    {
        let message = format!(
            "delete_destination_extra would delete {source}, which is inside the destination. \
             Choose another destination."
        );
        return Err(TransferError::bad_request(message));
    }
    Ok(())
}

/// Checks the rules of a filter.
fn check_filters(rules: &[FilterRule]) -> Result<(), TransferError> {
    if FILTER_RULES_MAX < rules.len() {
        let message = format!("filter_rules has more than {FILTER_RULES_MAX} rules.");
        return Err(TransferError::bad_request(message));
    }
    for rule in rules {
        let name = &rule.name;
        // Rules look at single names: one with a slash would never match.
        if name.is_empty() || PATTERN_BYTES_MAX < name.len() || name.contains('/') {
            let message = format!(
                "filter_rules (--include, --exclude) has `{name}`, which is no pattern for a name. \
                 Give a single name that is not empty and holds no slash."
            );
            return Err(TransferError::bad_request(message));
        }
    }
    Ok(())
}

/// The checksum that an item came with.
fn checksum_of(item: &Item) -> Result<Option<ExternalChecksum>, TransferError> {
    let path = &item.source_path;
    let algorithm = item.checksum_algorithm.as_deref().map(str::parse::<ChecksumAlgorithm>);
    let algorithm = algorithm.transpose().map_err(|error| {
        TransferError::bad_request(format!(
            "checksum_algorithm (--checksum-algorithm) of {path}: {error}."
        ))
    })?;
    let Some(text) = &item.external_checksum else {
        return match algorithm {
            None => Ok(None),
            Some(_) => Err(TransferError::bad_request(format!(
                "checksum_algorithm (--checksum-algorithm) of {path} needs an external_checksum to \
                 compare with. Give one, or leave it out: every file is verified in any case."
            ))),
        };
    };
    if item.recursive == Some(true) {
        return Err(TransferError::bad_request(format!(
            "external_checksum (--external-checksum) is for single files, and {path} is asked for \
             recursively. Leave one out."
        )));
    }
    let checksum = ExternalChecksum::read(text, algorithm).map_err(|error| {
        TransferError::bad_request(format!(
            "external_checksum (--external-checksum) of {path}: {error}."
        ))
    })?;
    Ok(Some(checksum))
}

/// An endpoint that a task is about.
pub(super) struct End {
    pub(super) id: EndpointId,
    pub(super) name: String,
}

/// The orders of a transfer between two endpoints.
pub(super) fn transfer_orders(
    task: TaskId,
    asked: &TransferSubmission,
    (from, to): (End, End),
) -> Result<Orders, TransferError> {
    if asked.data.is_empty() {
        let message = "A transfer needs at least one item.";
        let status = StatusCode::BAD_REQUEST;
        return Err(TransferError::new(status, error_code::NO_TRANSFER_ITEMS, message));
    }
    bound_items(asked.data.len())?;
    check_filters(&asked.filter_rules)?;
    let options = asked.options();
    let is_check = options.purpose == Purpose::Check;
    if is_check {
        refuse_of_checks(&options, &asked.data)?;
    }
    let same = from.id == to.id;
    let mut items = Vec::with_capacity(asked.data.len());
    for item in &asked.data {
        let source = parse_path(&item.source_path)?;
        let destination = parse_path(&item.destination_path)?;
        if same && !is_check && destination.is_inside(&source) {
            return Err(same_tree(&source, &destination));
        }
        let checksum = checksum_of(item)?;
        items.push(TransferItem { source, destination, recursive: item.recursive, checksum });
    }
    bound_paths(items.iter().flat_map(|item| [&item.source, &item.destination]))?;
    for (asked, name) in [
        (asked.outport.keep_deleted, "keep_deleted"),
        (asked.outport.allow_empty_source, "allow_empty_source"),
    ] {
        if asked && options.extras == Extras::Stay {
            let message = format!("{name} needs delete_destination_extra.");
            return Err(TransferError::bad_request(message));
        }
    }
    if options.extras != Extras::Stay && options.conflict == Conflict::Rename {
        let message = "delete_destination_extra cannot be used with the conflict policy rename: what \
                       got a free name is none of the source's, and would be deleted. Choose one.";
        return Err(TransferError::bad_request(message));
    }
    if options.extras != Extras::Stay {
        // Each destination has a grant of its own beside that of what holds it.
        let destinations = items.iter().map(|item| &item.destination);
        bound_paths(destinations.flat_map(|path| [path, path]))?;
        check_deletion(&items, same)?;
    }
    Ok(Orders {
        task,
        work: Work::Transfer(TransferOrders {
            source: from.id,
            source_name: from.name,
            destination: to.id,
            destination_name: to.name,
            items,
            options,
        }),
    })
}

/// Refuses what says how something is changed, where nothing is: who asks for it expects more of a
/// check than it does.
fn refuse_of_checks(options: &TransferOptions, items: &[Item]) -> Result<(), TransferError> {
    if options.sync_level.is_none() {
        let message = "A check needs sync_level, which says by what the two sides are compared.";
        return Err(TransferError::bad_request(message));
    }
    for (asked, name) in [
        (options.extras != Extras::Stay, "delete_destination_extra"),
        (options.conflict != Conflict::Overwrite, "conflict"),
        (options.preserve_times, "preserve_timestamp"),
        (options.preserve_permissions, "preserve_permissions"),
        (options.preserve_xattrs, "preserve_xattrs"),
        (options.preserve_hard_links, "preserve_hard_links"),
        (items.iter().any(|item| item.external_checksum.is_some()), "external_checksum"),
    ] {
        if asked {
            let message = format!("A check changes nothing, so it cannot have {name}.");
            return Err(TransferError::bad_request(message).with("unsupported", name));
        }
    }
    Ok(())
}

/// The orders of a deletion from an endpoint.
pub(super) fn delete_orders(
    task: TaskId,
    asked: &DeleteSubmission,
    place: End,
) -> Result<Orders, TransferError> {
    if asked.data.is_empty() {
        let message = "A deletion needs at least one item.";
        let status = StatusCode::BAD_REQUEST;
        return Err(TransferError::new(status, error_code::NO_DELETE_ITEMS, message));
    }
    bound_items(asked.data.len())?;
    let paths = asked.data.iter().map(|item| parse_path(&item.path));
    let paths = paths.collect::<Result<Vec<_>, _>>()?;
    if paths.contains(&CollectionPath::ROOT) {
        return Err(TransferError::bad_request("The root of a collection cannot be deleted."));
    }
    bound_paths(paths.iter())?;
    Ok(Orders {
        task,
        work: Work::Delete(DeleteOrders {
            endpoint: place.id,
            endpoint_name: place.name,
            paths,
            recursive: asked.recursive,
            ignore_missing: asked.ignore_missing,
            globs: asked.interpret_globs,
        }),
    })
}

/// Checks a label.
pub(super) fn check_label(label: Option<&str>) -> Result<(), TransferError> {
    if label.is_some_and(|label| LABEL_CHARS_MAX < label.chars().count()) {
        let message = format!("label has more than {LABEL_CHARS_MAX} characters.");
        return Err(TransferError::bad_request(message));
    }
    Ok(())
}

fn refuse_all_but(known: &[&str], fields: &Map<String, Value>) -> Result<(), TransferError> {
    let is_known = |name: &str| known.contains(&name) || name.starts_with("perf_");
    match fields.iter().find(|(name, value)| !is_known(name) && is_meant(value)) {
        Some((name, _)) => {
            Err(unsupported(&name.chars().take(SHOWN_CHARS_MAX).collect::<String>()))
        }
        None => Ok(()),
    }
}

/// Whether a value asks for something: absent, null, false and empty ones do not.
fn is_meant(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty() && text != "ignore",
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

fn unsupported(name: &str) -> TransferError {
    let message = format!("This hub does not support {name} yet. Leave it out.");
    TransferError::bad_request(message).with("unsupported", name)
}

fn same_tree(source: &CollectionPath, destination: &CollectionPath) -> TransferError {
    let args =
        [("source", source.to_string().into()), ("destination", destination.to_string().into())];
    let problem = Problem::new(Code::SameTree, args);
    TransferError::problem(StatusCode::BAD_REQUEST, error_code::BAD_REQUEST, problem)
}

fn bound_items(items: usize) -> Result<(), TransferError> {
    if ITEMS_MAX < items {
        let message =
            format!("{items} items are too many for one task; {ITEMS_MAX} are allowed. Split it.");
        return Err(TransferError::bad_request(message));
    }
    Ok(())
}

/// The ticket of a task names its paths, and has a bound of its own.
fn bound_paths<'a>(paths: impl Iterator<Item = &'a CollectionPath>) -> Result<(), TransferError> {
    let names = paths.flat_map(CollectionPath::names);
    let bytes: usize = names.map(|name| name.as_bytes().len() + 2).sum();
    if PATHS_BYTES_MAX < bytes {
        let message = "The paths of all items are too long together. Split the task.";
        return Err(TransferError::bad_request(message));
    }
    Ok(())
}

/// The fields of submissions that are carried out, or that change nothing about what arrives:
/// an agent has one local user, tunes itself (`perf_…`), and needs no activation.
const FIELDS: &[&str] = &[
    "DATA",
    "DATA_TYPE",
    "deadline",
    "delete_destination_extra",
    "destination_endpoint",
    "destination_local_user",
    "encrypt_data",
    "endpoint",
    "fail_on_quota_errors",
    "filter_rules",
    "ignore_missing",
    "interpret_globs",
    "label",
    "local_user",
    "notify_on_failed",
    "notify_on_inactive",
    "notify_on_succeeded",
    "outport",
    "preserve_timestamp",
    "recursive",
    "recursive_symlinks",
    "skip_activation_check",
    "skip_source_errors",
    "source_endpoint",
    "source_local_user",
    "submission_id",
    "sync_level",
    "verify_checksum",
];
/// Those of them that choose which files take part.
const FIELDS_OF_TRANSFERS: &[&str] =
    &["delete_destination_extra", "filter_rules", "outport", "recursive_symlinks"];
/// The same of items.
const FIELDS_OF_TRANSFER_ITEMS: &[&str] = &["checksum_algorithm", "external_checksum"];
/// All of items.
const FIELDS_OF_ITEMS: &[&str] = &[
    "DATA_TYPE",
    "checksum_algorithm",
    "destination_path",
    "external_checksum",
    "path",
    "recursive",
    "source_path",
];
/// How much of an unknown name an error repeats.
const SHOWN_CHARS_MAX: usize = 100;
const ITEM_TYPES: &[&str] = &["transfer_item", "delete_item"];
/// Each is compared with each; the agents look by identity in any case.
const SOURCES_CHECKED_MAX: usize = 1000;
/// As long as a name can be.
const PATTERN_BYTES_MAX: usize = 1024;
/// As the public service has it.
const LABEL_CHARS_MAX: usize = 128;
/// Half of what a ticket may have.
const PATHS_BYTES_MAX: usize = outport_protocol::ticket::TICKET_BYTES_MAX / 2;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_that_nobody_would_carry_out_are_refused_by_name() {
        for (document, name) in [
            (json!({"fail_on_symlinks": true}), "fail_on_symlinks"),
            (json!({"DATA": [{"owner": "abc"}]}), "owner"),
            (json!({"keep_owners": true}), "keep_owners"),
            (json!({"DATA": [{"rename_if_there": "x"}]}), "rename_if_there"),
            (json!({"DATA": [{"DATA_TYPE": "transfer_symlink_item"}]}), "transfer_symlink_item"),
            (json!({"sync_level": 7}), "sync_level"),
            (json!({"sync_level": "size"}), "sync_level"),
        ] {
            let error = refuse_unsupported(&document).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn options_that_ask_for_nothing_are_accepted() {
        let document = json!({
            "delete_destination_extra": false, "filter_rules": null, "sync_level": 3,
            "keep_owners": false, "perf_cc": 4,
            "skip_activation_check": true, "source_local_user": "smith",
            "DATA": [{"DATA_TYPE": "transfer_item", "external_checksum": null}],
        });
        refuse_unsupported(&document).unwrap();
    }

    #[test]
    fn a_deletion_that_is_to_leave_something_out_is_refused() {
        refuse_of_transfers(&json!({"recursive": true, "filter_rules": []})).unwrap();
        let document = json!({"filter_rules": [{"method": "exclude", "name": "keep"}]});
        assert!(refuse_of_transfers(&document).unwrap_err().to_string().contains("filter_rules"));
        let document = json!({"DATA": [{"path": "/a"}, {"path": "/b", "external_checksum": "00"}]});
        let error = refuse_of_transfers(&document).unwrap_err();
        assert!(error.to_string().contains("external_checksum"));
    }

    #[test]
    fn deleting_extras_never_deletes_what_another_item_brings_or_the_source() {
        let item = |source: &str, destination: &str| TransferItem {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            recursive: None,
            checksum: None,
        };
        for (items, same, is_fine) in [
            (vec![item("/a", "/x"), item("/b", "/y"), item("/c", "/x-y")], false, true),
            (vec![item("/a", "/x"), item("/b", "/x")], false, false),
            (vec![item("/a", "/x/deep/er"), item("/c", "/w"), item("/b", "/x")], false, false),
            (vec![item("/a/b", "/a")], false, true),
            (vec![item("/a/b", "/a")], true, false),
        ] {
            assert_eq!(check_deletion(&items, same).is_ok(), is_fine, "{items:?} {same}");
        }
    }

    #[test]
    fn a_filter_rule_is_a_pattern_for_one_name() {
        for (name, is_fine) in [("*.txt", true), ("", false), ("a/b", false)] {
            let rule = FilterRule {
                method: outport_api::transfer::FilterMethod::Exclude,
                filter_type: None,
                name: name.to_owned(),
            };
            assert_eq!(check_filters(std::slice::from_ref(&rule)).is_ok(), is_fine, "{name}");
            assert!(check_filters(&vec![rule; FILTER_RULES_MAX + 1]).is_err());
        }
    }

    #[test]
    fn a_destination_inside_its_source_is_refused() {
        for (source, destination, same, refused) in [
            ("/a", "/a", true, true),
            ("/a", "/a/b", true, true),
            ("/a/", "/a//b", true, true),
            ("/", "/b", true, true),
            ("/a", "/ab", true, false),
            ("/a/b", "/a", true, false),
            ("/a", "/a", false, false),
        ] {
            let end = |n| End { id: EndpointId::from_bytes([n; 16]), name: format!("a#{n}") };
            let (from, to) = (end(1), end(if same { 1 } else { 2 }));
            let item = outport_api::transfer::TransferItem::new(source, destination);
            let id = outport_types::SubmissionId::random();
            let asked = TransferSubmission::new(id, from.id, to.id, vec![item]);
            let orders = transfer_orders(TaskId::random(), &asked, (from, to));
            assert_eq!(orders.is_err(), refused, "{source} to {destination}");
        }
    }
}
