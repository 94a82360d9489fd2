//! What a centre set in advance for the computers that it installs Outport on: `preset.toml`.

use std::{
    env,
    path::{Path, PathBuf},
};

use outport_control::{NewFolder, Preset, RelayUse, Settings};
use outport_types::{Access, Chain, Code, Problem};
use serde::Deserialize;

use crate::{config::Awake, files::read_bounded, host::suggested_name};

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    hub: Option<String>,
    /// `{host}` stands for the name of the computer.
    name: Option<String>,
    start_at_login: Option<bool>,
    folders: Vec<Folder>,
    settings: Option<PresetSettings>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Folder {
    /// `~/` stands for the home of whoever signs in.
    path: String,
    #[serde(default = "read_only")]
    access: Access,
    #[serde(default)]
    shareable: bool,
    #[serde(default)]
    local_only: bool,
    #[serde(default)]
    deny: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PresetSettings {
    pause_on_battery: bool,
    pause_on_metered: bool,
    keep_awake: Awake,
    background: bool,
    relay: RelayUse,
    port_mapping: Option<bool>,
}

/// Reads the first preset that there is.
pub(crate) async fn read() -> Preset {
    crate::blocking(|| read_first(&places(), crate::config::home().as_deref())).await
}

fn read_first(places: &[PathBuf], home: Option<&Path>) -> Preset {
    for place in places {
        let content = match read_bounded(place, PRESET_BYTES_MAX) {
            Ok(None) => continue,
            Ok(Some(content)) => content,
            Err(error) => return unusable(place, &error.to_string()),
        };
        let text = match String::from_utf8(content) {
            Ok(text) => text,
            Err(error) => return unusable(place, &Chain(&error).to_string()),
        };
        return match toml::from_str(&text) {
            Ok(file) => preset(place, file, home),
            Err(error) => unusable(place, error.message()),
        };
    }
    Preset::default()
}

fn preset(place: &Path, file: File, home: Option<&Path>) -> Preset {
    let folders = file.folders.into_iter().map(|folder| NewFolder {
        path: match (folder.path.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest).display().to_string(),
            (Some(_) | None, _) => folder.path,
        },
        access: folder.access,
        shareable: folder.shareable,
        local_only: folder.local_only,
        deny: folder.deny,
        confirmed: false,
    });
    Preset {
        file: Some(place.display().to_string()),
        hub: file.hub,
        name: file.name.map(|name| name.replace("{host}", &suggested_name())),
        folders: folders.collect(),
        settings: file.settings.map(|set| Settings {
            pause_on_battery: set.pause_on_battery,
            pause_on_metered: set.pause_on_metered,
            keep_awake: set.keep_awake.into(),
            background: set.background,
            relay: set.relay,
            port_mapping: set.port_mapping.unwrap_or(Settings::default().port_mapping),
        }),
        start_at_login: file.start_at_login,
        problem: None,
    }
}

fn unusable(place: &Path, reason: &str) -> Preset {
    let file = place.display().to_string();
    let args = [("file", file.as_str().into()), ("reason", reason.replace('\n', " ").into())];
    Preset {
        problem: Some(Problem::new(Code::BadPreset, args)),
        file: Some(file),
        ..Preset::default()
    }
}

/// Where a preset can be: named by the environment, for the whole computer, beside the program.
fn places() -> Vec<PathBuf> {
    if let Some(named) = env::var_os(PRESET_VARIABLE).filter(|named| !named.is_empty()) {
        return vec![PathBuf::from(named)];
    }
    let mut places = Vec::new();
    #[cfg(windows)]
    places.extend(
        env::var_os("PROGRAMDATA").map(|dir| PathBuf::from(dir).join(r"outport\preset.toml")),
    );
    #[cfg(target_os = "macos")]
    places.push(PathBuf::from("/Library/Application Support/outport/preset.toml"));
    #[cfg(unix)]
    places.push(PathBuf::from("/etc/outport/preset.toml"));
    let program = env::current_exe().ok();
    places.extend(program.and_then(|program| Some(program.parent()?.join("preset.toml"))));
    places
}

const fn read_only() -> Access {
    Access::ReadOnly
}

/// Names a preset in place of all others.
const PRESET_VARIABLE: &str = "OUTPORT_PRESET";
/// A hub, a name and some folders.
const PRESET_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_preset_that_there_is_counts() {
        let dir = tempfile::tempdir().unwrap();
        let [none, some, later] = ["none", "some", "later"].map(|name| dir.path().join(name));
        std::fs::write(&later, "hub = 'other.example.org'").unwrap();
        std::fs::write(
            &some,
            "hub = 'hub.example.org'\nname = 'lab-{host}'\nstart_at_login = true\n\
             [settings]\npause_on_metered = true\n\
             [[folders]]\npath = '~/data'\naccess = 'read-write'\n",
        )
        .unwrap();
        let preset = read_first(&[none, some.clone(), later], Some(Path::new("/home/ann")));
        assert_eq!(preset.file, Some(some.display().to_string()));
        assert_eq!(preset.hub.as_deref(), Some("hub.example.org"));
        assert!(preset.name.unwrap().starts_with("lab-"));
        assert_eq!(preset.start_at_login, Some(true));
        let settings = preset.settings.unwrap();
        assert!(settings.pause_on_metered && !settings.pause_on_battery);
        assert_eq!(settings.keep_awake, outport_control::KeepAwake::OnMains);
        let [folder] = &preset.folders[..] else { panic!("{:?}", preset.folders) };
        assert_eq!(Path::new(&folder.path), Path::new("/home/ann").join("data"));
        assert_eq!((folder.access, folder.confirmed), (Access::ReadWrite, false));
    }

    #[test]
    fn a_preset_with_a_mistake_presets_nothing_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("preset.toml");
        std::fs::write(&file, "hbu = 'hub.example.org'").unwrap();
        let preset = read_first(&[file], None);
        assert_eq!(preset.hub, None);
        let problem = preset.problem.unwrap();
        assert_eq!(problem.code, Code::BadPreset);
        assert!(problem.message.contains("hbu"), "{problem}");
    }
}
