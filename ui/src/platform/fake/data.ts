import type { Event, Problem } from "../bindings";
import type {
  Check,
  Collection,
  Entry,
  Fact,
  FactCode,
  Folder,
  Line,
  Progress,
  SessionView,
  SpeedPoint,
  TaskDifference,
  TaskDifferences,
  TaskEvent,
  TaskView,
  TransferOptions,
} from "../types";

/** Plausible things of a small laboratory, for tests and pictures. */

const MINUTE = 60_000;

export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}

export function ahead(minutes: number): string {
  return ago(-minutes);
}

export const HERE = "5d1c1ab0-0000-4000-8000-000000000001";
const RORQUAL = "5d1c1ab0-0000-4000-8000-000000000002";
const SCOPE = "5d1c1ab0-0000-4000-8000-000000000003";
const LAPTOP = "5d1c1ab0-0000-4000-8000-000000000004";
const GUEST = "5d1c1ab0-0000-4000-8000-000000000005";
const LONG = "5d1c1ab0-0000-4000-8000-000000000006";

function collection(id: string, name: string, rest: Partial<Collection>): Collection {
  return {
    id,
    name,
    display_name: null,
    owner: "smith@hub.alliance.example",
    kind: "computer",
    description: null,
    online: true,
    paused: false,
    paused_until: null,
    is_this_computer: false,
    is_mine: true,
    system: "Linux",
    last_seen: ago(0),
    default_directory: "/home/smith/",
    ...rest,
  };
}

const others = { is_mine: false, owner: "data@alliancecan.example" };

export const collections: Collection[] = [
  collection(HERE, "smith#WorkPC", {
    is_this_computer: true,
    default_directory: "/home/smith/Data/cohorts/",
  }),
  collection(RORQUAL, "alliancecan#rorqual", {
    ...others,
    description: "Rorqual, project space",
    default_directory: "/project/cohorts/",
  }),
  collection(SCOPE, "lab#Scope2", {
    ...others,
    owner: "lab@hub.alliance.example",
    paused: true,
    paused_until: ahead(52),
    system: "Windows",
  }),
  collection(LAPTOP, "smith#Laptop", { online: false, last_seen: ago(60 * 26), system: "macOS" }),
  collection(GUEST, "Cohort 045, for partners", {
    ...others,
    owner: "okafor@uni.example",
    kind: "guest",
    online: null,
    description: "Reads and variants, release 2",
  }),
  collection(LONG, "institut-national#Salle-des-serveurs-du-laboratoire-de-geophysique-marine", {
    ...others,
    owner: "direction-des-systemes-d-information@institut-national.example",
    description:
      "Données brutes des campagnes océanographiques depuis 1998, avec les journaux de bord numérisés",
  }),
];

export function folder(path: string, rest: Partial<Folder> = {}): Folder {
  return {
    path,
    collection_path: path,
    access: "read-only",
    shareable: false,
    local_only: false,
    deny: [],
    status: "available",
    ...rest,
  };
}

export const folders = (): Folder[] => [
  folder("/home/smith/Data/cohorts", {
    access: "read-write",
    shareable: true,
    local_only: true,
    deny: ["raw/private", "consent"],
  }),
  folder("/home/smith/Papers/figures"),
  folder("/media/field-drive/2026-11 Svalbard", { access: "read-write", status: "missing" }),
];

const PROGRESS: Progress = {
  files_found: 0,
  bytes_found: 0,
  scan_done: true,
  files_done: 0,
  bytes_done: 0,
  bytes_settled: 0,
  skipped: 0,
  rate: 0,
  eta_seconds: null,
};

/** How a line over a continent does. */
const LINE: Line = { rtt_us: 24_000, lost_ppm: 120, connections: 1 };

export function progress(rest: Partial<Progress>): Progress {
  return { ...PROGRESS, bytes_settled: rest.bytes_done ?? 0, ...rest };
}

export function task(id: string, rest: Partial<TaskView>): TaskView {
  return {
    id,
    kind: "TRANSFER",
    status: "ACTIVE",
    label: null,
    source: { id: HERE, name: "smith#WorkPC" },
    destination: { id: RORQUAL, name: "alliancecan#rorqual" },
    here: "source",
    requested: ago(48),
    completed: null,
    deadline: ahead(60 * 24 * 29),
    waiting: null,
    failure: null,
    progress: PROGRESS,
    route: null,
    line: null,
    faults: 0,
    options: how({}),
    differences: null,
    can_retry: true,
    ...rest,
  };
}

