//! Config files good and bad, and what commands make of them.

use std::fs;

use outport_control::{LimitRow, NewFolder, Profile, RelayUse};
use outport_mover::rules::Because;
use outport_types::RateLimit;
use tempfile::TempDir;

use super::*;
use crate::folders;

#[test]
fn an_absent_file_shares_nothing() {
    let rig = Rig::new();
    let config = Config::load(&rig.paths).unwrap();
    assert!(config.folders.is_empty());
    assert_eq!(config.rules.default_directory(), None);
    let explained = config.rules.explain(&"/etc/passwd".parse().unwrap());
    assert_eq!(explained.because, Because::NoRule);
}

#[test]
fn every_version_of_the_file_is_read_for_what_it_meant() {
    // One sample for each version that was ever released; samples are never changed.
    let samples = [include_str!("tests/v1.toml")];
    assert_eq!(samples.len(), migrate::NEWEST as usize);
    for (sample, version) in samples.iter().zip(1..) {
        assert_eq!(migrate::version_of(sample).unwrap(), version);
        let rig = Rig::new();
        let config = Config::parse(sample, &rig.paths, Some(Path::new("/home/ann"))).unwrap();
        assert_eq!(
            config.folders,
            [
                FolderConfig {
                    path: "/home/ann/measurements".into(),
                    access: Access::ReadWrite,
                    shareable: true,
                    local_only: false,
                    gateway: false,
                    deny: vec![
                        "/home/ann/measurements/raw/private".into(),
                        "/home/ann/measurements/keys".into(),
                    ],
                },
                FolderConfig {
                    path: "/srv/reference".into(),
                    access: Access::ReadOnly,
                    shareable: false,
                    local_only: false,
                    gateway: true,
                    deny: vec![],
                },
            ]
        );
        assert_eq!(config.default_directory, Some("/srv/reference".into()));
        assert_eq!(
            (config.sessions_max, config.ports),
            (3, Ports { listen: port(7441), tcp: false })
        );
        assert_eq!(config.log_level, LogLevel::Debug);
        assert!(config.home_dot_files && config.settings.background);
        let limits = &config.limits;
        assert_eq!(limits.upload, RateLimit::new(20_000_000).ok());
        assert_eq!(limits.download, None);
        let [night] = &limits.timetable[..] else { panic!("{limits:?}") };
        assert_eq!(
            (night.days.to_string(), night.from.to_string()),
            ("mon-fri".into(), "22:00".into())
        );
        assert_eq!((night.upload, night.download), (None, RateLimit::new(1_000_000).ok()));
        assert_eq!(config.ca_file, Some("/etc/ssl/lab.pem".into()));
    }
}

#[test]
fn content_goes_through_a_relay_as_the_owner_says() {
    let rig = Rig::new();
    for (text, expected) in [
        ("", RelayUse::Auto),
        ("[network]\nrelay = \"auto\"", RelayUse::Auto),
        ("[network]\nrelay = \"never\"", RelayUse::Never),
        ("[network]\nrelay = \"only\"", RelayUse::Only),
    ] {
        assert_eq!(
            Config::parse(text, &rig.paths, None).unwrap().settings.relay,
            expected,
            "{text}"
        );
    }
    let wrong = Config::parse("[network]\nrelay = \"always\"", &rig.paths, None).unwrap_err();
    assert!(wrong.reason.contains("never"), "{}", wrong.reason);
}

#[test]
fn an_owner_says_where_the_agent_listens_and_is_reached() {
    let rig = Rig::new();
    let read = |text: &str| Config::parse(&format!("[network]\n{text}"), &rig.paths, None);
    for (text, listen) in [
        ("", Listen::Any),
        ("udp_port = 0", Listen::Any),
        ("udp_port = 7441", port(7441)),
        ("listen = \"0.0.0.0:7441\"", Listen::At("0.0.0.0:7441".parse().unwrap())),
        ("udp_port = 0\nlisten = \"[::]:7441\"", Listen::At("[::]:7441".parse().unwrap())),
    ] {
        assert_eq!(read(text).unwrap().ports.listen, listen, "{text}");
    }
    assert_eq!(read("").unwrap().advertise, []);
    let advertised = "advertise = [\"203.0.113.7:7441\", \"[2001:db8::7]:7441\"]";
    let expected = ["203.0.113.7:7441", "[2001:db8::7]:7441"].map(|text| text.parse().unwrap());
    assert_eq!(read(advertised).unwrap().advertise, expected);
    assert!(read("").unwrap().settings.port_mapping);
    assert!(!read("port_mapping = false").unwrap().settings.port_mapping);
}

