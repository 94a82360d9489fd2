//! What the owner chose for the app itself, as opposed to the agent, and where that is kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use outport_control::{Paths, ensure_private_dir};
use outport_types::{Code, Language, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use specta::Type;

/// The settings of tray and window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub(crate) struct ShellSettings {
    /// `null`: the system's.
    pub(crate) language: Option<Language>,
    /// `null`: the system's.
    pub(crate) theme: Option<ColorTheme>,
    /// What is told although nobody looks at the window.
    pub(crate) notify: Notify,
    /// Whether to look for a new version now and then, where updates are configured at all.
    pub(crate) check_updates: bool,
    /// Whether it was said that closing the window leaves the app in the tray.
    pub(crate) seen_close_hint: bool,
    /// Whether it was said that this desktop shows no tray.
    pub(crate) seen_no_tray: bool,
    /// How far the first run got.
    pub(crate) setup_step: u32,
    /// What was filled in during the first run, as the screens keep it. No secrets.
    pub(crate) setup_draft: String,
}

/// Which notifications are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub(crate) struct Notify {
    pub(crate) finished: bool,
    pub(crate) failed: bool,
    pub(crate) needs_you: bool,
    pub(crate) update: bool,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ColorTheme {
    Light,
    Dark,
}

impl Default for Notify {
    fn default() -> Self {
        Self { finished: true, failed: true, needs_you: true, update: true }
    }
}

impl ShellSettings {
    /// Reads the settings. What cannot be read is as if nothing had been chosen: it holds no rule.
    pub(crate) fn load(paths: &Paths) -> Self {
        let file = file(paths);
        match fs::read(&file) {
            Ok(content) => read(&content).unwrap_or_else(|error| {
                tracing::warn!(%error, file = %file.display(), "cannot understand the app's settings");
                Self::default()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "cannot read the app's settings");
                Self::default()
            }
        }
    }

    /// Keeps the settings.
    ///
    /// # Errors
    /// When the file cannot be written; the old one stays whole.
    pub(crate) fn save(&self, paths: &Paths) -> Result<(), Problem> {
        let file = file(paths);
        write(paths, &file, self).map_err(|error| {
            tracing::warn!(%error, file = %file.display(), "cannot write the app's settings");
            let (path, reason) = (file.display().to_string(), error.to_string());
            Problem::new(Code::StateUnusable, [("path", path.into()), ("reason", reason.into())])
        })
    }
}

/// What a file says; what it does not say is as by default, since it may be of another version.
fn read(content: &[u8]) -> serde_json::Result<ShellSettings> {
    let mut whole = serde_json::to_value(ShellSettings::default())?;
    lay_over(&mut whole, serde_json::from_slice(content)?);
    serde_json::from_value(whole)
}

fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                lay_over(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

fn file(paths: &Paths) -> PathBuf {
    paths.config_dir.join("desktop.json")
}

fn write(paths: &Paths, file: &Path, settings: &ShellSettings) -> io::Result<()> {
    ensure_private_dir(&paths.config_dir)?;
    let mut content = serde_json::to_vec_pretty(settings).map_err(io::Error::other)?;
    content.push(b'\n');
    let part = file.with_extension("json.part");
    fs::write(&part, content)?;
    fs::rename(&part, file)
}

#[cfg(test)]
mod tests {
    use outport_control::Profile;

    use super::*;

    #[test]
    fn settings_last_and_damage_is_no_obstacle() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        assert_eq!(ShellSettings::load(&paths), ShellSettings::default());
        let chosen = ShellSettings {
            language: Some(Language::Fr),
            theme: Some(ColorTheme::Dark),
            setup_step: 3,
            ..ShellSettings::default()
        };
        chosen.save(&paths).unwrap();
        assert_eq!(ShellSettings::load(&paths), chosen);
        fs::write(file(&paths), "{").unwrap();
        assert_eq!(ShellSettings::load(&paths), ShellSettings::default());
    }

    #[test]
    fn a_file_of_another_version_keeps_what_is_known() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        fs::create_dir_all(&paths.config_dir).unwrap();
        let text = r#"{ "language": "fr", "from_the_future": 1, "notify": { "failed": false } }"#;
        fs::write(file(&paths), text).unwrap();
        let settings = ShellSettings::load(&paths);
        assert_eq!(settings.language, Some(Language::Fr));
        assert!(!settings.notify.failed && settings.notify.finished);
    }

    #[test]
    fn what_cannot_be_written_is_a_problem_with_its_place() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        fs::create_dir_all(paths.config_dir.parent().unwrap()).unwrap();
        fs::write(&paths.config_dir, "in the way").unwrap();
        let problem = ShellSettings::default().save(&paths).unwrap_err();
        assert_eq!(problem.code, Code::StateUnusable);
        assert!(problem.message.contains("desktop.json"), "{}", problem.message);
    }
}