/** How a transfer is done that asks for nothing but this. */
export function how(options: Partial<TransferOptions>): TransferOptions {
  return {
    sync_level: null,
    verify: true,
    preserve_times: true,
    preserve_permissions: false,
    preserve_xattrs: false,
    preserve_hard_links: false,
    symlinks: "skip",
    filters: [],
    skip_source_errors: false,
    fail_on_quota: false,
    ...options,
  };
}

export const RUNNING = "7a510000-0000-4000-8000-000000000001";
const SCANNING = "7a510000-0000-4000-8000-000000000002";
const WAITING = "7a510000-0000-4000-8000-000000000003";
const DONE = "7a510000-0000-4000-8000-000000000004";
export const FAILED = "7a510000-0000-4000-8000-000000000005";

const running = progress({
  files_found: 1911,
  files_done: 1204,
  bytes_found: 105e9,
  bytes_done: 71.4e9,
  rate: 94.2e6,
  eta_seconds: 356,
});
const scanning = progress({
  scan_done: false,
  files_found: 48_211,
  files_done: 31_877,
  bytes_found: 9.2e9,
  bytes_done: 6.1e9,
  rate: 18.4e6,
});

export const tasks = (): TaskView[] => [
  task(RUNNING, { label: "Cohort 045, raw reads", progress: running, route: "direct", line: LINE }),
  task(SCANNING, {
    label: null,
    source: { id: LONG, name: collections[5]?.name ?? "" },
    destination: { id: HERE, name: "smith#WorkPC" },
    here: "destination",
    requested: ago(9),
    progress: scanning,
    route: "relay",
    options: how({ sync_level: "mtime", symlinks: "keep" }),
  }),
  task(WAITING, {
    label: "Microscope, 20 November",
    source: { id: SCOPE, name: "lab#Scope2" },
    destination: { id: HERE, name: "smith#WorkPC" },
    here: "destination",
    requested: ago(60 * 3),
    waiting: {
      code: "GC_PAUSED",
      text: "lab#Scope2 is paused by its owner; this goes on by itself when it is resumed.",
    },
    progress: progress({ files_found: 640, files_done: 201, bytes_found: 10e9, bytes_done: 3.1e9 }),
    faults: 1,
  }),
  task(DONE, {
    label: "Reference genome",
    status: "SUCCEEDED",
    source: { id: RORQUAL, name: "alliancecan#rorqual" },
    destination: { id: HERE, name: "smith#WorkPC" },
    here: "destination",
    requested: ago(31),
    completed: ago(17),
    progress: progress({ files_found: 12, files_done: 12, bytes_found: 3.2e9, bytes_done: 3.2e9 }),
    route: "lan",
  }),
  task(FAILED, {
    label: "Field notes to the archive",
    status: "FAILED",
    requested: ago(60 * 22),
    completed: ago(60 * 21),
    failure: {
      code: "PERMISSION_DENIED",
      text: "/project/archive is in a read-only folder of alliancecan#rorqual. Its owner can allow writing.",
    },
    progress: progress({ files_found: 88, files_done: 20, bytes_found: 4.1e8, bytes_done: 9e7, skipped: 3 }),
    faults: 4,
  }),
  task("7a510000-0000-4000-8000-000000000006", {
    kind: "DELETE",
    options: null,
    label: null,
    destination: null,
    source: { id: RORQUAL, name: "alliancecan#rorqual" },
    here: null,
    status: "SUCCEEDED",
    requested: ago(60 * 25),
    completed: ago(60 * 25 - 1),
    progress: progress({ files_found: 4210, files_done: 4210 }),
  }),
  task("7a510000-0000-4000-8000-000000000007", {
    label: "Simulation 17, second try",
    status: "FAILED",
    requested: ago(60 * 50),
    completed: ago(60 * 49),
    failure: { code: "CANCELED", text: "The task was cancelled by smith@hub.alliance.example." },
    progress: progress({ files_found: 2, files_done: 1, bytes_found: 8e11, bytes_done: 2e11 }),
  }),
];

