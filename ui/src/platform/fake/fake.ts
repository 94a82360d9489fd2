import type { FolderDrop, Platform, Stop } from "../platform";
import type {
  CollectionQuery,
  Page,
  Entry,
  Folder,
  ListQuery,
  Listing,
  NameCheck,
  NewDeletion,
  NewFolder,
  NewTransfer,
  Outcome,
  Preset,
  Problem,
  ProxyView,
  NewComputer,
  Settings,
  ShellSettings,
  ShellState,
  SignInView,
  Snapshot,
  TaskQuery,
  UnixTime,
} from "../types";
import * as data from "./data";
import { SCENARIOS, type Scenario, problem, world } from "./scenario";

/** A host of plausible data: it answers as an agent would, keeps what it is told, and lives in the page alone. */
export class FakePlatform implements Platform {
  snapshot: Snapshot;
  shell: ShellState;
  /** What was asked, for tests: the name of the method and its arguments. */
  readonly calls: [string, ...unknown[]][] = [];
  /** Problems that the next call of a method answers with. */
  readonly refuse = new Map<keyof Platform, Problem>();
  presetAnswer: Preset = {
    file: null,
    hub: null,
    name: null,
    folders: [],
    settings: null,
    start_at_login: null,
    problem: null,
  };
  proxyView: ProxyView = { set: "system", login: null, used: null, problem: null };
  pickAnswer: string | null = "/home/smith/Measurements";
  place: Page | null = null;
  readonly #snapshots = new Set<(snapshot: Snapshot) => void>();
  readonly #shells = new Set<(state: ShellState) => void>();
  readonly #places = new Set<(place: Page) => void>();
  readonly #drops = new Set<(drop: FolderDrop) => void>();
  #next = 1;

  constructor(scenario: Scenario = "busy") {
    const { snapshot, shell } = world(scenario);
    this.snapshot = snapshot;
    this.shell = shell;
  }

  /** Moves the world on and tells everybody, as the agent does. */
  change(change: (snapshot: Snapshot) => void): void {
    this.snapshot = structuredClone(this.snapshot);
    change(this.snapshot);
    for (const listener of this.#snapshots) listener(this.snapshot);
  }

  changeShell(change: (state: ShellState) => void): void {
    this.shell = structuredClone(this.shell);
    change(this.shell);
    for (const listener of this.#shells) listener(this.shell);
  }

  go(place: Page): void {
    for (const listener of this.#places) listener(place);
  }

  drop(drop: FolderDrop): void {
    for (const listener of this.#drops) listener(drop);
  }

  /** Lets the running transfers move, as long as the page lives. */
  live(): Stop {
    const timer = setInterval(() => this.change(advance), 500);
    return () => clearInterval(timer);
  }

  status = () => this.#answer("status", [], () => this.snapshot);

  pause = (until: UnixTime | null) =>
    this.#answer("pause", [until], () => {
      this.change((now) => {
        now.paused = { since: data.ago(0), until };
        now.state = "paused";
        now.sessions = [];
      });
      return null;
    });

  resume = () =>
    this.#answer("resume", [], () => {
      this.change((now) => {
        now.paused = null;
        now.state = "online";
      });
      return null;
    });

