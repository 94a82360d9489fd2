//! Stands in for the C tools of another system while nothing is linked.
//!
//! Build scripts find this program under the name of a compiler or an archiver.
//! It makes the file that it is told to make, empty, and answers every probe with success.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

const CC: &str = "stub-cc";
const AR: &str = "stub-ar";
/// Windows' compiler of resources, and its librarian, which are looked for by name.
const RC: &str = "llvm-rc";
const LIB: &str = "lib.exe";

/// Where the stand-ins are.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) cc: PathBuf,
    pub(super) ar: PathBuf,
    pub(super) rc: PathBuf,
    dir: PathBuf,
}

impl Tools {
    /// Where programs are looked for, the stand-ins first.
    pub(super) fn search_path(&self) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let dirs = [self.dir.clone()].into_iter().chain(env::split_paths(&path));
        Ok(env::join_paths(dirs)?)
    }
}

/// Puts this program under the names of the tools into `dir`.
pub(super) fn install(dir: &Path) -> Result<Tools> {
    fs::create_dir_all(dir)?;
    let (cc, ar, rc) = (dir.join(CC), dir.join(AR), dir.join(RC));
    let tools = Tools { cc, ar, rc, dir: dir.to_owned() };
    for tool in [&tools.cc, &tools.ar, &tools.rc, &dir.join(LIB)] {
        if tool.symlink_metadata().is_ok() {
            fs::remove_file(tool)?;
        }
        link(&env::current_exe()?, tool)?;
    }
    Ok(tools)
}

#[cfg(unix)]
fn link(program: &Path, name: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(program, name)
}

#[cfg(not(unix))]
fn link(program: &Path, name: &Path) -> std::io::Result<()> {
    fs::copy(program, name).map(|_| ())
}

/// The tool as which this program was called, if it was.
pub(crate) fn tool_name() -> Option<String> {
    let called_as = env::args_os().next()?;
    let name = Path::new(&called_as).file_name()?.to_str()?;
    let name = name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(name);
    [CC, AR, RC, LIB].contains(&name).then(|| name.to_owned())
}

/// Does what the tool would have done, as far as a build script can see.
pub(crate) fn run(tool: &str) -> Result<()> {
    if tool == RC && env::args().any(|arg| arg == "/?") {
        // By these words the real one is known, and by the second that it can be spared a step.
        println!("Resource Converter (stand-in)\nno-preprocess");
        return Ok(());
    }
    if let Some(output) = output_of(&with_response_files(env::args().skip(1).collect())) {
        if let Some(dir) = output.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(output, "")?;
    }
    Ok(())
}

/// Replaces `@file` by the arguments in that file.
fn with_response_files(args: Vec<String>) -> Vec<String> {
    let read = |arg: String| match arg.strip_prefix('@').map(fs::read_to_string) {
        Some(Ok(text)) => text.lines().map(|line| line.replace('"', "")).collect(),
        Some(Err(_)) | None => vec![arg],
    };
    args.into_iter().flat_map(read).collect()
}

/// The file to be made, in the way of any of the compilers and archivers.
fn output_of(args: &[String]) -> Option<PathBuf> {
    let mut after = args.iter().skip(1);
    for arg in args {
        let next = after.next();
        if arg == "-o" || arg.eq_ignore_ascii_case("/fo") {
            return next.map(PathBuf::from);
        }
        let lower = arg.to_lowercase();
        for prefix in ["-out:", "/out:", "-fo", "/fo"] {
            if lower.starts_with(prefix) && prefix.len() < arg.len() {
                return Some(PathBuf::from(&arg[prefix.len()..]));
            }
        }
        if let Some(joined) = arg.strip_prefix("-o").filter(|joined| !joined.is_empty()) {
            return Some(PathBuf::from(joined));
        }
    }
    let archive = |arg: &&String| {
        Path::new(arg).extension().is_some_and(|ending| ending == "a" || ending == "lib")
    };
    args.iter().find(archive).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_found_in_every_spelling() {
        for (args, output) in [
            ("-c x.c -o x.o", Some("x.o")),
            ("-c x.c -ox.o", Some("x.o")),
            ("-nologo -c x.c -FoX.obj", Some("X.obj")),
            ("/nologo /c x.c /FoX.obj", Some("X.obj")),
            ("-out:l.lib X.obj", Some("l.lib")),
            ("/OUT:l.lib X.obj", Some("l.lib")),
            ("cqD libx.a x.o", Some("libx.a")),
            ("--version", None),
            ("-E probe.c", None),
        ] {
            let args: Vec<_> = args.split(' ').map(str::to_owned).collect();
            assert_eq!(output_of(&args), output.map(PathBuf::from), "{args:?}");
        }
    }
}