export const sessions = (): SessionView[] => [
  {
    session: "s-1",
    task: RUNNING,
    direction: "sending",
    peer: "alliancecan#rorqual",
    phase: "working",
    route: "direct",
    line: LINE,
    progress: running,
    started: ago(12),
  },
  {
    session: "s-2",
    task: SCANNING,
    direction: "receiving",
    peer: collections[5]?.name ?? null,
    phase: "working",
    route: "relay",
    line: { rtt_us: 41_000, lost_ppm: null, connections: 1 },
    progress: scanning,
    started: ago(9),
  },
];

export const events = (): Event[] => {
  const rows: [number, Event["what"], string | null][] = [
    [240, { kind: "woke" }, null],
    [184, { kind: "session_interrupted", direction: "receiving", peer: "lab#Scope2" }, WAITING],
    [41, { kind: "network_changed" }, null],
    [31, { kind: "session_began", direction: "receiving", peer: "alliancecan#rorqual" }, DONE],
    [17, { kind: "session_finished", direction: "receiving", peer: "alliancecan#rorqual" }, DONE],
    [12, { kind: "session_began", direction: "sending", peer: "alliancecan#rorqual" }, RUNNING],
  ];
  return rows.map(([minutes, what, id]) => ({ time: ago(minutes), task: id, what, text: "", problem: null }));
};

/** An hour of traffic with a lull in it. */
export function speed(): SpeedPoint[] {
  return Array.from({ length: 236 }, (_none, index) => {
    const minutes = 60 - index / 4;
    const lull = 34 < minutes && minutes < 41;
    const wave = 60 + 34 * Math.sin(index / 15) + 11 * Math.sin(index / 2.3);
    const sent = index < 30 || lull ? 0 : Math.max(3, wave) * 1e6;
    const received = 16 < minutes && minutes < 31 ? (22 + 9 * Math.sin(index / 4)) * 1e6 : 0;
    return { time: ago(minutes), sent, received };
  }).filter((point) => 0 < point.sent + point.received);
}

export const taskEvents = (view: TaskView): TaskEvent[] => {
  const event = (minutes: number, code: string, text: string, details = "", is_error = false): TaskEvent => ({
    time: ago(minutes),
    code,
    text,
    details,
    is_error,
  });
  const began = event(48, "STARTED", "The task was accepted.");
  if (view.status === "FAILED" && view.failure) {
    return [
      event(12, view.failure.code, view.failure.text, "", true),
      event(14, "SKIPPED", "3 entries were left out.", "links and devices"),
      began,
    ];
  }
  if (view.waiting)
    return [
      event(184, view.waiting.code, view.waiting.text ?? ""),
      event(186, "PROGRESS", "201 of 640 files are done.", "3.1 GB"),
      began,
    ];
  const middle = event(
    12,
    "GC_CONNECTED",
    "Found a direct route (was relay).",
    "Both computers reach each other straight; 94 MB/s since.",
  );
  const broken = event(
    20,
    "CONNECTION_BROKEN",
    "The connection broke and came back after 1.4 s.",
    "the network changed",
    true,
  );
  const end =
    view.status === "SUCCEEDED" ? [event(5, "SUCCEEDED", "Every file arrived and was verified.")] : [];
  return [...end, middle, broken, event(40, "PROGRESS", "600 of 1,911 files are done.", "31.2 GB"), began];
};

const check = (
  name: string,
  title: string,
  verdict: Check["verdict"],
  code: FactCode,
  args: Fact["args"] = {},
): Check => ({
  name,
  title,
  verdict,
  text: title,
  fact: { code, args, message: title },
  problem: null,
});

const SEEN = { family: "IPv4", address: "192.0.2.17:40117" };

