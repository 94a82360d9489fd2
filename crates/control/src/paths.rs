//! Where a profile keeps its files.

use std::{
    env,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use directories::ProjectDirs;

/// The name of a profile: several endpoints on one computer, each with its own files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile(String);

impl Profile {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// The text cannot be the name of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a profile's name has lower-case letters, digits and `-` only, starts with a letter or digit, and has at most {PROFILE_CHARS_MAX} characters"
)]
pub struct ProfileError;

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        // Upper case is left out, as two profiles must not share a directory where case is ignored.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inside = text.chars().all(|c| plain(c) || c == '-');
        if !inside || !text.starts_with(plain) || PROFILE_CHARS_MAX < text.len() {
            return Err(ProfileError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The directories of one profile. They need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The profile.
    pub profile: Profile,
    /// What the owner edits.
    pub config_dir: PathBuf,
    /// What the agent keeps: key, registration, journals, logs.
    pub state_dir: PathBuf,
    /// What lives as long as the agent: the control socket.
    pub runtime_dir: PathBuf,
    /// What holds the files of all profiles, and of a hub that this user runs: nothing in them is
    /// anybody else's business.
    pub roots: Vec<PathBuf>,
}

/// Why a profile has no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathsError {
    /// The system does not say where the user's home is.
    #[error("this user has no home directory; set {HOME_VARIABLE} to an absolute path")]
    NoHome,
    /// The override is relative.
    #[error("{HOME_VARIABLE} must be an absolute path")]
    NotAbsolute,
}

impl Paths {
    /// Finds the directories of a profile: below `OUTPORT_HOME` when that is set, else where the
    /// system keeps such things.
    ///
    /// # Errors
    /// When there is no home, or the override is not absolute.
    pub fn locate(profile: Profile) -> Result<Self, PathsError> {
        Self::locate_with(profile, env::var_os(HOME_VARIABLE))
    }

    /// The directories of a profile below one directory, as `OUTPORT_HOME` lays them out.
    pub fn below(home: &Path, profile: Profile) -> Self {
        let own = home.join(profile.as_str());
        Self {
            config_dir: own.join("config"),
            state_dir: own.join("state"),
            runtime_dir: own.join("run"),
            roots: vec![home.to_owned()],
            profile,
        }
    }

    fn locate_with(profile: Profile, home: Option<OsString>) -> Result<Self, PathsError> {
        if let Some(home) = home.filter(|home| !home.is_empty()) {
            let home = PathBuf::from(home);
            return if home.is_absolute() {
                Ok(Self::below(&home, profile))
            } else {
                Err(PathsError::NotAbsolute)
            };
        }
        let system = ProjectDirs::from("", "", "outport").ok_or(PathsError::NoHome)?;
        let state = system.state_dir().unwrap_or_else(|| system.data_local_dir());
        let state_dir = state.join(profile.as_str());
        let runtime_dir = match system.runtime_dir() {
            Some(runtime) => runtime.join(profile.as_str()),
            None => state_dir.join("run"),
        };
        let mut roots = vec![system.config_dir().to_owned(), state.to_owned()];
        roots.extend(system.runtime_dir().map(Path::to_owned));
        roots.extend(
            ProjectDirs::from("dev", "outport", "outport").map(|hub| hub.data_dir().into()),
        );
        let config_dir = system.config_dir().join(profile.as_str());
        Ok(Self { profile, config_dir, state_dir, runtime_dir, roots })
    }
}

/// Makes a directory that only its owner can enter, or makes sure that an existing one is such.
///
/// # Errors
/// When it cannot be made, or belongs to somebody else.
pub fn ensure_private_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};

        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let found = fs::metadata(dir)?;
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the directory belongs to another user",
            ));
        }
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
    // Below a user's profile directory only that user and the system have rights on Windows.
    #[cfg(not(unix))]
    fs::create_dir_all(dir)
}

/// Puts all files of all profiles below one directory, for tests and containers.
const HOME_VARIABLE: &str = "OUTPORT_HOME";
/// A profile's name is part of a socket's path, which has room for a hundred characters or so.
const PROFILE_CHARS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_safe_directory_names() {
        for good in ["default", "work-2", "0"] {
            assert_eq!(good.parse::<Profile>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "..", "a/b", "A", "a b", "é", &"a".repeat(33)] {
            assert_eq!(bad.parse::<Profile>(), Err(ProfileError), "{bad:?}");
        }
    }

    #[test]
    fn one_variable_moves_everything() {
        let home = std::env::temp_dir();
        let paths = Paths::locate_with(Profile::default(), Some(home.clone().into())).unwrap();
        assert_eq!(paths, Paths::below(&home, Profile::default()));
        assert!(paths.state_dir.starts_with(&home));
        let relative = Paths::locate_with(Profile::default(), Some("here".into()));
        assert_eq!(relative, Err(PathsError::NotAbsolute));
    }

    #[test]
    fn the_roots_hold_every_profile() {
        let one = Paths::locate_with(Profile::default(), None).unwrap();
        let other = Paths::locate_with("other".parse().unwrap(), None).unwrap();
        assert_eq!(one.roots, other.roots);
        for dir in [one.config_dir, one.state_dir, other.config_dir, other.state_dir] {
            assert!(other.roots.iter().any(|root| dir.starts_with(root)), "{}", dir.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn private_directories_are_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;

        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b");
        ensure_private_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        ensure_private_dir(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
