//! Scopes: their grammar, and the resource server that each belongs to.
//!
//! `list = item (SP item)*`, `item = ["*"] name ["[" list "]"]`.
//! The names are compiled into the official clients, so the hub grants exactly these strings,
//! whatever its own host name is.

use outport_api::auth::names::{scope, server};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// One scope as a client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopeItem {
    pub(crate) name: String,
    /// With a star: not having it is no error.
    pub(crate) optional: bool,
    /// What the resource server may ask for in turn.
    pub(crate) dependents: Vec<ScopeItem>,
}

/// The scopes for one resource server: what one token is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopeGroup {
    pub(crate) resource_server: String,
    pub(crate) names: Vec<String>,
}

/// A request for scopes, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScopeRequest {
    pub(crate) items: Vec<ScopeItem>,
    /// Whether `offline_access` was among them, the usual way to ask for refresh tokens.
    pub(crate) offline: bool,
}

/// Why a scope cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScopeError {
    #[error("the scope is not written as this hub expects it")]
    Syntax,
    #[error("too many scopes")]
    TooMany,
    #[error("this hub knows no scope {name}")]
    Unknown { name: String },
}

impl ScopeRequest {
    /// Reads a list of scopes and looks each of them up.
    pub(crate) fn parse(text: &str) -> Result<Self, ScopeError> {
        if SCOPE_BYTES_MAX < text.len() {
            return Err(ScopeError::TooMany);
        }
        let mut parser = Parser { rest: text.trim(), count: 0 };
        let items = parser.list(0)?;
        if !parser.rest.is_empty() {
            return Err(ScopeError::Syntax);
        }
        let mut request = Self::default();
        for item in items {
            if item.name == "offline_access" {
                request.offline = true;
            } else if let Some(item) = known(item)? {
                request.add(item);
            }
        }
        Ok(request)
    }

    /// The top-level names by resource server; the Auth API's own first, then as asked.
    pub(crate) fn groups(&self) -> Vec<ScopeGroup> {
        let mut groups: Vec<ScopeGroup> = Vec::new();
        for item in &self.items {
            let Some(resource_server) = resource_server(&item.name) else { continue };
            match groups.iter_mut().find(|group| group.resource_server == resource_server) {
                Some(group) => group.names.push(item.name.clone()),
                None => groups.push(ScopeGroup { resource_server, names: vec![item.name.clone()] }),
            }
        }
        groups.sort_by_key(|group| group.resource_server != server::AUTH);
        groups
    }

    /// The top-level names.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.items.iter().map(|item| item.name.as_str()).collect()
    }

    /// Every name, those of dependents included, each once: what a person allows.
    pub(crate) fn names_in_full(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let mut open: Vec<&ScopeItem> = self.items.iter().rev().collect();
        while let Some(item) = open.pop() {
            if !names.contains(&item.name.as_str()) {
                names.push(&item.name);
            }
            open.extend(item.dependents.iter().rev());
        }
        names
    }

    fn add(&mut self, item: ScopeItem) {
        match self.items.iter_mut().find(|known| known.name == item.name) {
            Some(known) => known.dependents.extend(item.dependents),
            None => self.items.push(item),
        }
    }
}

/// The item with what is known below it; `None` for an unknown one that is optional.
fn known(item: ScopeItem) -> Result<Option<ScopeItem>, ScopeError> {
    if resource_server(&item.name).is_none() {
        return match item.optional {
            true => Ok(None),
            false => Err(ScopeError::Unknown { name: item.name }),
        };
    }
    let mut dependents = Vec::with_capacity(item.dependents.len());
    for below in item.dependents {
        dependents.extend(known(below)?);
    }
    Ok(Some(ScopeItem { dependents, ..item }))
}

/// The resource server that a scope belongs to; `None` for a scope that nobody knows.
pub(crate) fn resource_server(name: &str) -> Option<String> {
    if [scope::OPENID, scope::PROFILE, scope::EMAIL].contains(&name) {
        return Some(server::AUTH.to_owned());
    }
    if let Some(rest) = name.strip_prefix("https://outport.dev/scopes/") {
        return (rest == "agent").then(|| "outport".to_owned());
    }
    if let Some(rest) = name.strip_prefix("urn:globus:auth:scope:") {
        let (owner, scope) = rest.split_once(':')?;
        let known = match owner {
            server::AUTH => AUTH_SCOPES.contains(&scope),
            server::TRANSFER => ["all", "gcp_install"].contains(&scope),
            server::GROUPS => ["all", "view_my_groups_and_memberships"].contains(&scope),
            server::SEARCH => ["all", "ingest", "search"].contains(&scope),
            _ => is_canonical_uuid(owner) && scope == "manage_collections",
        };
        return known.then(|| owner.to_owned());
    }
    let rest = name.strip_prefix("https://auth.globus.org/scopes/")?;
    let (owner, scope) = rest.split_once('/')?;
    let word = !scope.is_empty() && scope.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match owner {
        FLOWS_CLIENT => word.then(|| server::FLOWS.to_owned()),
        _ => (word && is_canonical_uuid(owner)).then(|| owner.to_owned()),
    }
}

/// A stable id for a scope's name; consents name scopes by it.
pub(crate) fn scope_id(name: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(name).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn is_canonical_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|id| id.as_hyphenated().to_string() == text)
}

struct Parser<'a> {
    rest: &'a str,
    count: usize,
}

