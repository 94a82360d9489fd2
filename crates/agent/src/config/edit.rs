//! Edits that commands make in the owner's file, leaving everything else as it was written.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Component, Path, PathBuf},
};

use outport_control::{Limits, NewFolder, Paths, RelayUse, Settings, ensure_private_dir};
use outport_types::{Access, Code, Problem, RateLimit, unescape_str};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::{
    CONFIG_BYTES_MAX, Config, ConfigError, canonical, config_file, home, own_dirs,
    schema::{Awake, UNLIMITED},
};
use crate::{
    files::{Readers, read_bounded, write_atomic},
    proxy::ProxyChoice,
};

/// Why a command could not change the config.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum EditError {
    /// The file as it is, or as it would be, is wrong.
    #[error("the config is not valid")]
    Config(#[source] ConfigError),
    /// The file cannot be written.
    #[error("cannot write `{}`", file.display())]
    Write { file: PathBuf, source: io::Error },
    /// What was asked cannot be.
    #[error("refused")]
    Refused(#[source] Problem),
}

impl EditError {
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Config(error) => error.problem(),
            Self::Write { file, source } => Problem::new(
                Code::ConfigUnwritable,
                [
                    ("file", file.display().to_string().into()),
                    ("reason", source.to_string().into()),
                ],
            ),
            Self::Refused(problem) => problem.clone(),
        }
    }
}

/// Shares a folder, or changes one that is shared. The new config is checked before the file is
/// replaced.
pub(crate) fn add_folder(paths: &Paths, folder: &NewFolder) -> Result<Config, EditError> {
    let given = host_path(&folder.path);
    let path = check_folder(&given, folder.confirmed, paths).map_err(EditError::Refused)?;
    let text = path.to_str().ok_or_else(|| {
        EditError::Refused(Problem::new(
            Code::BadPath,
            [
                ("path", folder.path.as_str().into()),
                ("reason", "a folder in the config must be Unicode text".into()),
            ],
        ))
    })?;
    let text = text.to_owned();
    change(paths, |document| {
        let folders = tables(document)?;
        let place = folders.iter().position(|table| is_folder(table, &path));
        let index = place.unwrap_or_else(|| {
            folders.push(Table::new());
            folders.len() - 1
        });
        let table = folders.get_mut(index)?;
        if place.is_none() {
            table.insert("path", value(&text));
        }
        let access = match folder.access {
            Access::ReadOnly => "read-only",
            Access::ReadWrite => "read-write",
        };
        set(table, "access", Value::from(access));
        if folder.shareable || table.contains_key("shareable") {
            set(table, "shareable", Value::from(folder.shareable));
        }
        if folder.local_only || table.contains_key("local_only") {
            set(table, "local_only", Value::from(folder.local_only));
        }
        if folder.deny.is_empty() {
            table.remove("deny");
        } else {
            set(table, "deny", Value::Array(folder.deny.iter().collect::<Array>()));
        }
        Some(())
    })
}

/// Stops sharing a folder.
pub(crate) fn remove_folder(paths: &Paths, path: &str) -> Result<Config, EditError> {
    let given = host_path(path);
    let real = canonical(&given).unwrap_or_else(|_| given.clone());
    change(paths, |document| {
        let folders = tables(document)?;
        let before = folders.len();
        folders.retain(|table| !is_folder(table, &given) && !is_folder(table, &real));
        (folders.len() < before).then_some(())
    })
    .map_err(|error| match error {
        EditError::Refused(_) => EditError::Refused(Problem::new(
            Code::BadPath,
            [("path", path.into()), ("reason", "it is not one of the folders".into())],
        )),
        EditError::Config(_) | EditError::Write { .. } => error,
    })
}