#[test]
fn the_switch_for_ports_of_the_router_is_written_where_it_says_something() {
    let rig = Rig::new();
    let save = |port_mapping| {
        let settings = Settings { port_mapping, ..Settings::default() };
        assert_eq!(save_settings(&rig.paths, &settings).unwrap().settings, settings);
        fs::read_to_string(config_file(&rig.paths)).unwrap()
    };
    assert!(!save(true).contains("network"));
    assert!(save(false).contains("[network]\nport_mapping = false\n"), "{}", save(false));
    rig.write("[network]\nport_mapping = false # the router is old\n");
    assert!(save(true).contains("port_mapping = true # the router is old"));
}

#[test]
fn the_proxy_is_read_and_a_password_in_it_is_refused_and_not_repeated() {
    let rig = Rig::new();
    let read = |text: &str| Config::parse(text, &rig.paths, None).map(|config| config.proxy);
    assert_eq!(read("").unwrap(), ProxyChoice::System);
    for text in ["system", "none", "http://proxy.lan:3128", "socks5://proxy.lan:1080"] {
        let choice = read(&format!("[network]\nproxy = \"{text}\"")).unwrap();
        assert_eq!(choice.to_string(), text);
    }
    for text in ["", "https://proxy.lan", "http://proxy.lan/x", "http://ann:geheim@proxy.lan"] {
        rig.write(&format!("[network]\nudp_port = 0\nproxy = \"{text}\""));
        let problem = Config::load(&rig.paths).unwrap_err().problem();
        assert_eq!(problem.args.get("line"), Some(&3.into()), "{text}: {problem}");
        assert!(problem.message.contains("`proxy`") && !problem.message.contains("geheim"));
        let tells_where = problem.message.contains("outport proxy set");
        assert_eq!(tells_where, text.contains('@'), "{problem}");
    }
}

#[test]
fn the_proxy_is_written_where_the_owner_has_it_and_taken_out_again() {
    let rig = Rig::new();
    let save = |choice: &str| save_proxy(&rig.paths, &choice.parse().unwrap()).unwrap();
    save("system");
    assert!(!fs::read_to_string(config_file(&rig.paths)).unwrap().contains("network"));
    rig.write("# mine\n[network]\nproxy = \"none\" # here\ntcp = false\n");
    assert_eq!(save("socks5://proxy.lan").proxy.to_string(), "socks5://proxy.lan:1080");
    let text = fs::read_to_string(config_file(&rig.paths)).unwrap();
    assert!(text.contains("proxy = \"socks5://proxy.lan:1080\" # here"), "{text}");
    assert!(text.contains("# mine") && text.contains("tcp = false"), "{text}");
    assert_eq!(save("system").proxy, ProxyChoice::System);
    let text = fs::read_to_string(config_file(&rig.paths)).unwrap();
    assert!(!text.contains("proxy") && text.contains("tcp = false"), "{text}");
}