  addFolder = (wish: NewFolder): Promise<Outcome<Folder[]>> =>
    this.#asked("addFolder", [wish], () => {
      const reason = wish.confirmed ? undefined : RISKS[wish.path];
      if (reason !== undefined)
        return refused({
          code: "FOLDER_NEEDS_CONFIRM",
          args: { path: wish.path, what: reason, kind: reason },
          message: "",
        });
      this.change((now) => {
        const old = now.folders.find((folder) => folder.path === wish.path);
        const { access, shareable, local_only, deny } = wish;
        if (old) Object.assign(old, { access, shareable, local_only, deny });
        else now.folders.push(data.folder(wish.path, { access, shareable, local_only, deny }));
        now.default_directory ??= wish.path;
      });
      return ok(this.snapshot.folders);
    });

  removeFolder = (path: string) =>
    this.#answer("removeFolder", [path], () => {
      this.change((now) => {
        now.folders = now.folders.filter((folder) => folder.path !== path);
      });
      return this.snapshot.folders;
    });

  testFolder: Platform["testFolder"] = (path) =>
    this.#answer("testFolder", [path], () => {
      const rule = this.snapshot.folders.find((folder) => `${path}/`.startsWith(`${folder.path}/`));
      const denied = rule?.deny.some((deny) => `${path}/`.startsWith(`${rule.path}/${deny}/`));
      const decision = rule === undefined ? "not-shared" : denied ? "denied" : rule.access;
      return {
        path,
        resolved: path,
        decision,
        shareable: rule?.shareable ?? false,
        local_only: rule?.local_only ?? false,
        rule: rule?.path ?? null,
      };
    });

  doctor = () =>
    this.#answer("doctor", [], () =>
      this.snapshot.folders.length === 0
        ? { summary: data.verdicts.none, checks: data.checks.slice(0, -1) }
        : { summary: data.verdicts.folders, checks: data.checks },
    );
  doctorTo: Platform["doctorTo"] = (peer) =>
    this.#answer("doctorTo", [peer], () => ({
      summary: [data.sentence("PEER_BY_RELAY", { peer, ms: 41 })],
      checks: data.peerChecks(peer),
    }));
  diagnostics = () =>
    this.#answer("diagnostics", [], () => ({ name: "outport-diagnostics.txt", text: "Outport 0.1.0\n…" }));
  log = (lines: number) => this.#answer("log", [lines], () => data.log.slice(-lines));

  saveSettings = (settings: Settings) =>
    this.#answer("saveSettings", [settings], () => {
      this.change((now) => {
        now.settings = settings;
      });
      return settings;
    });
  saveLimits: Platform["saveLimits"] = (limits) =>
    this.#answer("saveLimits", [limits], () => {
      this.change((now) => {
        now.limits = { ...now.limits, set: limits, upload: limits.upload, download: limits.download };
      });
      return limits;
    });

  proxy: Platform["proxy"] = () => this.#answer("proxy", [], () => this.proxyView);
  saveProxy: Platform["saveProxy"] = (wish) =>
    this.#answer("saveProxy", [wish], () => {
      const { proxy, user } = wish;
      const used =
        proxy === "system" || proxy === "none" ? null : { address: proxy, user, source: "config" as const };
      const login = user === null ? null : { proxy, user, place: wish.place ?? ("keyring" as const) };
      this.proxyView = { set: proxy, login: used ? login : this.proxyView.login, used, problem: null };
      this.change((now) => {
        now.proxy = used;
      });
      return this.proxyView;
    });
  clearProxy: Platform["clearProxy"] = () =>
    this.#answer("clearProxy", [], () => {
      this.proxyView = { set: "system", login: null, used: null, problem: null };
      this.change((now) => {
        now.proxy = null;
      });
      return this.proxyView;
    });

  checkHub: Platform["checkHub"] = (address) =>
    this.#asked("checkHub", [address], () => {
      if (address.includes("nowhere"))
        return refused({
          code: "HUB_UNREACHABLE",
          args: { hub: address, reason: "the name is not known" },
          message: "",
        });
      const host = address.replace(/^(https|outport):\/\//, "").replace(/\/$/, "");
      return ok({
        url: `https://${host}`,
        name: "Digital Research Alliance",
        software: "Outport 0.1.0",
        fingerprint: "SHA256:f2Gk…9aQ",
        clock_off_seconds: 0,
      });
    });

  beginSignIn = (hub: string, way: "browser" | "code") =>
    this.#answer("beginSignIn", [hub, way], () => {
      const view: SignInView = {
        hub,
        way,
        state: "waiting",
        url: way === "code" ? `${hub}/device` : `${hub}/authorize?client=outport`,
        code: way === "code" ? "WXYZ-4821" : null,
        expires: data.ahead(10),
        problem: null,
      };
      this.change((now) => {
        now.sign_in = view;
      });
      return view;
    });

  cancelSignIn = () =>
    this.#answer("cancelSignIn", [], () => {
      this.change((now) => {
        now.sign_in = null;
      });
      return null;
    });

  /** What the hub's page does when somebody signs in there. */
  signedIn(): void {
    this.change((now) => {
      now.sign_in = null;
      now.account = {
        hub: "https://hub.alliance.example",
        handle: "smith",
        username: "smith@hub.alliance.example",
      };
    });
  }

  signOut = () =>
    this.#answer("signOut", [], () => {
      this.change((now) => {
        now.account = null;
        now.tasks = { state: "signed_out", problem: null, as_of: null, tasks: [] };
      });
      return null;
    });

  checkName = (name: string) =>
    this.#answer("checkName", [name], (): NameCheck => {
      const state = /^[\p{L}\d][\p{L}\d _.()-]*$/u.test(name)
        ? name === "Laptop"
          ? "yours_in_use"
          : "free"
        : "invalid";
      const wrong: NameCheck["problem"] = {
        code: "BAD_NAME",
        message: "A name has letters, digits, spaces and -_.() only.",
      };
      return { name, full_name: `smith#${name}`, state, problem: state === "invalid" ? wrong : null };
    });

  register = (wish: NewComputer) =>
    this.#answer("register", [wish], () => this.#become(wish.name, wish.place));
  setUp = (key: string, place: "file" | "keyring") =>
    this.#answer("setUp", [key, place], () => this.#become("WorkPC", place));

  renameComputer = (name: string) =>
    this.#answer("renameComputer", [name], () => {
      this.change((now) => {
        if (now.endpoint) now.endpoint.name = `smith#${name}`;
      });
      return null;
    });

  removeComputer = (onlyHere: boolean) =>
    this.#answer("removeComputer", [onlyHere], () => {
      this.change((now) => {
        now.endpoint = null;
      });
      return null;
    });

  preset = () => this.#answer("preset", [], () => this.presetAnswer);

  collections = (query: CollectionQuery) =>
    this.#answer("collections", [query], () => {
      const text = query.text?.toLowerCase() ?? "";
      return data.collections.filter((one) => {
        const fits = [one.name, one.description, one.owner].some((part) =>
          part?.toLowerCase().includes(text),
        );
        return fits && (query.scope === "mine" ? one.is_mine : query.scope !== "shared" || !one.is_mine);
      });
    });

  collection: Platform["collection"] = (name) =>
    this.#asked("collection", [name], () => {
      const found = data.collections.find((one) => one.id === name || one.name === name);
      return found
        ? ok(found)
        : refused({ code: "ENDPOINT_NOT_FOUND", args: { endpoint: name }, message: "" });
    });

  list = (query: ListQuery): Promise<Outcome<Listing>> =>
    this.#asked("list", [query], () => {
      const where = data.collections.find((one) => one.id === query.collection);
      if (where?.paused) return refused(problem("paused"));
      if (where?.online === false) return refused(problem("notConnected"));
      const path = query.path ?? where?.default_directory ?? "/";
      if (path.includes("/private/")) return refused(problem("notShared"));
      return ok(listing(path, query));
    });

  stat = (collection: string, path: string) =>
    this.#answer("stat", [collection, path], (): Entry => ({
      name: path,
      kind: "file",
      size: 1,
      modified: null,
      permissions: null,
      user: null,
      link_target: null,
    }));

  makeFolder = (collection: string, path: string) =>
    this.#answer("makeFolder", [collection, path], () => {
      const [, above = "/", name = ""] = /^(.*\/)([^/]+)$/.exec(path) ?? [];
      (data.trees[above] ??= []).push({
        name,
        kind: "folder",
        size: 0,
        modified: data.ago(0),
        permissions: "0755",
        user: "smith",
        link_target: null,
      });
      return null;
    });

  renameFile = (wish: { collection: string; old_path: string; new_path: string }) =>
    this.#answer("renameFile", [wish], () => null);

  transfer = (wish: NewTransfer) =>
    this.#answer("transfer", [wish], () => {
      const id = `7a510000-0000-4000-8000-1${String(this.#next++).padStart(11, "0")}`;
      const name = (endpoint: string) =>
        data.collections.find((one) => one.id === endpoint)?.name ?? endpoint;
      const waiting = { code: "QUEUED", text: "It begins in a moment." };
      const source = { id: wish.source, name: name(wish.source) };
      const destination = { id: wish.destination, name: name(wish.destination) };
      this.change((now) => {
        const { label, options } = wish;
        const asked = { label, options, source, destination, waiting, requested: data.ago(0) };
        const looks = options.purpose === "preview";
        now.tasks.tasks.unshift(data.task(id, looks ? { ...asked, ...data.previewed(options) } : asked));
      });
      return id;
    });

  deleteFiles = (wish: NewDeletion) => this.#answer("deleteFiles", [wish], () => data.FAILED);
  tasks = (query: TaskQuery) => this.#answer("tasks", [query], () => data.tasks());

  task: Platform["task"] = (id) =>
    this.#asked("task", [id], () => {
      const view = this.snapshot.tasks.tasks.find((task) => task.id === id);
      if (view === undefined) return refused({ code: "TASK_NOT_FOUND", args: { task: id }, message: "" });
      return ok({
        task: view,
        events: data.taskEvents(view),
        pauses: view.waiting ? ["Back on Monday. Ask Ada for the key of the room."] : [],
        local_path: view.here === "destination" ? "/home/smith/Data" : null,
      });
    });

  taskFiles = (id: string, marker: number | null) =>
    this.#answer("taskFiles", [id, marker], () => {
      const from = marker ?? 0;
      const files = Array.from({ length: 100 }, (_none, index) => ({
        source_path: `/home/smith/Data/cohorts/045/raw/lane-${from + index}.bam`,
        destination_path: `/project/cohorts/045/raw/lane-${from + index}.bam`,
        size: 41_000_000 + index * 77_777,
        checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        algorithm: "BLAKE3",
        local_path: index % 2 === 0 ? "/home/smith/Data" : null,
      }));
      return { files, next: from < 200 ? from + 100 : null };
    });

  taskSkipped = (id: string, marker: number | null) =>
    this.#answer("taskSkipped", [id, marker], () => ({
      entries: ["link", "socket", "device"].map((kind) => ({
        path: `/home/smith/Notes/${kind}`,
        destination_path: null,
        code: "SKIPPED",
        text: `A ${kind} is not transferred.`,
        time: data.ago(9),
        is_folder: false,
      })),
      next: null,
    }));

  taskDifferences = (id: string, marker: number | null) =>
    this.#answer("taskDifferences", [id, marker], () => data.differencePage(marker ?? 0));

  cancelTask = (id: string) =>
    this.#answer("cancelTask", [id], () => {
      this.change((now) => {
        const one = now.tasks.tasks.find((task) => task.id === id);
        if (one)
          Object.assign(one, {
            status: "FAILED",
            completed: data.ago(0),
            failure: { code: "CANCELED", text: "The task was cancelled by smith@hub.alliance.example." },
          });
        now.sessions = now.sessions.filter((session) => session.task !== id);
      });
      return null;
    });

  retryTask = (id: string) => this.#answer("retryTask", [id], () => data.RUNNING);

  shellState = () => this.#answer("shellState", [], () => this.shell);
  saveShellSettings = (settings: ShellSettings) =>
    this.#shellChange("saveShellSettings", [settings], (now) => (now.settings = settings));
  setAutostart = (on: boolean) => this.#shellChange("setAutostart", [on], (now) => (now.autostart = on));
  retryAgent = () => this.#shellChange("retryAgent", [], (now) => (now.host = { kind: "own" }));
  checkForUpdate = () => this.#shellChange("checkForUpdate", [], (now) => (now.update = { state: "none" }));
  installUpdate = () =>
    this.#shellChange("installUpdate", [], (now) => (now.update = { state: "installing", percent: 40 }));
  takePage = () => this.#answer("takePage", [], () => this.place);

  pickFolder = (title: string) => this.#answer("pickFolder", [title], () => this.pickAnswer);
  openUrl = (url: string) => this.#answer("openUrl", [url], () => null);
  showInFolder = (path: string) => this.#answer("showInFolder", [path], () => null);
  copyText = (text: string) => this.#answer("copyText", [text], () => null);
  saveText = (name: string, text: string) =>
    this.#answer("saveText", [name, text], () => `/home/smith/${name}`);
  hideWindow = () => this.#answer("hideWindow", [], () => null);
  quit = () => this.#answer("quit", [], () => null);

  onSnapshot = (listener: (snapshot: Snapshot) => void) => follow(this.#snapshots, listener);
  onShell = (listener: (state: ShellState) => void) => follow(this.#shells, listener);
  onGoTo = (listener: (place: Page) => void) => follow(this.#places, listener);
  onFolderDrop = (listener: (drop: FolderDrop) => void) => follow(this.#drops, listener);

  #become(called: string, place: "file" | "keyring") {
    const name = `smith#${called}`;
    const endpoint = {
      id: data.HERE,
      name,
      owner: "smith@hub.alliance.example",
      hub: "https://hub.alliance.example",
      fingerprint: "SHA256:q7Xo2mXqv5y9",
    };
    this.change((now) => {
      now.endpoint = endpoint;
      now.state = "online";
      now.notices = [];
    });
    return { endpoint: endpoint.id, name, hub: endpoint.hub, fingerprint: endpoint.fingerprint, place };
  }

  #shellChange(
    name: keyof Platform,
    args: unknown[],
    change: (state: ShellState) => unknown,
  ): Promise<Outcome<ShellState>> {
    return this.#answer(name, args, () => {
      this.changeShell(change);
      return this.shell;
    });
  }

  #answer<T>(name: keyof Platform, args: unknown[], run: () => T): Promise<Outcome<T>> {
    return this.#asked(name, args, () => ok(run()));
  }

  async #asked<T>(name: keyof Platform, args: unknown[], run: () => Outcome<T>): Promise<Outcome<T>> {
    this.calls.push([name, ...args]);
    const refusal = this.refuse.get(name);
    if (refusal !== undefined) {
      this.refuse.delete(name);
      return refused(refusal);
    }
    return run();
  }
}