impl Parser<'_> {
    fn list(&mut self, depth: usize) -> Result<Vec<ScopeItem>, ScopeError> {
        if DEPTH_MAX < depth {
            return Err(ScopeError::TooMany);
        }
        let mut items = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches(' ');
            if self.rest.is_empty() || self.rest.starts_with(']') {
                return Ok(items);
            }
            items.push(self.item(depth)?);
        }
    }

    fn item(&mut self, depth: usize) -> Result<ScopeItem, ScopeError> {
        self.count += 1;
        if COUNT_MAX < self.count {
            return Err(ScopeError::TooMany);
        }
        let optional = self.rest.starts_with('*');
        self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
        let end = self.rest.find([' ', '[', ']']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let plain = name.bytes().all(|b| b.is_ascii_graphic() && !b"*\"\\<>".contains(&b));
        if name.is_empty() || !plain {
            return Err(ScopeError::Syntax);
        }
        let name = name.to_owned();
        self.rest = rest;
        let mut dependents = Vec::new();
        if let Some(inside) = self.rest.strip_prefix('[') {
            self.rest = inside;
            dependents = self.list(depth + 1)?;
            self.rest = self.rest.strip_prefix(']').ok_or(ScopeError::Syntax)?;
        }
        Ok(ScopeItem { name, optional, dependents })
    }
}

const FLOWS_CLIENT: &str = "eec9b274-0c81-4334-bdc2-54e90e689b9a";
const AUTH_SCOPES: &[&str] = &[
    "manage_projects",
    "view_authentications",
    "view_clients",
    "view_clients_and_scopes",
    "view_consents",
    "view_identities",
    "view_identity_set",
];
/// More than any client asks for; the whole query is bounded as well.
const SCOPE_BYTES_MAX: usize = 16 * 1024;
/// Scopes in one request, nested ones included.
const COUNT_MAX: usize = 200;
/// Levels of dependents; the official clients use three.
const DEPTH_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const TIMER: &str = scope::TIMERS;
    const VIEW_IDENTITY_SET: &str = scope::VIEW_IDENTITY_SET;
    const TRANSFER: &str = scope::TRANSFER_ALL;

    #[test]
    fn what_the_official_command_asks_for_becomes_six_tokens() {
        let text = format!(
            "{TRANSFER} openid profile email {VIEW_IDENTITY_SET} {TIMER}[{TRANSFER}] \
             urn:globus:auth:scope:groups.api.globus.org:all \
             urn:globus:auth:scope:search.api.globus.org:all \
             https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/all"
        );
        let request = ScopeRequest::parse(&text).unwrap();
        let groups = request.groups();
        let servers: Vec<_> = groups.iter().map(|group| group.resource_server.as_str()).collect();
        assert_eq!(
            servers,
            [
                "auth.globus.org",
                "transfer.api.globus.org",
                "524230d7-ea86-4a52-8312-86065a9e0417",
                "groups.api.globus.org",
                "search.api.globus.org",
                "flows.globus.org"
            ]
        );
        assert_eq!(groups[0].names, ["openid", "profile", "email", VIEW_IDENTITY_SET]);
        assert_eq!(groups[2].names, [TIMER]);
        let timer = request.items.iter().find(|item| item.name == TIMER).unwrap();
        assert_eq!(timer.dependents[0].name, TRANSFER);
    }

    #[test]
    fn stars_nesting_and_offline_access_are_read() {
        let data =
            "https://auth.globus.org/scopes/11111111-2222-4333-8444-555555555555/data_access";
        let request =
            ScopeRequest::parse(&format!("{TRANSFER}[*{data}] offline_access *nonsense")).unwrap();
        assert!(request.offline);
        assert_eq!(request.names(), [TRANSFER]);
        assert!(request.items[0].dependents[0].optional);
    }

    #[test]
    fn what_a_request_allows_is_the_whole_tree() {
        let text = format!("openid {TIMER}[{TRANSFER}[*nonsense *openid] email] {TRANSFER}");
        let request = ScopeRequest::parse(&text).unwrap();
        assert_eq!(request.names_in_full(), ["openid", TIMER, TRANSFER, "email"]);
        let unknown = ScopeRequest::parse(&format!("{TIMER}[{TRANSFER}[nonsense]]"));
        assert!(matches!(unknown, Err(ScopeError::Unknown { .. })), "below others as well");
    }

    #[test]
    fn what_cannot_be_read_or_is_unknown_is_refused() {
        let unknown =
            |text: &str| matches!(ScopeRequest::parse(text), Err(ScopeError::Unknown { .. }));
        assert!(unknown("nonsense"));
        assert!(unknown("urn:globus:auth:scope:transfer.api.globus.org:everything"));
        assert!(unknown("https://outport.dev/scopes/root"));
        assert!(unknown("https://auth.globus.org/scopes/AAAAAAAA-2222-4333-8444-555555555555/x"));
        for text in ["a[b", "a]", "[a]", "*", "openid \"x", "é"] {
            assert_eq!(ScopeRequest::parse(text), Err(ScopeError::Syntax), "{text}");
        }
        let deep = format!("openid{}{}", "[openid".repeat(50), "]".repeat(50));
        assert_eq!(ScopeRequest::parse(&deep), Err(ScopeError::TooMany));
        assert_eq!(ScopeRequest::parse(&"openid ".repeat(500)), Err(ScopeError::TooMany));
    }
}