#[test]
fn a_mistake_is_named_with_its_line() {
    let too_many_advertised =
        format!("[network]\nadvertise = [{}]", "\"203.0.113.7:7441\", ".repeat(9));
    for (text, line, says) in [
        ("version = 1\n\nfolders = 3", 3, "sequence"),
        ("version = 2", 1, "update Outport"),
        ("[[folders]]\npath = \"/a\"\nacces = \"read-only\"", 3, "acces"),
        ("[[folders]]\npath = \"a\"", 2, "not a full path"),
        ("[[folders]]\npath = \"/a/../b\"", 2, ".."),
        ("[[folders]]\npath = \"/a\"\naccess = \"write\"", 3, "write"),
        ("[[folders]]\npath = \"/a\"\n[[folders]]\npath = \"/a/\"", 4, "two rules"),
        ("[[folders]]\npath = \"/a\"\ndeny = [\"b\",\n\"/c\"]", 4, "not inside"),
        ("default_directory = \"/b\"\n[[folders]]\npath = \"/a\"", 1, "in no folder"),
        ("[network]\nlisten = \"lab:7441\"", 2, "`lab:7441`: an address with a port"),
        ("[network]\nlisten = \"0.0.0.0:0\"", 2, "1 to 65535"),
        ("[network]\nudp_port = 7441\nlisten = \"0.0.0.0:7441\"", 3, "take `udp_port` out"),
        ("[network]\nudp_port = 70000", 2, "u16"),
        ("[network]\nadvertise = [\n\"203.0.113.7:7441\",\n\"0.0.0.0:1\"]", 4, "`0.0.0.0:1`"),
        (&too_many_advertised, 2, "more than 8"),
        ("[transfer]\nsessions_max = 0", 2, "zero"),
        ("[limits]\nupload = \"20\"", 2, "a number and a unit"),
        ("[limits]\n\ndownload = \"20 Mb/s\"", 3, "bytes or bits"),
        ("[limits]\nupload = \"1 B/s\"", 2, "1 KiB/s"),
        ("[[limits.timetable]]\nfrom = \"25:00\"\nto = \"06:00\"", 2, "08:30"),
        ("[[limits.timetable]]\ndays = \"monday\"\nfrom = \"1:00\"\nto = \"6:00\"", 2, "mon-fri"),
        ("a = = b", 1, ""),
    ] {
        let rig = Rig::new();
        rig.write(text);
        let error = Config::load(&rig.paths).unwrap_err();
        let ConfigError::Wrong { line: found, reason, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*found, line, "{text}: {reason}");
        assert!(reason.contains(says), "{text}: {reason}");
        let problem = error.problem();
        assert_eq!(problem.code, Code::BadConfig);
        assert!(problem.message.contains("config.toml"), "{problem}");
    }
}

#[test]
fn limits_are_written_as_they_are_read_and_taken_out_whole() {
    let rig = Rig::new();
    rig.write("# mine\nversion = 1\n\n[log] # here\nlevel = \"debug\"\n");
    let row = |days: &str, upload| LimitRow {
        days: days.parse().unwrap(),
        from: "22:00".parse().unwrap(),
        to: "06:30".parse().unwrap(),
        upload,
        download: RateLimit::new(1_234_567).ok(),
    };
    let limits = Limits {
        upload: RateLimit::new(20_000_000).ok(),
        download: None,
        relay: RateLimit::new(2_000_000).ok(),
        timetable: vec![row("mon-fri", None), row("sat,sun", RateLimit::new(1024).ok())],
    };
    assert_eq!(save_limits(&rig.paths, &limits).unwrap().limits, limits);
    assert_eq!(Config::load(&rig.paths).unwrap().limits, limits);
    let timetable = limits.timetable[1..].to_vec();
    let changed = Limits { upload: None, relay: None, timetable, ..limits };
    save_limits(&rig.paths, &changed).unwrap();
    assert_eq!(Config::load(&rig.paths).unwrap().limits, changed);
    save_limits(&rig.paths, &Limits::default()).unwrap();
    let text = fs::read_to_string(config_file(&rig.paths)).unwrap();
    assert!(
        !text.contains("limits") && text.contains("# mine") && text.contains("# here"),
        "{text}"
    );
}

#[test]
fn the_agents_own_files_are_never_shared() {
    let rig = Rig::new();
    let own = rig.paths.state_dir.display().to_string();
    rig.write(&format!("[[folders]]\npath = \"{own}/x\""));
    assert!(matches!(Config::load(&rig.paths), Err(ConfigError::Wrong { line: 2, .. })));
    rig.write("[[folders]]\npath = \"/\"\naccess = \"read-write\"");
    let config = Config::load(&rig.paths).unwrap();
    let key = outport_mover::system_path::from_host(&rig.paths.state_dir.join("x.key")).unwrap();
    assert_eq!(config.rules.explain(&key).access, None);
    assert_eq!(config.rules.explain(&"/srv".parse().unwrap()).access, Some(Access::ReadWrite));
}

