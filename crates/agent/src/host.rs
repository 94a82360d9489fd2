//! What the computer is called.

use outport_types::EndpointName;

/// A name for the endpoint, made of the host's: what is no part of such a name is left out.
pub(crate) fn suggested_name() -> String {
    let host = hostname::get().map(|name| name.to_string_lossy().into_owned());
    from_host(&host.unwrap_or_default())
}

fn from_host(host: &str) -> String {
    let short = host.split('.').next().unwrap_or_default();
    let kept: String = short
        .chars()
        .map(|c| if c.is_alphanumeric() || " -_()".contains(c) { c } else { '-' })
        .take(NAME_CHARS)
        .collect();
    let name = kept.trim_matches(|c: char| !c.is_alphanumeric());
    match name.parse::<EndpointName>() {
        Ok(name) => name.to_string(),
        Err(_) => "My computer".to_owned(),
    }
}

/// Long enough for the names that systems give, short enough to be read.
const NAME_CHARS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_name_becomes_one_that_an_endpoint_can_have() {
        for (host, name) in [
            ("WorkPC", "WorkPC"),
            ("node7.cluster.example.org", "node7"),
            ("Anne's-MacBook", "Anne-s-MacBook"),
            ("_", "My computer"),
            ("", "My computer"),
        ] {
            assert_eq!(from_host(host), name);
        }
    }
}
