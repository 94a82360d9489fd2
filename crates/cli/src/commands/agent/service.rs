//! `outport agent install` and `uninstall`: the agent starts with its owner, without the app.
//!
//! Each system has its own way; the files come from `installers/`, with the command and the profile
//! filled in. Nothing here needs administrator rights.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use outport_control::Profile;
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure},
};

/// Lets the agent start when its owner signs in to the computer, and starts it.
pub(super) fn install(context: &Context) -> Result<(), Failure> {
    let service = Service::of(context)?;
    service.write()?;
    service.start().map_err(|error| service.failed("cannot be started", error))?;
    let file = service.file.display().to_string();
    context.printer.fact(&json!({ "installed": true, "file": file }), |printer| {
        printer.note(format!("The agent runs, and starts with you from now on ({file})."));
    });
    Ok(())
}

/// Ends the agent that starts by itself, and forgets that it should.
pub(super) fn uninstall(context: &Context) -> Result<(), Failure> {
    let service = Service::of(context)?;
    service.stop();
    let was_there = match fs::remove_file(&service.file) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(service.failed("cannot be removed", error)),
    };
    service.forget();
    context.printer.fact(&json!({ "installed": false, "removed": was_there }), |printer| {
        printer.note(if was_there {
            "The agent no longer starts by itself. Its folders and settings are still there."
        } else {
            "The agent did not start by itself; nothing was changed."
        });
    });
    Ok(())
}

/// How this system starts something with its user.
struct Service {
    kind: Kind,
    /// What the system calls it.
    name: String,
    file: PathBuf,
    content: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Systemd,
    Launchd,
    Task,
}

impl Service {
    fn of(context: &Context) -> Result<Self, Failure> {
        let program = env::current_exe().map_err(|error| {
            let text = "The system does not say where this program is.";
            Failure::new(Exit::Failed, text).because(error)
        })?;
        let paths = context.paths()?;
        let kind = Kind::here();
        let home = directories::BaseDirs::new()
            .ok_or_else(|| Failure::new(Exit::Failed, "This user has no home directory."))?;
        let name = kind.name(&paths.profile);
        let file = match kind {
            Kind::Systemd => home.config_dir().join("systemd/user").join(format!("{name}.service")),
            Kind::Launchd => {
                home.home_dir().join("Library/LaunchAgents").join(format!("{name}.plist"))
            }
            Kind::Task => paths.state_dir.join("logon-task.xml"),
        };
        let content = kind.content(&program, &paths.profile);
        Ok(Self { kind, name, file, content })
    }

    fn write(&self) -> Result<(), Failure> {
        let dir = self.file.parent().unwrap_or(Path::new("."));
        let written = fs::create_dir_all(dir).and_then(|()| fs::write(&self.file, &self.content));
        written.map_err(|error| self.failed("cannot be written", error))
    }

    fn start(&self) -> io::Result<()> {
        match self.kind {
            Kind::Systemd => {
                run("systemctl", &["--user", "daemon-reload"])?;
                run("systemctl", &["--user", "enable", "--now", &self.name])
            }
            Kind::Launchd => run("launchctl", &["load", "-w", &self.file.display().to_string()]),
            Kind::Task => {
                let file = self.file.display().to_string();
                run("schtasks", &["/Create", "/F", "/TN", &self.name, "/XML", &file])?;
                run("schtasks", &["/Run", "/TN", &self.name])
            }
        }
    }

    /// What is not running or not known needs no stopping.
    fn stop(&self) {
        match self.kind {
            Kind::Systemd => run("systemctl", &["--user", "disable", "--now", &self.name]).ok(),
            Kind::Launchd => {
                run("launchctl", &["unload", "-w", &self.file.display().to_string()]).ok()
            }
            Kind::Task => run("schtasks", &["/End", "/TN", &self.name]).ok(),
        };
    }

    fn forget(&self) {
        match self.kind {
            Kind::Systemd => run("systemctl", &["--user", "daemon-reload"]).ok(),
            Kind::Launchd => None,
            Kind::Task => run("schtasks", &["/Delete", "/F", "/TN", &self.name]).ok(),
        };
    }

    fn failed(&self, what: &str, error: io::Error) -> Failure {
        let text = format!(
            "{} {what}. `outport agent` makes this computer reachable until it is ended.",
            self.file.display()
        );
        Failure::new(Exit::Failed, text).because(error)
    }
}