#[test]
fn what_is_for_the_local_network_only_is_closed_to_everybody_elsewhere() {
    let rig = Rig::new();
    rig.write(
        "[[folders]]\npath = \"/a\"\n[[folders]]\npath = \"/a/b\"\naccess = \"read-write\"\nlocal_only = true",
    );
    let config = Config::load(&rig.paths).unwrap();
    let [outer, inner] = ["/a/x", "/a/b/x"].map(|path| path.parse().unwrap());
    for rules in [&config.rules, &config.far_rules, &config.gateway_rules] {
        assert_eq!(rules.explain(&outer).access, Some(Access::ReadOnly));
    }
    assert_eq!(config.rules.explain(&inner).access, Some(Access::ReadWrite));
    assert_eq!(config.far_rules.explain(&inner).access, None);
    assert_eq!(config.gateway_rules.explain(&inner).access, None);
    let tested = ["/a/b", "/a"].map(|path| folders::test(&config, path).unwrap().local_only);
    assert_eq!(tested, [true, false]);
}

#[test]
fn gateways_stay_out_of_folders_that_are_closed_to_them() {
    let rig = Rig::new();
    rig.write(
        "default_directory = \"/b\"\n[[folders]]\npath = \"/a\"\n[[folders]]\npath = \"/b\"\ngateway = false",
    );
    let config = Config::load(&rig.paths).unwrap();
    let path = "/b/x".parse().unwrap();
    assert_eq!(config.rules.explain(&path).access, Some(Access::ReadOnly));
    assert_eq!(config.far_rules.explain(&path).access, Some(Access::ReadOnly));
    assert_eq!(config.gateway_rules.explain(&path).access, None);
    assert_eq!(
        config.gateway_rules.explain(&"/a/x".parse().unwrap()).access,
        Some(Access::ReadOnly)
    );
}

#[test]
fn commands_keep_what_the_owner_wrote() {
    let rig = Rig::new();
    let data = rig.dir("data");
    let more = rig.dir("more");
    rig.write(&format!(
        "# mine\nversion = 1\n\n[[folders]] # the first\npath = \"{}\" # here\naccess = \"read-only\" # for now\n",
        data.display()
    ));
    let config = add_folder(&rig.paths, &rig.folder(&more, Access::ReadWrite)).unwrap();
    assert_eq!(config.folders.len(), 2);
    let config = add_folder(&rig.paths, &rig.folder(&data, Access::ReadWrite)).unwrap();
    assert_eq!(config.folders.len(), 2);
    assert_eq!(config.folders[0].access, Access::ReadWrite);
    let text = fs::read_to_string(config_file(&rig.paths)).unwrap();
    for kept in ["# mine", "# the first", "# here", "\"read-write\" # for now"] {
        assert!(text.contains(kept), "{text}");
    }
    for local_only in [true, false] {
        let folder = NewFolder { local_only, ..rig.folder(&more, Access::ReadWrite) };
        let config = add_folder(&rig.paths, &folder).unwrap();
        assert_eq!(config.folders.last().unwrap().local_only, local_only);
    }
    let config = remove_folder(&rig.paths, &more.display().to_string()).unwrap();
    assert_eq!(config.folders.len(), 1);
    let unknown = remove_folder(&rig.paths, &more.display().to_string()).unwrap_err();
    assert_eq!(unknown.problem().code, Code::BadPath);
}

#[test]
fn a_folder_is_the_real_directory_and_nothing_else() {
    let rig = Rig::new();
    let data = rig.dir("data");
    let file = rig.home.path().join("file");
    fs::write(&file, b"x").unwrap();
    for bad in [Path::new("relative"), &rig.home.path().join("none"), &file, &rig.paths.state_dir] {
        let error = add_folder(&rig.paths, &rig.folder(bad, Access::ReadOnly)).unwrap_err();
        assert_eq!(error.problem().code, Code::BadPath, "{}", bad.display());
    }
    #[cfg(unix)]
    {
        let link = rig.home.path().join("link");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        let config = add_folder(&rig.paths, &rig.folder(&link, Access::ReadOnly)).unwrap();
        assert_eq!(config.folders[0].path, canonical(&data).unwrap());
    }
}

