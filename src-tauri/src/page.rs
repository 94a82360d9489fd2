//! The pages of the app, and the links that lead to them.

use std::str::FromStr as _;

use outport_types::TaskId;
use serde::{Deserialize, Serialize};
use specta::Type;
use url::Url;

/// Something that the window can show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "page", rename_all = "snake_case")]
pub(crate) enum Page {
    Overview,
    Folders,
    Activity {
        task: Option<TaskId>,
    },
    Files {
        collection: Option<String>,
        path: Option<String>,
    },
    Settings,
    /// The check of the connection.
    Check,
    Log,
    About,
    /// The first run; a link may bring the hub's address and a setup key.
    Setup {
        hub: Option<String>,
        key: Option<String>,
    },
}

/// Why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a link that this version knows")]
pub(crate) struct LinkError;

impl Page {
    /// The page that a link names. The link comes from a web site or a mail, so nothing in it is trusted:
    /// it only fills fields that the owner then confirms.
    pub(crate) fn from_link(link: &str) -> Result<Self, LinkError> {
        if LINK_BYTES_MAX < link.len() {
            return Err(LinkError);
        }
        let url = Url::parse(link).map_err(|_| LinkError)?;
        if url.scheme() != SCHEME {
            return Err(LinkError);
        }
        let rest = url.path().trim_matches('/');
        let rest = (!rest.is_empty()).then_some(rest);
        let asked = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
        };
        match (url.host_str().unwrap_or_default(), rest) {
            ("overview" | "", None) => Ok(Self::Overview),
            ("folders", None) => Ok(Self::Folders),
            ("settings", None) => Ok(Self::Settings),
            ("check", None) => Ok(Self::Check),
            ("activity", None) => Ok(Self::Activity { task: None }),
            ("activity", Some(task)) => {
                let task = TaskId::from_str(task).map_err(|_| LinkError)?;
                Ok(Self::Activity { task: Some(task) })
            }
            ("files", collection) => {
                let collection = collection.map(str::to_owned);
                Ok(Self::Files { collection, path: asked("path") })
            }
            ("setup", None) => Ok(Self::Setup { hub: asked("hub"), key: asked("key") }),
            _ => Err(LinkError),
        }
    }
}

/// The scheme of our links, as the installers register it.
const SCHEME: &str = "outport";
/// A setup key is the longest thing that a link carries.
const LINK_BYTES_MAX: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_link() {
        let task = "0193b2c4-0000-7000-8000-000000000001";
        for (link, page) in [
            ("outport://overview", Page::Overview),
            ("outport://folders/", Page::Folders),
            ("outport://settings", Page::Settings),
            ("outport://check", Page::Check),
            ("outport://activity", Page::Activity { task: None }),
            (
                &format!("outport://activity/{task}"),
                Page::Activity { task: Some(task.parse().unwrap()) },
            ),
            ("outport://files", Page::Files { collection: None, path: None }),
            (
                "outport://files/abc?path=/a%20b/",
                Page::Files { collection: Some("abc".into()), path: Some("/a b/".into()) },
            ),
            (
                "outport://setup?hub=https%3A%2F%2Fhub.example.org",
                Page::Setup { hub: Some("https://hub.example.org".into()), key: None },
            ),
        ] {
            assert_eq!(Page::from_link(link), Ok(page), "{link}");
        }
    }

    #[test]
    fn other_links_lead_nowhere() {
        let long = format!("outport://files?path={}", "a".repeat(9000));
        for link in [
            "",
            "folders",
            "https://hub.example.org",
            "file:///etc/passwd",
            "outport://quit",
            "outport://folders/remove",
            "outport://activity/not-an-id",
            &long,
        ] {
            assert_eq!(Page::from_link(link), Err(LinkError), "{link}");
        }
    }
}