/// Changes the settings.
pub(crate) fn save_settings(paths: &Paths, settings: &Settings) -> Result<Config, EditError> {
    change(paths, |document| {
        let item = document.entry("power").or_insert(Item::Table(Table::new()));
        let power = item.as_table_mut()?;
        set(power, "pause_on_battery", Value::from(settings.pause_on_battery));
        set(power, "pause_on_metered", Value::from(settings.pause_on_metered));
        set(power, "keep_awake", Value::from(Awake::word(settings.keep_awake)));
        if settings.background || document.contains_key("transfer") {
            let item = document.entry("transfer").or_insert(Item::Table(Table::new()));
            set(item.as_table_mut()?, "background", Value::from(settings.background));
        }
        let as_by_default = settings.relay == RelayUse::default() && settings.port_mapping;
        if !as_by_default || document.contains_key("network") {
            let item = document.entry("network").or_insert(Item::Table(Table::new()));
            let network = item.as_table_mut()?;
            if settings.relay != RelayUse::default() || network.contains_key("relay") {
                set(network, "relay", Value::from(settings.relay.word()));
            }
            if !settings.port_mapping || network.contains_key("port_mapping") {
                set(network, "port_mapping", Value::from(settings.port_mapping));
            }
        }
        Some(())
    })
}

/// Changes the proxy on the way to the hub.
pub(crate) fn save_proxy(paths: &Paths, proxy: &ProxyChoice) -> Result<Config, EditError> {
    change(paths, |document| {
        if *proxy == ProxyChoice::default() && !document.contains_key("network") {
            return Some(());
        }
        let item = document.entry("network").or_insert(Item::Table(Table::new()));
        let network = item.as_table_mut()?;
        if *proxy == ProxyChoice::default() {
            network.remove("proxy");
        } else {
            set(network, "proxy", Value::from(proxy.to_string()));
        }
        Some(())
    })
}

/// Changes how fast content may leave and come.
pub(crate) fn save_limits(paths: &Paths, limits: &Limits) -> Result<Config, EditError> {
    change(paths, |document| {
        if limits.is_empty() {
            document.remove("limits");
            return Some(());
        }
        let item = document.entry("limits").or_insert(Item::Table(Table::new()));
        let table = item.as_table_mut()?;
        set_rates(table, limits.upload, limits.download);
        match limits.relay {
            Some(relay) => set(table, "relay", Value::from(relay.to_string())),
            None => drop(table.remove("relay")),
        }
        if limits.timetable.is_empty() {
            table.remove("timetable");
            return Some(());
        }
        let mut rows = ArrayOfTables::new();
        for row in &limits.timetable {
            let mut fresh = Table::new();
            fresh.insert("days", value(row.days.to_string()));
            fresh.insert("from", value(row.from.to_string()));
            fresh.insert("to", value(row.to.to_string()));
            set_rates(&mut fresh, row.upload, row.download);
            rows.push(fresh);
        }
        table.insert("timetable", Item::ArrayOfTables(rows));
        Some(())
    })
}

fn set_rates(table: &mut Table, upload: Option<RateLimit>, download: Option<RateLimit>) {
    for (key, rate) in [("upload", upload), ("download", download)] {
        let text = rate.map_or_else(|| UNLIMITED.to_owned(), |rate| rate.to_string());
        set(table, key, Value::from(text));
    }
}

/// Reads the file, changes it, checks the result and replaces it. `None` from `edit` is a refusal.
///
/// One edit at a time, whichever process makes it: of two that read the same file, one would undo the
/// other.
fn change(
    paths: &Paths,
    edit: impl FnOnce(&mut DocumentMut) -> Option<()>,
) -> Result<Config, EditError> {
    let file = config_file(paths);
    let failed = |source| EditError::Write { file: file.clone(), source };
    ensure_private_dir(&paths.config_dir).map_err(failed)?;
    let _alone = lock(paths).map_err(failed)?;
    // A file that is wrong already is left to its owner.
    Config::load(paths).map_err(EditError::Config)?;
    let content = read_bounded(&file, CONFIG_BYTES_MAX).map_err(failed)?;
    let text = content
        .map_or_else(|| NEW_FILE.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let wrong = |reason: String| {
        EditError::Config(ConfigError::Wrong { file: file.clone(), line: 1, reason })
    };
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| wrong(error.message().to_owned()))?;
    if edit(&mut document).is_none() {
        let reason = "`folders` must be written as [[folders]] tables, `transfer`, `network`, `limits` and `power` as tables like [power]";
        return Err(EditError::Refused(wrong(reason.to_owned()).problem()));
    }
    let text = document.to_string();
    let config = Config::parse(&text, paths, home().as_deref())
        .map_err(|problem| wrong(problem.reason))
        .map_err(|error| EditError::Refused(error.problem()))?;
    write_atomic(&file, text.as_bytes(), Readers::Owner).map_err(failed)?;
    Ok(config)
}

