/** What crosses between the screens and their host, in the words of `outport_control` and the shell. */

/** RFC 3339, `2026-01-31T12:00:00+00:00`. */
export type Time = string;

export interface Problem {
  code: string;
  args?: Record<string, number | string>;
  /** The text in English, for codes that these screens do not know. */
  message: string;
}

export type Outcome<T> = { status: "ok"; data: T } | { status: "error"; error: Problem };

export type AgentState = "offline" | "connecting" | "online" | "transferring" | "paused" | "attention";
export type Route = "local" | "lan" | "direct" | "tcp" | "relay" | "tunnel";
export type Direction = "sending" | "receiving" | "copying" | "deleting";
export type Phase = "connecting" | "working" | "ending";
export type Access = "read-only" | "read-write";
export type HeldReason = "battery" | "metered";
export type SyncLevel = "exists" | "size" | "mtime" | "checksum";
export type TaskKind = "TRANSFER" | "DELETE";
export type TaskStatus = "ACTIVE" | "SUCCEEDED" | "FAILED";
export type KeepAwake = "never" | "on_mains" | "always";

export interface Snapshot {
  version: string;
  profile: string;
  pid: number;
  state: AgentState;
  endpoint: EndpointFacts | null;
  account: Account | null;
  connected_since: Time | null;
  paused: { since: Time; until: Time | null } | null;
  held: { reason: HeldReason; since: Time } | null;
  power: { on_battery: boolean | null; metered: boolean | null; awake: boolean };
  settings: Settings;
  suggested_name: string;
  sign_in: SignInView | null;
  folders: Folder[];
  default_directory: string | null;
  sessions: SessionView[];
  tasks: TaskBoard;
  speed: SpeedPoint[];
  events: HappeningView[];
  notices: Notice[];
}

export interface EndpointFacts {
  id: string;
  name: string;
  owner: string;
  hub: string;
  fingerprint: string;
}

export interface Account {
  hub: string;
  handle: string;
  username: string;
}

export interface Settings {
  pause_on_battery: boolean;
  pause_on_metered: boolean;
  keep_awake: KeepAwake;
}

export interface SignInView {
  hub: string;
  way: "browser" | "code";
  state: "waiting" | "finishing" | "failed";
  url: string;
  code: string | null;
  expires: Time;
  problem: Problem | null;
}

export interface Folder {
  path: string;
  collection_path: string;
  access: Access;
  shareable: boolean;
  deny: string[];
  status: "available" | "missing" | "not_a_directory" | "unreadable";
}

export interface NewFolder {
  path: string;
  access: Access;
  shareable: boolean;
  deny: string[];
  confirmed: boolean;
}

export interface FolderTest {
  path: string;
  resolved: string | null;
  decision: "not-shared" | "denied" | "leads-to-folder" | "read-only" | "read-write";
  shareable: boolean;
  rule: string | null;
}

export interface Progress {
  files_found: number;
  bytes_found: number;
  scan_done: boolean;
  files_done: number;
  bytes_done: number;
  skipped: number;
  rate: number;
  eta_seconds: number | null;
}

export interface SessionView {
  session: string;
  task: string;
  direction: Direction;
  peer: string | null;
  phase: Phase;
  route: Route | null;
  progress: Progress;
  started: Time;
}

export interface SpeedPoint {
  time: Time;
  sent: number;
  received: number;
}

export type Happening =
  | { kind: "closing" | "paused" | "resumed" | "pause_over" | "config_read" | "network_changed" | "woke" }
  | { kind: "set_up" | "removed"; name: string }
  | { kind: "session_route"; route: Route; peer: string | null }
  | { kind: "held" | "released"; reason: HeldReason }
  | {
      kind:
        "session_began" | "session_finished" | "session_stopped" | "session_interrupted" | "session_refused";
      direction: Direction;
      peer: string | null;
    }
  | { kind: "other" };

export interface HappeningView {
  time: Time;
  task: string | null;
  what: Happening;
  text: string;
  problem: Problem | null;
}

export interface Notice {
  code: string;
  title: string;
  text: string;
  severity: "error" | "warning" | "information";
  problem: Problem;
}

export interface TaskBoard {
  state: "signed_out" | "idle" | "connecting" | "live" | "away";
  problem: Problem | null;
  as_of: Time | null;
  tasks: TaskView[];
}

export interface Place {
  id: string;
  name: string;
}

export interface TaskView {
  id: string;
  kind: TaskKind;
  status: TaskStatus;
  label: string | null;
  source: Place;
  destination: Place | null;
  here: "source" | "destination" | "both" | null;
  requested: Time;
  completed: Time | null;
  deadline: Time | null;
  waiting: { code: string; text: string | null } | null;
  failure: { code: string; text: string } | null;
  progress: Progress;
  route: Route | null;
  faults: number;
  sync_level: SyncLevel | null;
  verify: boolean;
  preserve_times: boolean;
  skip_source_errors: boolean;
  can_retry: boolean;
}

export interface TaskEvent {
  code: string;
  time: Time;
  is_error: boolean;
  text: string;
  details: string;
}

