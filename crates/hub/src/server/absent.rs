//! Parts of the public API that this hub lacks: who asks for one hears so, not "nothing here".

/// What a path would lead to, if the hub had it.
pub(super) fn absent_part(path: &str) -> Option<&'static str> {
    let below_endpoint =
        path.strip_prefix("/v0.10/endpoint/").and_then(|rest| rest.split_once('/'));
    let (parts, path) = match below_endpoint {
        Some((_, rest)) => (OF_AN_ENDPOINT, rest),
        None => (OF_THE_HUB, path),
    };
    parts.iter().find(|(start, _)| path.starts_with(start)).map(|(_, part)| *part)
}

/// What stands behind `/v0.10/endpoint/{id}/`.
const OF_AN_ENDPOINT: &[(&str, &str)] = &[
    ("role", "roles on endpoints"),
    ("access", "access rules for others"),
    ("my_shared_endpoint_list", "guest collections"),
    ("shared_endpoint_list", "guest collections"),
    ("subscription", "subscriptions"),
    ("my_effective_pause_rule_list", "pause rules"),
];
/// What stands anywhere else.
const OF_THE_HUB: &[(&str, &str)] = &[
    ("/v0.10/bookmark", "bookmarks"),
    ("/v0.10/shared_endpoint", "guest collections"),
    ("/v0.10/endpoint_manager/", "the endpoint manager"),
    ("/v2/tunnels", "streams"),
    ("/v2/stream_access_points", "streams"),
    ("/v2/groups", "groups"),
    ("/v2/subscription_info", "groups"),
    ("/v2/preferences", "groups"),
    ("/v2/timer", "timers"),
    ("/jobs", "timers"),
    ("/flows", "flows"),
    ("/runs", "flows"),
    ("/registered_apis", "flows"),
    ("/web_inputs", "flows"),
    ("/v1/index", "search indexes"),
    ("/v1/task", "search indexes"),
];