#[test]
fn sharing_a_whole_home_or_disk_needs_a_yes() {
    let rig = Rig::new();
    let mut disk = rig.folder(Path::new("/"), Access::ReadOnly);
    let refused = add_folder(&rig.paths, &disk).unwrap_err().problem();
    assert_eq!(refused.code, Code::FolderNeedsConfirm);
    assert!(!config_file(&rig.paths).exists());
    disk.confirmed = true;
    assert!(add_folder(&rig.paths, &disk).is_ok());
    let Some(home) = home() else { return };
    let refused = add_folder(&rig.paths, &rig.folder(&home, Access::ReadOnly)).unwrap_err();
    assert_eq!(refused.problem().code, Code::FolderNeedsConfirm);
}

#[test]
fn a_file_with_a_mistake_is_left_to_its_owner() {
    let rig = Rig::new();
    rig.write("version = 1\nfolder = 3\n");
    let error =
        add_folder(&rig.paths, &rig.folder(&rig.dir("data"), Access::ReadOnly)).unwrap_err();
    assert_eq!(error.problem().code, Code::BadConfig);
    let text = fs::read_to_string(config_file(&rig.paths)).unwrap();
    assert_eq!(text, "version = 1\nfolder = 3\n");
}

#[test]
fn the_reference_is_current() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.md");
    let fresh = reference();
    if fs::read_to_string(file).is_ok_and(|text| text == fresh) {
        return;
    }
    if std::env::var_os("CI").is_none() {
        fs::write(file, &fresh).unwrap();
    }
    panic!("docs/config.md was stale; it is written anew where this is not CI");
}

#[test]
fn without_a_home_what_names_it_is_an_error_and_never_the_root() {
    let rig = Rig::new();
    for path in ["~", "~/data"] {
        let text = format!("[[folders]]\npath = \"{path}\"");
        let wrong = Config::parse(&text, &rig.paths, None).unwrap_err();
        assert!(wrong.reason.contains("not a full path"), "{}", wrong.reason);
    }
}

#[test]
fn without_a_home_hidden_files_are_shared_only_where_the_owner_says_so() {
    let rig = Rig::new();
    let wrong = Config::parse("[[folders]]\npath = \"/srv\"", &rig.paths, None).unwrap_err();
    assert!(wrong.reason.contains("home_dot_files"), "{}", wrong.reason);
    assert_eq!(wrong.offset, 19, "at the folder that they may be in");
    let text = "home_dot_files = true\n[[folders]]\npath = \"/srv\"";
    assert_eq!(Config::parse(text, &rig.paths, None).unwrap().folders.len(), 1);
    assert!(Config::parse("", &rig.paths, None).unwrap().folders.is_empty());
}

#[test]
fn hidden_directories_of_the_home_need_a_yes() {
    let home = Path::new("/home/ann");
    for (path, needs) in [
        ("/home/ann/.ssh", true),
        ("/home/ann/.config/x", true),
        ("/home", true),
        ("/home/ann/data/.git", false),
        ("/srv", false),
    ] {
        assert_eq!(edit::exposure(Path::new(path), Some(home)).is_some(), needs, "{path}");
    }
}

fn port(port: u16) -> Listen {
    Listen::Port(port.try_into().unwrap())
}

struct Rig {
    home: TempDir,
    paths: Paths,
}

impl Rig {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let paths = Paths::below(&home.path().join("own"), Profile::default());
        fs::create_dir_all(&paths.config_dir).unwrap();
        fs::create_dir_all(&paths.state_dir).unwrap();
        Self { home, paths }
    }

    fn write(&self, text: &str) {
        fs::write(config_file(&self.paths), text).unwrap();
    }

    fn dir(&self, name: &str) -> PathBuf {
        let dir = self.home.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn folder(&self, path: &Path, access: Access) -> NewFolder {
        NewFolder {
            path: path.display().to_string(),
            access,
            shareable: false,
            local_only: false,
            deny: vec![],
            confirmed: false,
        }
    }
}