export interface TaskDetail {
  task: TaskView;
  events: TaskEvent[];
  pauses: string[];
  local_path: string | null;
}

export interface TaskFile {
  source_path: string;
  destination_path: string;
  size: number | null;
  checksum: string | null;
  algorithm: string | null;
  local_path: string | null;
}

export interface TaskFiles {
  files: TaskFile[];
  next: number | null;
}

export interface SkippedEntry {
  path: string;
  destination_path: string | null;
  code: string;
  text: string;
  time: Time | null;
  is_folder: boolean;
}

export interface TaskSkipped {
  entries: SkippedEntry[];
  next: number | null;
}

export interface Check {
  name: string;
  title: string;
  verdict: "ok" | "warning" | "failed" | "skipped";
  text: string;
  /** The text as a problem, where it is one. */
  problem: Problem | null;
}

export interface DoctorReport {
  checks: Check[];
}

export interface HubFacts {
  url: string;
  name: string;
  software: string;
  fingerprint: string;
  clock_off_seconds: number;
}

export interface NameCheck {
  name: string;
  full_name: string;
  state: "free" | "this_computer" | "yours_unused" | "yours_in_use" | "invalid";
  problem: Problem | null;
}

export interface Registration {
  name: string;
  replace: boolean;
  place: "file" | "keyring";
}

export interface SetUp {
  endpoint: string;
  name: string;
  hub: string;
  fingerprint: string;
  place: "file" | "keyring";
}

export interface Preset {
  file: string | null;
  hub: string | null;
  name: string | null;
  folders: NewFolder[];
  settings: Settings | null;
  start_at_login: boolean | null;
  /** Why the file cannot be used. */
  problem: Problem | null;
}

export interface Diagnostics {
  name: string;
  text: string;
}

export interface Collection {
  id: string;
  name: string;
  display_name: string | null;
  owner: string;
  kind: "computer" | "guest" | "other";
  description: string | null;
  online: boolean | null;
  paused: boolean | null;
  paused_until: Time | null;
  is_this_computer: boolean;
  is_mine: boolean;
  system: string | null;
  last_seen: Time | null;
  default_directory: string | null;
}

export interface CollectionQuery {
  scope: "mine" | "recent" | "shared" | "all";
  text: string | null;
  limit: number;
}

export type SortKey = "name" | "size" | "modified" | "type";

export interface ListQuery {
  collection: string;
  path: string | null;
  show_hidden: boolean;
  sort: SortKey;
  descending: boolean;
  filter: string | null;
  offset: number;
  limit: number;
}

export interface Entry {
  name: string;
  kind: "file" | "folder" | "broken_link" | "other";
  size: number;
  modified: Time | null;
  permissions: string | null;
  user: string | null;
  link_target: string | null;
}

export interface Listing {
  collection: string;
  path: string;
  absolute_path: string | null;
  entries: Entry[];
  offset: number;
  total: number;
  rename_supported: boolean;
}

export interface NewTransfer {
  source: string;
  destination: string;
  items: { source_path: string; destination_path: string; recursive: boolean | null }[];
  label: string | null;
  sync_level: SyncLevel | null;
  verify: boolean;
  preserve_times: boolean;
  skip_source_errors: boolean;
  fail_on_quota: boolean;
  deadline: Time | null;
  submission: string | null;
}

export interface NewDeletion {
  collection: string;
  paths: string[];
  recursive: boolean;
  ignore_missing: boolean;
  label: string | null;
  deadline: Time | null;
  submission: string | null;
}

export interface TasksQuery {
  status: TaskStatus | null;
  kind: TaskKind | null;
  label: string | null;
  limit: number;
}

export type System = "linux" | "macos" | "windows";

export type AgentHost =
  { kind: "own" } | { kind: "attached"; pid: number } | { kind: "demo" } | { kind: "none"; problem: Problem };

export interface ShellState {
  version: string;
  os: System;
  host: AgentHost;
  tray: boolean;
  settings: ShellSettings;
  autostart: boolean;
  system_language: "en" | "fr";
  locale: string;
  update: Update;
}

export interface ShellSettings {
  language: "en" | "fr" | null;
  theme: "light" | "dark" | null;
  notify: { finished: boolean; failed: boolean; needs_you: boolean; update: boolean };
  check_updates: boolean;
  seen_close_hint: boolean;
  seen_no_tray: boolean;
  setup_step: number;
  /** What was typed in the first run, as JSON of these screens. */
  setup_draft: string;
}

export type Update =
  | { state: "off" }
  | { state: "none" }
  | { state: "available"; version: string; notes: string }
  | { state: "installing"; percent: number | null }
  | { state: "failed"; problem: Problem };

/** A place of the window that a menu, a link or a notification can name. */
export type Destination =
  | { page: "overview" }
  | { page: "folders" }
  | { page: "activity"; task: string | null }
  | { page: "files"; collection: string | null; path: string | null }
  | { page: "settings" }
  | { page: "check" }
  | { page: "log" }
  | { page: "about" }
  | { page: "setup"; hub: string | null; key: string | null };
