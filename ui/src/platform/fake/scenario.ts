import type { Problem } from "../bindings";
import type { ShellState, Snapshot } from "../types";
import * as data from "./data";

/** The states that tests and pictures need; each is one way the world can be. */
export const SCENARIOS = [
  "busy",
  "idle",
  "empty",
  "fresh",
  "paused",
  "held",
  "connecting",
  "offline",
  "network-sign-in",
  "signed-out",
  "removed",
  "bad-config",
  "disk-full",
  "missing-folder",
  "key-changed",
  "no-agent",
  "attached",
  "no-tray",
  "update",
  "many",
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** What a scenario begins with. */
export interface World {
  snapshot: Snapshot;
  shell: ShellState;
}

export function world(scenario: Scenario): World {
  const now: World = { snapshot: snapshot(), shell: shell() };
  change(scenario, now);
  return now;
}

function change(scenario: Scenario, { snapshot, shell }: World): void {
  switch (scenario) {
    case "busy":
      return;
    case "idle":
      quiet(snapshot, "online");
      return;
    case "empty":
      quiet(snapshot, "online");
      snapshot.folders = [];
      snapshot.default_directory = null;
      snapshot.tasks.tasks = [];
      snapshot.events = [];
      snapshot.speed = [];
      return;
    case "fresh":
      quiet(snapshot, "offline");
      Object.assign(snapshot, {
        endpoint: null,
        account: null,
        folders: [],
        default_directory: null,
        events: [],
        speed: [],
      });
      snapshot.tasks = { state: "signed_out", problem: null, as_of: null, tasks: [] };
      return;
    case "paused":
      quiet(snapshot, "paused");
      snapshot.paused = { since: data.ago(8), until: data.ahead(22) };
      return;
    case "held":
      quiet(snapshot, "paused");
      snapshot.held = { reason: "battery", since: data.ago(8) };
      snapshot.power = { on_battery: true, metered: false, awake: false };
      snapshot.settings.pause_on_battery = true;
      return;
    case "connecting":
      quiet(snapshot, "connecting");
      return;
    case "offline":
      quiet(snapshot, "offline");
      notice(snapshot, "unreachable", "error");
      snapshot.tasks = { ...snapshot.tasks, state: "away", problem: problem("unreachable") };
      return;
    case "network-sign-in":
      quiet(snapshot, "offline");
      notice(snapshot, "networkSignIn", "error");
      snapshot.tasks = { ...snapshot.tasks, state: "away", problem: problem("networkSignIn") };
      return;
    case "signed-out":
      snapshot.account = null;
      snapshot.tasks = { state: "signed_out", problem: null, as_of: null, tasks: [] };
      notice(snapshot, "signedOut", "warning");
      return;
    case "removed":
      quiet(snapshot, "attention");
      notice(snapshot, "removed", "error");
      return;
    case "bad-config":
      notice(snapshot, "config", "warning");
      return;
    case "disk-full":
      snapshot.state = "attention";
      notice(snapshot, "disk", "error");
      return;
    case "missing-folder":
      notice(snapshot, "folder", "warning");
      return;
    case "key-changed":
      quiet(snapshot, "attention");
      notice(snapshot, "keyChanged", "error");
      return;
    case "no-agent":
      shell.host = { kind: "none", problem: problem("noAgent") };
      return;
    case "attached":
      shell.host = { kind: "attached", pid: 4711 };
      return;
    case "no-tray":
      shell.tray = false;
      shell.settings.seen_no_tray = false;
      return;
    case "update":
      shell.update = {
        state: "available",
        version: "0.2.0",
        notes: "Faster over long lines.\nA new list of routes.",
      };
      return;
    case "many":
      snapshot.tasks.tasks = [...data.tasks(), ...Array.from({ length: 93 }, (_none, index) => ended(index))];
      snapshot.folders = Array.from({ length: 40 }, (_none, index) =>
        data.folder(`/srv/instruments/${index + 1}/${"very long name of a campaign ".repeat(index % 5)}raw`),
      );
      return;
  }
}

function ended(index: number) {
  const done = data.progress({ files_found: 9, files_done: 9, bytes_found: 1e9, bytes_done: 1e9 });
  return data.task(`7a510000-0000-4000-9000-${String(index).padStart(12, "0")}`, {
    label: `Run ${index + 1}`,
    status: "SUCCEEDED",
    requested: data.ago(2000 + index * 60),
    completed: data.ago(1990 + index * 60),
    progress: done,
  });
}

function quiet(snapshot: Snapshot, state: Snapshot["state"]): void {
  snapshot.state = state;
  snapshot.sessions = [];
  snapshot.power.awake = false;
  snapshot.tasks.tasks = snapshot.tasks.tasks.filter((task) => task.status !== "ACTIVE");
}

function notice(snapshot: Snapshot, name: keyof typeof data.problems, severity: "error" | "warning"): void {
  const why = problem(name);
  snapshot.notices = [{ code: why.code, title: "", text: why.message, severity, problem: why }];
}

export function problem(name: keyof typeof data.problems): Problem {
  return data.problems[name];
}

function snapshot(): Snapshot {
  return {
    version: "0.1.0",
    profile: "default",
    pid: 4242,
    state: "transferring",
    endpoint: {
      id: data.HERE,
      name: "smith#WorkPC",
      owner: "smith@hub.alliance.example",
      hub: "https://hub.alliance.example",
      fingerprint: "SHA256:q7Xo2mXqv5y9m0pYt0u3dXo1q4Vd8T5m2kz6bCw9hRk",
    },
    account: { hub: "https://hub.alliance.example", handle: "smith", username: "smith@hub.alliance.example" },
    connected_since: data.ago(240),
    proxy: null,
    paused: null,
    held: null,
    power: { on_battery: false, metered: false, awake: true },
    settings: {
      pause_on_battery: false,
      pause_on_metered: false,
      keep_awake: "on_mains",
      background: false,
      relay: "auto",
      port_mapping: true,
    },
    reach: { advertised: [], mapped: null },
    limits: {
      set: { upload: null, download: null, relay: null, timetable: [] },
      upload: null,
      download: null,
      row: null,
      until: null,
      holds_upload: false,
      holds_download: false,
      holds_relay: false,
    },
    suggested_name: "WorkPC",
    sign_in: null,
    folders: data.folders(),
    default_directory: "/home/smith/Data/cohorts",
    sessions: data.sessions(),
    tasks: { state: "live", problem: null, as_of: data.ago(0), tasks: data.tasks() },
    speed: data.speed(),
    events: data.events(),
    notices: [],
  };
}

function shell(): ShellState {
  return {
    version: "0.1.0",
    os: "linux",
    host: { kind: "own" },
    tray: true,
    settings: {
      language: null,
      theme: null,
      notify: { finished: true, failed: true, needs_you: true, update: true },
      check_updates: true,
      seen_close_hint: true,
      seen_no_tray: true,
      setup_step: 0,
      setup_draft: "",
    },
    autostart: true,
    system_language: "en",
    locale: "en-CA",
    update: { state: "off" },
  };
}