/// The right to edit; ends when it is dropped.
fn lock(paths: &Paths) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(paths.config_dir.join("config.lock"))?;
    match file.lock() {
        // Some network file systems know no locks; then it is as it was without.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        locked => locked?,
    }
    Ok(file)
}

/// The real path of a directory that may be shared.
fn check_folder(given: &Path, confirmed: bool, paths: &Paths) -> Result<PathBuf, Problem> {
    let text = given.display().to_string();
    let bad = |reason: &str| {
        Problem::new(Code::BadPath, [("path", text.as_str().into()), ("reason", reason.into())])
    };
    if !given.is_absolute() {
        return Err(bad("a folder needs a full path"));
    }
    let path = canonical(given).map_err(|error| bad(&error.to_string()))?;
    if !fs::metadata(&path).map_err(|error| bad(&error.to_string()))?.is_dir() {
        return Err(bad("it is not a directory"));
    }
    if own_dirs(paths).iter().any(|own| path.starts_with(own)) {
        return Err(bad("Outport's own files cannot be shared"));
    }
    match exposure(&path, home().as_deref()) {
        Some((kind, what)) if !confirmed => Err(Problem::new(
            Code::FolderNeedsConfirm,
            [
                ("path", path.display().to_string().into()),
                ("what", what.into()),
                ("kind", kind.into()),
            ],
        )),
        Some(_) | None => Ok(path),
    }
}

/// What a folder exposes that most people do not mean to: a word for programs and one for people.
pub(super) fn exposure(path: &Path, home: Option<&Path>) -> Option<(&'static str, &'static str)> {
    if path.parent().is_none() {
        return Some(("disk", "a whole disk"));
    }
    let home = home?;
    if path == home {
        return Some(("home", "your whole home"));
    }
    if home.starts_with(path) {
        return Some(("above_home", "a directory that holds your whole home"));
    }
    let first = path.strip_prefix(home).ok()?.components().next()?;
    match first {
        Component::Normal(name) if name.as_encoded_bytes().starts_with(b".") => {
            Some(("hidden", "a hidden directory of your home, where keys and passwords live"))
        }
        Component::Normal(_)
        | Component::Prefix(_)
        | Component::RootDir
        | Component::CurDir
        | Component::ParentDir => None,
    }
}

fn tables(document: &mut DocumentMut) -> Option<&mut ArrayOfTables> {
    document
        .entry("folders")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
}

fn is_folder(table: &Table, path: &Path) -> bool {
    let Some(text) = table.get("path").and_then(Item::as_str) else { return false };
    let written = match (text.strip_prefix("~/"), text, home()) {
        (Some(rest), _, Some(home)) => home.join(rest),
        (None, "~", Some(home)) => home,
        (Some(_) | None, text, _) => PathBuf::from(text),
    };
    written == path || canonical(&written).is_ok_and(|real| real == path)
}

/// Sets a value and keeps the comment that stands behind it.
fn set(table: &mut Table, key: &str, mut fresh: Value) {
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *fresh.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(fresh));
}

/// A path of this computer behind the text that control clients send.
pub(crate) fn host_path(text: &str) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        PathBuf::from(std::ffi::OsString::from_vec(unescape_str(text)))
    }
    #[cfg(not(unix))]
    PathBuf::from(String::from_utf8_lossy(&unescape_str(text)).into_owned())
}

const NEW_FILE: &str =
    "# Written by Outport; docs/config.md says what can stand here.\nversion = 1\n";