/** The fake that an address asks for: `?scenario=busy&page=files&theme=dark&language=fr`. */
export function fakeFromAddress(search: string): FakePlatform {
  const query = new URLSearchParams(search);
  const named = SCENARIOS.find((scenario) => scenario === query.get("scenario"));
  const fake = new FakePlatform(named);
  const [theme, language, page] = [query.get("theme"), query.get("language"), query.get("page")];
  if (theme === "light" || theme === "dark") fake.shell.settings.theme = theme;
  if (language === "fr") Object.assign(fake.shell, { system_language: "fr", locale: "fr-CA" });
  const step = Number(query.get("step") ?? 0);
  if (0 < step) fake.shell.settings.setup_step = step;
  if (2 < step) fake.signedIn();
  if (page !== null)
    fake.place = {
      page,
      task: query.get("task"),
      collection: query.get("collection"),
      path: query.get("path"),
      hub: null,
      key: null,
    } as Page;
  if (!query.has("still")) fake.live();
  return fake;
}

function advance(now: Snapshot): void {
  for (const session of now.sessions) {
    const { progress } = session;
    const wave = 0.9 + 0.2 * Math.sin(Date.now() / 3000);
    progress.bytes_done = Math.min(progress.bytes_found, progress.bytes_done + (progress.rate * wave) / 2);
    progress.bytes_settled = progress.bytes_done;
    if (progress.eta_seconds !== null)
      progress.eta_seconds = (progress.bytes_found - progress.bytes_done) / Math.max(1, progress.rate);
    const own = now.tasks.tasks.find((task) => task.id === session.task);
    if (own) own.progress = progress;
  }
}

