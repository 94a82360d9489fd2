//! The real program as a process: exit statuses, streams, signals.

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Read as _},
        process::{Child, Command, Output, Stdio},
    };

    #[test]
    fn facts_go_to_one_stream_and_errors_to_the_other() {
        let version = Home::new().run(&["--version"]);
        assert_eq!(version.status.code(), Some(0));
        assert!(text(&version.stdout).starts_with("outport 0."));

        let home = Home::new();
        for (words, code, part) in [
            (&["no-such-command"][..], 2, "unrecognized subcommand"),
            (&["whoami"], 4, "Nobody is signed in"),
            (&["status"], 5, "No agent is running here"),
            (&["login", "127.0.0.1:1", "--no-browser"], 5, "cannot be reached"),
            (&["login"], 2, "Which hub?"),
        ] {
            let done = home.run(words);
            assert_eq!(done.status.code(), Some(code), "{words:?}: {}", text(&done.stderr));
            assert_eq!(text(&done.stdout), "", "{words:?}");
            assert!(text(&done.stderr).contains(part), "{words:?}: {}", text(&done.stderr));
        }
    }

    #[test]
    fn errors_are_objects_for_programs() {
        let done = Home::new().run(&["whoami", "--json"]);
        let error: serde_json::Value = serde_json::from_slice(&done.stderr).unwrap();
        assert_eq!(error["code"], "SIGNED_OUT");
        assert_eq!(error["exit"], 4);
    }

    #[test]
    fn colours_come_only_when_asked_for_off_a_terminal() {
        let home = Home::new();
        let plain = home.run(&["whoami"]);
        assert!(!text(&plain.stderr).contains('\u{1b}'));
        let painted = home.run(&["whoami", "--color", "always"]);
        assert!(text(&painted.stderr).contains('\u{1b}'));
    }

    #[test]
    fn a_reader_that_goes_away_is_no_crash() {
        let home = Home::new();
        for words in [&["completions", "zsh"][..], &["folders", "--json"], &["--help"]] {
            let mut child = home.start(words);
            drop(child.stdout.take());
            let mut errors = String::new();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            child.wait().unwrap();
            assert!(!errors.contains("panicked"), "{words:?}: {errors}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_hub_says_where_it_listens_and_ends_in_order() {
        let home = Home::new();
        let data = home.0.path().join("hub");
        let mut hub =
            home.start(&["hub", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
        let mut lines = BufReader::new(hub.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let port = line.strip_prefix("listening http://127.0.0.1:").expect(&line);
        assert_ne!(port.parse::<u16>().unwrap(), 0);

        let again = home.run(&["hub", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
        assert_eq!(again.status.code(), Some(1));
        assert!(text(&again.stderr).contains("another hub uses the data directory"));

        let ask = Command::new("kill").arg(hub.id().to_string()).status().unwrap();
        assert!(ask.success());
        assert_eq!(hub.wait().unwrap().code(), Some(0));
    }

    #[test]
    #[cfg(unix)]
    fn an_agent_runs_once_and_stops_when_told() {
        let home = Home::new();
        let mut agent = home.start(&["agent", "--json"]);
        let mut out = BufReader::new(agent.stdout.take().unwrap());
        let mut first = String::new();
        while !first.contains('}') {
            assert_ne!(out.read_line(&mut first).unwrap(), 0, "{first}");
        }
        let facts: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_eq!(facts["pid"], agent.id());

        let twice = home.run(&["agent"]);
        assert_eq!(twice.status.code(), Some(1), "{}", text(&twice.stderr));
        assert!(text(&twice.stderr).contains(&format!("process {}", agent.id())));

        let status = home.run(&["status", "--json"]);
        let snapshot: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
        assert_eq!(snapshot["pid"], agent.id());
        assert_eq!(home.run(&["pause", "--for", "2h"]).status.code(), Some(0));
        let status = home.run(&["status"]);
        assert!(text(&status.stdout).contains("until"), "{}", text(&status.stdout));
        assert_eq!(home.run(&["resume"]).status.code(), Some(0));
        assert_eq!(home.run(&["log", "-n", "5"]).status.code(), Some(0));

        assert_eq!(home.run(&["stop"]).status.code(), Some(0));
        assert_eq!(agent.wait().unwrap().code(), Some(0));
        assert_eq!(home.run(&["status"]).status.code(), Some(5));
    }

    #[test]
    #[cfg(unix)]
    fn signals_end_an_agent_in_order_and_in_time() {
        for signal in ["TERM", "INT", "HUP"] {
            let home = Home::new();
            let (mut agent, _out) = home.agent("default");
            let asked = std::time::Instant::now();
            let sent = Command::new("kill").args(["-s", signal, &agent.id().to_string()]).status();
            assert!(sent.unwrap().success());
            assert_eq!(agent.wait().unwrap().code(), Some(0), "{signal}");
            assert!(asked.elapsed() < std::time::Duration::from_secs(10), "{signal}");
            assert_eq!(home.run(&["status"]).status.code(), Some(5), "{signal}");
            assert_eq!(home.left_behind(), Vec::<String>::new(), "{signal}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn profiles_of_one_computer_run_side_by_side() {
        let home = Home::new();
        let (mut one, _out_of_one) = home.agent("one");
        let (mut two, _out_of_two) = home.agent("two");
        for (profile, id) in [("one", one.id()), ("two", two.id())] {
            let status = home.run(&["--profile", profile, "status", "--json"]);
            let state: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
            assert_eq!(state["pid"], id);
            assert_eq!(state["profile"], profile);
        }
        assert_eq!(home.run(&["--profile", "one", "stop"]).status.code(), Some(0));
        assert_eq!(one.wait().unwrap().code(), Some(0));
        assert_eq!(home.run(&["--profile", "one", "status"]).status.code(), Some(5));
        assert_eq!(home.run(&["--profile", "two", "status"]).status.code(), Some(0));
        assert_eq!(home.run(&["--profile", "two", "stop"]).status.code(), Some(0));
        assert_eq!(two.wait().unwrap().code(), Some(0));
    }

    /// A home of its own for everything that the program keeps.
    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn run(&self, words: &[&str]) -> Output {
            self.command(words).output().unwrap()
        }

        fn start(&self, words: &[&str]) -> Running {
            Running(
                self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(),
            )
        }

        /// Starts an agent and waits until it answers commands; the reader keeps its pipe open.
        #[cfg(unix)]
        fn agent(&self, profile: &str) -> (Running, BufReader<std::process::ChildStdout>) {
            let mut agent = self.start(&["--profile", profile, "agent", "--json"]);
            let mut out = BufReader::new(agent.stdout.take().unwrap());
            let mut first = String::new();
            while !first.contains('}') {
                assert_ne!(out.read_line(&mut first).unwrap(), 0, "{first}");
            }
            (agent, out)
        }

        /// What only a running agent has on the disk.
        #[cfg(unix)]
        fn left_behind(&self) -> Vec<String> {
            let (mut found, mut dirs) = (Vec::new(), vec![self.0.path().to_owned()]);
            while let Some(dir) = dirs.pop() {
                for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    if entry.file_type().unwrap().is_dir() {
                        dirs.push(entry.path());
                    } else if ["control.sock", "agent.holder"].contains(&name.as_str()) {
                        found.push(name);
                    }
                }
            }
            found
        }

        fn command(&self, words: &[&str]) -> Command {
            let mut command = Command::new(env!("CARGO_BIN_EXE_outport"));
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with("OUTPORT_") {
                    command.env_remove(name);
                }
            }
            command
                .env("OUTPORT_HOME", self.0.path().join("home"))
                .stdin(Stdio::null())
                .args(words);
            command
        }
    }

    /// A process that does not outlive its test.
    struct Running(Child);

    impl std::ops::Deref for Running {
        type Target = Child;

        fn deref(&self) -> &Child {
            &self.0
        }
    }

    impl std::ops::DerefMut for Running {
        fn deref_mut(&mut self) -> &mut Child {
            &mut self.0
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            self.0.kill().ok(); // it may be gone already
            self.0.wait().ok();
        }
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }
}