export const checks: Check[] = [
  check("config", "Config file", "ok", "CONFIG_READ"),
  check("setup", "Set-up and key", "ok", "SET_UP", { name: "WorkPC", hub: "https://hub.alliance.example" }),
  check("proxy", "Proxy", "ok", "STRAIGHT_WAY"),
  check("name", "Name of the hub", "ok", "NAME_FOUND", {
    host: "hub.alliance.example",
    addresses: "198.51.100.7",
  }),
  check("tcp", "Connection to the hub", "ok", "CONNECTED", { ms: 21 }),
  check("tls", "Encryption and certificate", "ok", "CERTIFICATE_BY_SYSTEM", {
    issuer: "Example Inspection CA (Example Institute)",
  }),
  check("clock", "Clock", "ok", "CLOCK_RIGHT", { seconds: 0 }),
  check("sign-in", "Sign-in", "ok", "SIGNED_IN", { hub: "https://hub.alliance.example" }),
  check("channel", "Control channel", "ok", "KEYS_PROVED"),
  check("udp", "UDP", "ok", "UDP_OPEN", { ...SEEN, ms: 22 }),
  check("udp", "UDP", "skipped", "UDP_FAMILY_AWAY", { family: "IPv6" }),
  check("nat", "Translation of addresses", "warning", "NAT_CHANGES_PORT", {
    ...SEEN,
    other: "192.0.2.17:61022",
  }),
  check("packets", "Size of packets", "ok", "PACKETS_UP_TO", { bytes: 1420, lost: 1460 }),
  check("tunnel", "Way through the hub", "ok", "TUNNEL_SPARE"),
  check("speed", "Speed through the hub", "ok", "SPEED", { up: "94", down: "212" }),
  check("udp-speed", "Speed by UDP through the relay", "ok", "UDP_SPEED", {
    place: "hub.outport.example:443",
    rate: "89",
  }),
  {
    ...check("folders", "Folders", "failed", "FOLDER_READ_ONLY"),
    fact: null,
    problem: {
      code: "FOLDER_MISSING",
      args: { path: "/media/field-drive/2026-11 Svalbard" },
      message: "/media/field-drive/2026-11 Svalbard is not there.",
    },
  },
];

export const sentence = (code: FactCode, args: Fact["args"] = {}): Fact => ({ code, args, message: code });
const INSPECTED = sentence("INSPECTED", { issuer: "Example Inspection CA (Example Institute)" });

/** The ways to another computer. */
export const peerChecks = (peer: string): Check[] => [
  check("peer", "The other computer", "ok", "PEER_THERE", { peer }),
  check("route-local", "An address of its own", "skipped", "ROUTE_SILENT", { place: "10.20.0.7:40117" }),
  check("route-relay", "A relay", "ok", "ROUTE_OPEN", { place: "198.51.100.7:443", ms: 41 }),
  check("peer-speed", "Speed to the other computer", "ok", "PEER_SPEED", { up: "38", down: "41" }),
];

/** What the checks come to: with folders, and in the first run without any. */
export const verdicts = {
  folders: [sentence("FAILS_FOLDERS"), sentence("WORKS_BY_RELAY"), INSPECTED],
  none: [sentence("WORKS_BY_RELAY"), INSPECTED],
};

export const log: string[] = Array.from({ length: 120 }, (_none, index) => {
  const time = new Date(Date.now() - (120 - index) * 41_000).toISOString();
  const lines = [
    "INFO  hub: connected in 84 ms",
    "INFO  session: receiving, route direct",
    "DEBUG relay: hello answered",
    "WARN  folder: missing, waiting for its drive",
    "INFO  journal: 12 files durable",
  ];
  return `${time} ${lines[index % lines.length] ?? ""}`;
});

const file = (name: string, size: number, days: number, rest: Partial<Entry> = {}): Entry => ({
  name,
  kind: "file",
  size,
  modified: ago(days * 24 * 60 + (size % 900)),
  permissions: "0644",
  user: "smith",
  link_target: null,
  ...rest,
});
const dir = (name: string, days: number): Entry => file(name, 4096, days, { kind: "folder" });

/** What stands in the directories that the fake knows; any other is empty. */
export const trees: Record<string, Entry[]> = {
  "/home/smith/Data/cohorts/": [
    dir("044", 40),
    dir("045", 1),
    dir("046 (draft)", 0),
    dir("all sequences", 3),
    file("README.md", 4_211, 12),
    file("samples.tsv", 412_880, 9),
    file("manifest.json", 88_120, 1),
    file(
      "notes of the meeting on consent, storage and the naming of samples (final, corrected).docx",
      1_288_000,
      20,
    ),
    file("variants.vcf.gz", 7_310_554_112, 2),
    file("latest", 0, 2, { kind: "broken_link", link_target: "047/run-3" }),
  ],
  "/home/smith/Data/cohorts/045/": [
    dir("aligned", 1),
    dir("raw", 2),
    file("md5sums.txt", 18_220, 1),
    file("samples.tsv", 91_220, 1),
  ],
  "/project/cohorts/": [
    dir("043", 90),
    dir("044", 39),
    dir("045", 0),
    dir("releases", 12),
    file("quota.txt", 812, 0),
    file("index.sqlite", 512_000_000, 0),
  ],
};