impl Kind {
    const fn here() -> Self {
        if cfg!(windows) {
            Self::Task
        } else if cfg!(target_os = "macos") {
            Self::Launchd
        } else {
            Self::Systemd
        }
    }

    fn name(self, profile: &Profile) -> String {
        let base = match self {
            Self::Systemd => "outport-agent",
            Self::Launchd => "dev.outport.agent",
            Self::Task => "Outport agent",
        };
        if *profile == Profile::default() {
            return base.to_owned();
        }
        match self {
            Self::Systemd => format!("{base}-{profile}"),
            Self::Launchd => format!("{base}.{profile}"),
            Self::Task => format!("{base} ({profile})"),
        }
    }

    fn content(self, program: &Path, profile: &Profile) -> String {
        let program = program.display().to_string();
        let other = (*profile != Profile::default()).then_some(profile);
        match self {
            Self::Systemd => {
                let words = other.map(|profile| format!(" --profile {profile}"));
                SYSTEMD
                    .replace(
                        "@OUTPORT@ agent",
                        &format!("@OUTPORT@ agent{}", words.unwrap_or_default()),
                    )
                    .replace("@OUTPORT@", &systemd_word(&program))
            }
            Self::Launchd => {
                let words = other.map(|profile| {
                    format!("\n    <string>--profile</string>\n    <string>{profile}</string>")
                });
                let agent = "<string>agent</string>";
                LAUNCHD
                    .replace(agent, &format!("{agent}{}", words.unwrap_or_default()))
                    .replace(
                        "<string>dev.outport.agent</string>",
                        &format!("<string>{}</string>", self.name(profile)),
                    )
                    .replace("@OUTPORT@", &xml(&program))
            }
            Self::Task => {
                let words = other.map(|profile| format!(" --profile {profile}"));
                let user =
                    ["USERDOMAIN", "USERNAME"].map(|name| env::var(name).unwrap_or_default());
                TASK.replace(
                    "<Arguments>agent",
                    &format!("<Arguments>agent{}", words.unwrap_or_default()),
                )
                .replace("@USER@", &xml(&user.join("\\")))
                .replace("@OUTPORT@", &xml(&program))
            }
        }
    }
}

/// One word of a command line as systemd reads it.
fn systemd_word(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{}\"", escaped.replace('$', "$$"))
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn run(program: &str, args: &[&str]) -> io::Result<()> {
    let output = Command::new(program).args(args).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(format!("{program} {}: {said}", args.join(" "))))
}

const SYSTEMD: &str = include_str!("../../../../../installers/linux/outport-agent.service");
const LAUNCHD: &str = include_str!("../../../../../installers/macos/dev.outport.agent.plist");
const TASK: &str = include_str!("../../../../../installers/windows/outport-agent.xml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_the_program_and_nothing_is_left_open() {
        let program = Path::new("/opt/100% \"mine\" & <co>/outport");
        for kind in [Kind::Systemd, Kind::Launchd, Kind::Task] {
            for profile in ["default", "lab-2"] {
                let profile: Profile = profile.parse().unwrap();
                let content = kind.content(program, &profile);
                assert!(!content.contains('@'), "{content}");
                assert_eq!(content.contains("--profile"), profile != Profile::default());
            }
        }
    }

    #[test]
    fn words_are_quoted_as_each_system_reads_them() {
        let profile = Profile::default();
        let odd = Path::new("/opt/100% \"mine\"/outport");
        let unit = Kind::Systemd.content(odd, &profile);
        assert!(unit.contains(r#"ExecStart="/opt/100%% \"mine\"/outport" agent"#), "{unit}");
        let plist = Kind::Launchd.content(Path::new("/a & <b>/outport"), &profile);
        assert!(plist.contains("<string>/a &amp; &lt;b&gt;/outport</string>"), "{plist}");
    }

    #[test]
    fn profiles_have_services_of_their_own() {
        let lab: Profile = "lab".parse().unwrap();
        for kind in [Kind::Systemd, Kind::Launchd, Kind::Task] {
            assert_ne!(kind.name(&lab), kind.name(&Profile::default()));
        }
        let plist = Kind::Launchd.content(Path::new("/outport"), &lab);
        assert!(plist.contains("<string>dev.outport.agent.lab</string>"), "{plist}");
    }
}