function listing(path: string, query: ListQuery): Listing {
  const page = (total: number, entries: Entry[]): Listing => ({
    collection: query.collection,
    path,
    absolute_path: path,
    entries,
    offset: query.offset,
    total,
    rename_supported: true,
  });
  const wanted = query.filter?.toLowerCase() ?? "";
  if (path === data.LONG_DIRECTORY && wanted === "") {
    const count = Math.max(0, Math.min(query.limit, data.LONG_DIRECTORY_ENTRIES - query.offset));
    const row = (index: number) =>
      query.descending ? data.LONG_DIRECTORY_ENTRIES - 1 - query.offset - index : query.offset + index;
    return page(
      data.LONG_DIRECTORY_ENTRIES,
      Array.from({ length: count }, (_none, index) => data.longDirectory(row(index))),
    );
  }
  const sign = query.descending ? -1 : 1;
  const all = (data.trees[path] ?? []).filter((entry) => entry.name.toLowerCase().includes(wanted));
  const sorted = all.sort((a, b) => sign * compare(a, b, query.sort));
  return page(sorted.length, sorted.slice(query.offset, query.offset + query.limit));
}

function compare(a: Entry, b: Entry, by: ListQuery["sort"]): number {
  if ((a.kind === "folder") !== (b.kind === "folder")) return a.kind === "folder" ? -1 : 1;
  switch (by) {
    case "size":
      return a.size - b.size;
    case "modified":
      return (a.modified ?? "").localeCompare(b.modified ?? "");
    case "name":
    case "type":
      return a.name.localeCompare(b.name);
  }
}

function follow<T>(listeners: Set<T>, listener: T): Stop {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function ok<T>(value: T): Outcome<T> {
  return { status: "ok", data: value };
}

function refused<T>(error: Problem): Outcome<T> {
  return { status: "error", error };
}

const RISKS: Partial<Record<string, string>> = {
  "/home/smith": "home",
  "/": "disk",
  "/home/smith/.ssh": "hidden",
  "/home": "above_home",
};