/** As many as a sequencer leaves behind. */
export const LONG_DIRECTORY = "/home/smith/Data/cohorts/all sequences/";

export function longDirectory(row: number): Entry {
  return file(
    `read_${String(row + 1).padStart(6, "0")}.fastq.gz`,
    1_000_000 + ((row * 7919) % 90_000_000),
    row % 300,
  );
}

export const LONG_DIRECTORY_ENTRIES = 100_000;

export const problems = {
  unreachable: {
    code: "HUB_UNREACHABLE",
    args: { hub: "hub.alliance.example", reason: "the name is not known" },
    message: "The hub hub.alliance.example cannot be reached: the name is not known.",
  },
  networkSignIn: {
    code: "NETWORK_SIGN_IN",
    args: { host: "hub.alliance.example", address: "http://hub.alliance.example/" },
    message: "This network lets nothing through before somebody has signed in to it in a browser.",
  },
  removed: {
    code: "ENDPOINT_REMOVED",
    args: { endpoint: "smith#WorkPC" },
    message: "smith#WorkPC was removed from the hub.",
  },
  signedOut: { code: "SIGNED_OUT", args: { hub: "hub.alliance.example" }, message: "Nobody is signed in." },
  config: {
    code: "BAD_CONFIG",
    args: {
      file: "/home/smith/.config/outport/default/config.toml",
      line: 12,
      reason: '`read_write` is no access: write "read-only" or "read-write"',
    },
    message: "config.toml, line 12",
  },
  disk: {
    code: "NO_SPACE",
    args: { path: "/home/smith/Data/cohorts/045/raw/lane-3.bam", endpoint: "smith#WorkPC" },
    message: "There is no room.",
  },
  folder: {
    code: "NOT_FOUND",
    args: { path: "/media/field-drive/2026-11 Svalbard", endpoint: "smith#WorkPC" },
    message: "The folder is missing.",
  },
  keyChanged: {
    code: "HUB_KEY_CHANGED",
    args: { hub: "hub.alliance.example" },
    message: "The hub shows another key.",
  },
  notShared: {
    code: "NOT_SHARED",
    args: { path: "/home/smith/private/", endpoint: "smith#WorkPC" },
    message: "/home/smith/private/ is not accessible on smith#WorkPC.",
  },
  notConnected: {
    code: "NOT_CONNECTED",
    args: { endpoint: "smith#Laptop" },
    message: "smith#Laptop is not connected.",
  },
  paused: {
    code: "ENDPOINT_PAUSED",
    args: { endpoint: "lab#Scope2" },
    message: "lab#Scope2 is paused by its owner.",
  },
  noAgent: {
    code: "STATE_UNUSABLE",
    args: { path: "/home/smith/.local/state/outport/default", reason: "the disk is mounted read-only" },
    message: "Outport cannot use its own files.",
  },
} satisfies Record<string, Problem>;

const tally = (files: number, directories: number, bytes: number) => ({ files, directories, bytes });

/** A preview that is over: what a transfer with these options would do. */
export function previewed(options: TransferOptions): Partial<TaskView> {
  const extras = options.extras === undefined || options.extras === "stay";
  return {
    status: "SUCCEEDED",
    completed: ago(0),
    waiting: null,
    differences: {
      same: tally(1204, 31, 88e9),
      new: tally(1180, 4, 9.4e9),
      different: tally(17, 0, 1.1e9),
      kept: tally(0, 0, 0),
      extra: extras ? tally(0, 0, 0) : tally(3, 1, 2.6e6),
    },
  };
}

/** A page of what the preview lists. */
export function differencePage(from: number): TaskDifferences {
  const above = "cohorts/045/raw";
  const entries = Array.from({ length: 600 }, (_none, index): TaskDifference => {
    const at = from + index;
    const finding = at < 3 ? "extra" : at < 20 ? "different" : "new";
    const size = 41_000_000 + at * 77_777;
    return {
      finding,
      kind: at === 20 ? "dir" : "file",
      source_path: `/home/smith/Data/${above}/lane-${at}.bam`,
      destination_path: `/project/${above}/lane-${at}.bam`,
      source_size: finding === "extra" || at === 20 ? null : size,
      destination_size: finding === "new" ? null : size - 1000,
    };
  });
  return { entries, next: from === 0 ? 600 : null };
}
