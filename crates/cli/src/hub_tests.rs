//! The commands against a real hub in this process: a person signs in, and uses what needs no agent.

use clap::Parser as _;
use outport_api::client::{Auth, DevicePoll, HubUrl, Trust};
use outport_control::{Paths, Profile};
use outport_hub::{Admin, Clock, Hub, HubConfig, HubOverrides, NewUser};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    args::Cli,
    commands::{login, run},
    context::Context,
    failure::{Exit, Failure},
    human::now,
    printer::Captured,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_out() {
    let world = World::start().await;
    let before = world.run("whoami").await.unwrap_err();
    assert_eq!((before.exit, before.code.as_str()), (Exit::SignIn, "SIGNED_OUT"));
    world.sign_in().await;
    let person = world.json("whoami").await;
    assert!(person["preferred_username"].as_str().unwrap().starts_with("smith@"));
    world.run("logout").await.unwrap();
    let after = world.run("whoami").await.unwrap_err();
    assert_eq!(after.exit, Exit::SignIn);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_says_who_it_is_before_anybody_signs_in() {
    let world = World::start().await;
    let url: HubUrl = world.hub.url().as_str().parse().unwrap();
    let about = Auth::new(url.clone(), &Trust::default()).unwrap().hub_info().await.unwrap();
    assert_eq!(about.public_url, url.to_string());
    assert!((about.hub_time.seconds - now().seconds).abs() < 60);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_registered_listed_renamed_and_deleted() {
    let world = World::start().await;
    world.sign_in().await;
    let done = world.json("setup --name WorkPC").await;
    assert_eq!(done["name"], "smith#WorkPC");
    let twice = world.run("setup --name workpc").await.unwrap_err();
    assert!(twice.message.contains("--replace"), "{}", twice.message);

    let list = world.run("endpoints").await.unwrap();
    assert!(list.contains("smith#WorkPC") && list.contains("offline"), "{list}");
    let shown = world.json("endpoints show smith#workpc").await;
    assert_eq!(shown["outport"]["fingerprint"], done["fingerprint"]);
    world.run("endpoints rename WorkPC Desk").await.unwrap();
    let found = world.json("endpoints search desk").await;
    assert_eq!(found[0]["canonical_name"], "smith#Desk");

    let unasked = world.run("endpoints delete Desk").await.unwrap_err();
    assert_eq!(unasked.exit, Exit::Usage);
    world.run("endpoints delete Desk --yes").await.unwrap();
    let gone = world.run("endpoints show Desk").await.unwrap_err();
    assert_eq!((gone.exit, gone.code.as_str()), (Exit::NotFound, "ENDPOINT_NOT_FOUND"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_endpoint_that_is_away_cannot_do_is_said() {
    let world = World::start().await;
    world.sign_in().await;
    world.run("setup --name WorkPC").await.unwrap();
    for line in ["ls WorkPC:/x", "stat WorkPC:/x", "mkdir WorkPC:/x", "rename WorkPC:/x y"] {
        let failure = world.run(line).await.unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable, "{line}: {failure:?}");
        assert!(failure.message.contains("smith#WorkPC is not connected"), "{line}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_submitted_followed_changed_and_cancelled() {
    let world = World::start().await;
    world.sign_in().await;
    world.run("setup --name WorkPC").await.unwrap();
    let id = "00000000-0000-4000-8000-000000000005";
    let line = format!("transfer WorkPC:/a WorkPC:/b --label first --submission-id {id}");
    let task = world.json(&line).await["task_id"].as_str().unwrap().to_owned();
    let same = world.json(&line).await;
    assert_eq!(same["task_id"], task.as_str(), "the same submission is the same task");

    let waits = world.run(&format!("tasks wait {task} --timeout 1s")).await.unwrap_err();
    assert_eq!(waits.exit, Exit::TimedOut);
    assert!(waits.message.contains(&format!("outport tasks cancel {task}")));
    let shown = world.run(&format!("tasks show {task}")).await.unwrap();
    assert!(shown.contains("waiting: smith#WorkPC is not connected"), "{shown}");

    world.run(&format!("tasks update {task} --label second --deadline 2d")).await.unwrap();
    let list = world.json("tasks list --status active --label sec*").await;
    assert_eq!(list[0]["task_id"], task.as_str());
    world.run(&format!("tasks cancel {task}")).await.unwrap();
    let ended = world.run(&format!("tasks wait {task}")).await.unwrap_err();
    assert_eq!((ended.exit, ended.code.as_str()), (Exit::Failed, "CANCELED"));
    let events = world.json(&format!("tasks events {task}")).await;
    let codes: Vec<_> = events.as_array().unwrap().iter().map(|event| &event["code"]).collect();
    assert!(codes.contains(&&Value::from("CANCELED")), "{codes:?}");
    let unknown = world.run("tasks show 00000000-0000-0000-0000-00000000000f").await.unwrap_err();
    assert_eq!(unknown.exit, Exit::NotFound);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_asks_nothing_of_the_hub() {
    let world = World::start().await;
    world.sign_in().await;
    world.run("setup --name WorkPC").await.unwrap();
    let line = "transfer WorkPC:x WorkPC:/y --dry-run --sync-level size";
    let submission = world.json(line).await;
    assert!(submission["outport"].is_null(), "{submission}");
    assert_eq!(submission["DATA"][0]["source_path"], "/~/x");
    assert_eq!(submission["sync_level"], 1);
    let line = "transfer WorkPC:x WorkPC:/y --dry-run --exclude *.tmp --include *.t* --exclude c/ \
                --symlinks follow --preserve-times --preserve-permissions --fail-on-quota \
                 --delete-extra --keep-deleted --allow-empty-source --conflict newer \
                 --names rename --limit 2.5MB/s --background --xattrs --hard-links";
    let submission = world.json(line).await;
    assert_eq!(submission["recursive_symlinks"], "copy");
    assert_eq!(submission["preserve_timestamp"], true);
    assert_eq!(submission["fail_on_quota_errors"], true);
    assert_eq!(submission["delete_destination_extra"], true);
    assert_eq!(submission["outport"]["conflict"], "newer");
    assert_eq!(submission["outport"]["names"], "rename");
    assert_eq!(submission["outport"]["limit"], 2_500_000);
    let options = ["preserve_permissions", "preserve_xattrs", "preserve_hard_links"];
    for option in options.into_iter().chain(["keep_deleted", "allow_empty_source", "background"]) {
        assert_eq!(submission["outport"][option], true, "{option}");
    }
    let rules = submission["filter_rules"].as_array().unwrap().iter();
    let rules = rules.map(|rule| (&rule["method"], &rule["type"], &rule["name"]));
    let rules: Vec<_> = rules.map(|(m, t, n)| format!("{m} {t} {n}").replace('"', "")).collect();
    assert_eq!(rules, ["exclude file *.tmp", "include file *.t*", "exclude dir c"]);
    let value = "9e107d9d372bb6826bd81d3542a419d6";
    let line = format!("transfer WorkPC:x WorkPC:/y --dry-run --external-checksum {value}");
    let submission = world.json(&line).await;
    assert_eq!(submission["DATA"][0]["external_checksum"], value);
    assert_eq!(submission["DATA"][0]["checksum_algorithm"], "MD5");
    world.run(&format!("{line}0")).await.unwrap_err();
    world.run("delete WorkPC:/x --dry-run").await.unwrap();
    assert_eq!(world.json("tasks").await, Value::Array(Vec::new()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_needs_a_path_and_a_yes() {
    let world = World::start().await;
    world.sign_in().await;
    world.run("setup --name WorkPC").await.unwrap();
    for line in ["delete WorkPC", "delete WorkPC:/x", "delete WorkPC:/x Other:/y --yes"] {
        assert_eq!(world.run(line).await.unwrap_err().exit, Exit::Usage, "{line}");
    }
    let task = world.json("delete WorkPC:/x --recursive --yes").await;
    assert_eq!(task["DATA_TYPE"], "delete_result");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administrator_looks_after_people_and_applications() {
    let world = World::start().await;
    let data = world.data();
    let run = async |line: &str| world.run(&format!("hub --data {data} {line}")).await;
    let link = run("user add jones").await.unwrap();
    assert!(link.contains("/outport/password?key="), "{link}");
    assert!(run("user add jones").await.unwrap_err().message.contains("is taken"));
    run("user disable jones").await.unwrap();
    assert!(
        run("user list")
            .await
            .unwrap()
            .lines()
            .any(|line| { line.starts_with("jones") && line.contains("closed") })
    );
    run("user enable jones").await.unwrap();
    assert_eq!(run("user passwd nobody").await.unwrap_err().exit, Exit::NotFound);
    let app = world.json(&format!("hub --data {data} app add Nightly")).await;
    let id = app["client_id"].as_str().unwrap();
    assert!(!app["client_secret"].as_str().unwrap().is_empty());
    assert!(run("app list").await.unwrap().contains("Nightly"));
    run(&format!("app remove {id} --yes")).await.unwrap();
    assert!(!run("app list").await.unwrap().contains("Nightly"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_kept_without_an_agent() {
    let world = World::start().await;
    let folder = world.dir.path().join("with space");
    std::fs::create_dir(&folder).unwrap();
    let context = world.context(Captured::json());
    let shown = |screen: &Captured| serde_json::from_str::<Value>(&screen.out()).unwrap();
    let path = folder.to_str().unwrap();
    let cli = Cli::try_parse_from(["outport", "folders", "add", "--read-write", path]).unwrap();
    run(cli.command, &context.1).await.unwrap();
    assert_eq!(shown(&context.0)[0]["access"], "read-write");
    let list = world.run("folders").await.unwrap();
    assert!(list.contains("with space") && list.contains("read-write"), "{list}");
    for line in ["status", "pause", "resume", "stop"] {
        let failure = world.run(line).await.unwrap_err();
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Unreachable, "AGENT_NOT_RUNNING"));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_told_with_how_much() {
    let clock = Clock::system();
    let world = World::with_clock(clock.clone()).await;
    world.sign_in().await;
    clock.advance_seconds(3600);
    let failure = world.run("doctor").await.unwrap_err();
    assert_eq!(failure.exit, Exit::Failed, "this computer is not set up");
    let (screen, context) = world.context(Captured::json());
    let cli = Cli::try_parse_from(["outport", "doctor"]).unwrap();
    run(cli.command, &context).await.unwrap_err();
    let report: Value = serde_json::from_str(&screen.out()).unwrap();
    assert_eq!(report["summary"][0]["code"], "FAILS_NOT_SET_UP");
    let checks = report["checks"].as_array().unwrap();
    let clock = checks.iter().find(|check| check["name"] == "clock").unwrap();
    assert_eq!(
        (&clock["verdict"], &clock["problem"]["code"]),
        (&"warning".into(), &"CLOCK_WRONG".into())
    );
    let seconds = clock["problem"]["args"]["seconds"].as_u64().unwrap();
    assert!((3590..3610).contains(&seconds), "{seconds}");
    world.end().await;
}

/// A hub with the account `smith`, and a home to run commands in.
struct World {
    hub: Hub,
    dir: TempDir,
}

impl World {
    async fn start() -> Self {
        Self::with_clock(Clock::system()).await
    }

    async fn with_clock(clock: Clock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hub = Hub::bind_with_clock(config(&dir), clock).await.unwrap();
        let admin = Admin::open(config(&dir)).await.unwrap();
        let user = NewUser {
            handle: "smith".parse().unwrap(),
            display_name: String::new(),
            email: None,
            is_admin: false,
            password: None,
        };
        admin.add_user(user).await.unwrap();
        admin.close().await;
        Self { hub, dir }
    }

    /// Signs in as a device does, without its pauses.
    async fn sign_in(&self) {
        let auth = Auth::new(self.hub.url().as_str().parse().unwrap(), &Trust::default()).unwrap();
        let mut device = auth.device().await.unwrap();
        let line = format!("hub --data {} user approve smith {}", self.data(), device.user_code());
        self.run(&line).await.unwrap();
        let DevicePoll::Done(answer) = device.poll().await.unwrap() else {
            panic!("the code is approved");
        };
        let (_, context) = self.context(Captured::text());
        login::finish(&auth, &answer, &context).await.unwrap();
    }

    /// Runs a command, and answers with its facts.
    async fn run(&self, line: &str) -> Result<String, Failure> {
        let (screen, context) = self.context(Captured::text());
        let cli = Cli::try_parse_from(std::iter::once("outport").chain(line.split(' ')));
        run(cli.expect(line).command, &context).await?;
        Ok(screen.out())
    }

    async fn json(&self, line: &str) -> Value {
        let (screen, context) = self.context(Captured::json());
        let cli = Cli::try_parse_from(std::iter::once("outport").chain(line.split(' ')));
        if let Err(failure) = run(cli.expect(line).command, &context).await {
            panic!("{line}: {failure:?}");
        }
        serde_json::from_str(&screen.out()).unwrap()
    }

    fn context(&self, screen: Captured) -> (Captured, Context) {
        let paths = Paths::below(&self.dir.path().join("home"), Profile::default());
        let printer = screen.printer();
        (screen, Context::with(printer, paths))
    }

    fn data(&self) -> String {
        self.dir.path().join("hub").to_str().unwrap().to_owned()
    }

    async fn end(self) {
        self.hub.shutdown().await;
    }
}

fn config(dir: &TempDir) -> HubConfig {
    let overrides = HubOverrides {
        data: Some(dir.path().join("hub")),
        listen: Some(([127, 0, 0, 1], 0).into()),
        ..HubOverrides::default()
    };
    HubConfig::load(None, [], overrides).unwrap()
}
