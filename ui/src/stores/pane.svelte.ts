import type { Platform } from "../platform/platform";
import type { Collection, Entry, Listing, Outcome, Problem, SortBy } from "../platform/types";

/** One side of the files page: a place in a collection, and what is selected there. */
export class Pane {
  collection: Collection | null = $state.raw(null);
  /** Ends in `/`; `null` until the first listing said where the default directory is. */
  path: string | null = $state(null);
  total = $state(0);
  canRename = $state(false);
  asking = $state(false);
  problem: Problem | undefined = $state.raw();
  sort: SortBy = $state("name");
  descending = $state(false);
  filter = $state("");
  showHidden = $state(false);
  /** The row that the keys move, counted from nought; -1 when there is none. */
  cursor = $state(-1);
  /** Names, as one name stands once in a directory. */
  selected: ReadonlySet<string> = $state.raw(new Set());
  /** Grows with every page that came, for those who draw rows. */
  revision = $state(0);
  #pages = new Map<number, Entry[]>();
  #loads = new Map<number, Promise<void>>();
  #anchor = -1;
  /** Whoever asks last is answered: what was asked before for another place is dropped. */
  #turn = 0;
  #pending = 0;
  #entries = new Map<string, Entry>();
  /** A place that was asked for by the name of its collection, until that is found. */
  #named: { name: string; path: string | null } | null = null;
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Goes to a place; `null` for the collection's default directory. */
  async open(collection: Collection, path: string | null): Promise<void> {
    const elsewhere = collection.id !== this.collection?.id || path !== this.path;
    this.#named = null;
    this.collection = collection;
    this.path = path;
    if (elsewhere) this.filter = "";
    await this.#restart();
  }

  /** Finds a collection by what a person typed, and opens it. */
  async openNamed(name: string, path: string | null): Promise<boolean> {
    const turn = ++this.#turn;
    const outcome = await this.#platform.collection(name);
    if (turn !== this.#turn) return false;
    if (outcome.status === "error") {
      this.close();
      this.#named = { name, path };
      this.problem = outcome.error;
      return false;
    }
    await this.open(outcome.data, path);
    return true;
  }

  close(): void {
    this.#turn += 1;
    this.#named = null;
    this.collection = null;
    this.path = null;
    this.#forget();
  }

  /** Tries again what failed. */
  async retry(): Promise<void> {
    if (this.#named !== null) await this.openNamed(this.#named.name, this.#named.path);
    else await this.refresh();
  }

  /**
   * Reads the same place again; what is selected and still there stays selected. The rows stay in sight
   * until the new ones come.
   */
  async refresh(): Promise<void> {
    const [before, cursor] = [this.selected, this.cursor];
    const turn = ++this.#turn;
    this.#pending = 0;
    this.#loads.clear();
    await this.#load(0, true);
    if (turn !== this.#turn) return;
    this.selected = new Set([...before].filter((name) => this.#entries.has(name)));
    this.cursor = Math.min(cursor, this.total - 1);
  }

  async sortBy(key: SortBy): Promise<void> {
    this.descending = this.sort === key ? !this.descending : false;
    this.sort = key;
    await this.#restart();
  }

  async filterBy(text: string): Promise<void> {
    this.filter = text;
    await this.#restart();
  }

  async hidden(show: boolean): Promise<void> {
    this.showHidden = show;
    await this.#restart();
  }

  async enter(entry: Entry): Promise<void> {
    if (entry.kind !== "folder" || this.collection === null || this.path === null) return;
    await this.open(this.collection, `${this.path}${entry.name}/`);
  }

  /** Goes to the directory above, with the cursor on the one that was left. */
  async up(): Promise<void> {
    const above = this.path === null ? null : parentOf(this.path);
    if (above === null || this.collection === null || this.path === null) return;
    const left = lastName(this.path);
    await this.open(this.collection, above);
    if (this.path !== above) return;
    const row = (this.#pages.get(0) ?? []).findIndex((entry) => entry.name === left);
    if (0 <= row) this.cursor = row;
  }

  /** The entry of a row, once its page has come. */
  entry(row: number): Entry | undefined {
    void this.revision;
    return this.#pages.get(Math.floor(row / PAGE))?.[row % PAGE];
  }

  /** Sees to it that the rows in sight come. */
  need(first: number, last: number): void {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) {
      if (page * PAGE < this.total) void this.#load(page);
    }
  }

  /** Selects one row alone, adds or takes one, or all from the last one to here. */
  select(row: number, how: "alone" | "toggle" | "range"): void {
    const entry = this.entry(row);
    this.cursor = row;
    if (entry === undefined) return;
    if (how === "range" && 0 <= this.#anchor) {
      this.selected = new Set(this.#names(this.#anchor, row));
      return;
    }
    this.#anchor = row;
    if (how === "toggle") {
      const next = new Set(this.selected);
      if (!next.delete(entry.name)) next.add(entry.name);
      this.selected = next;
    } else {
      this.selected = new Set([entry.name]);
    }
  }

  /** Selects everything, unless that is more than one transfer should name. */
  async selectAll(): Promise<"all" | "too_many" | "not_all"> {
    if (SELECT_MAX < this.total) return "too_many";
    const turn = this.#turn;
    const pages = Array.from({ length: Math.ceil(this.total / PAGE) }, (_none, page) => page);
    for (const page of pages) await this.#load(page);
    // Elsewhere by now, or a page did not come: nobody meant to select just that.
    if (turn !== this.#turn || !pages.every((page) => this.#pages.has(page))) return "not_all";
    this.selected = new Set(this.#names(0, this.total - 1));
    return "all";
  }

  selectNone(): void {
    this.selected = new Set();
  }

  /** What is selected, as far as it is known. */
  get selectedEntries(): Entry[] {
    void this.revision;
    return [...this.selected].flatMap((name) => this.#entries.get(name) ?? []);
  }

  /** How much that is; nought where there are folders, into which nobody has looked. */
  get selectedBytes(): number {
    const entries = this.selectedEntries;
    if (entries.some((entry) => entry.kind === "folder")) return 0;
    return entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.size : 0), 0);
  }

  makeFolder(name: string): Promise<Outcome<null>> {
    return this.#change((id, path) => this.#platform.makeFolder(id, `${path}${name}`));
  }

  rename(from: string, to: string): Promise<Outcome<null>> {
    return this.#change((id, path) => {
      return this.#platform.renameFile({ collection: id, old_path: path + from, new_path: path + to });
    });
  }

  async #change(run: (id: string, path: string) => Promise<Outcome<null>>): Promise<Outcome<null>> {
    if (this.collection === null || this.path === null) return { status: "ok", data: null };
    const outcome = await run(this.collection.id, this.path);
    if (outcome.status === "ok") await this.refresh();
    return outcome;
  }

  #names(from: number, to: number): string[] {
    const names: string[] = [];
    for (let row = Math.min(from, to); row <= Math.max(from, to); row += 1) {
      const entry = this.entry(row);
      if (entry !== undefined) names.push(entry.name);
    }
    return names;
  }

  async #restart(): Promise<void> {
    this.#turn += 1;
    this.#forget();
    await this.#load(0);
  }

  #forget(): void {
    this.#pages.clear();
    this.#loads.clear();
    this.#entries.clear();
    this.#anchor = -1;
    this.#pending = 0;
    this.selected = new Set();
    this.cursor = -1;
    this.total = 0;
    this.problem = undefined;
    this.asking = false;
    this.revision += 1;
  }

  #load(page: number, afresh = false): Promise<void> {
    const begun = this.#loads.get(page);
    if (begun !== undefined) return begun;
    const load = this.#ask(page, afresh);
    this.#loads.set(page, load);
    return load;
  }

  async #ask(page: number, afresh: boolean): Promise<void> {
    const { collection } = this;
    if (collection === null) return;
    const turn = this.#turn;
    this.#pending += 1;
    this.asking = true;
    const outcome = await this.#platform.list({
      collection: collection.id,
      path: this.path,
      show_hidden: this.showHidden,
      sort: this.sort,
      descending: this.descending,
      filter: this.filter.trim() || null,
      offset: page * PAGE,
      limit: PAGE,
    });
    if (turn !== this.#turn) return;
    if (afresh) {
      this.#forget();
      this.#loads.set(page, Promise.resolve());
    } else {
      this.#pending -= 1;
      this.asking = 0 < this.#pending;
    }
    if (outcome.status === "ok") {
      this.#take(page, outcome.data);
    } else {
      this.#loads.delete(page);
      this.problem = outcome.error;
    }
  }

  #take(page: number, listing: Listing): void {
    this.path = listing.path;
    this.total = listing.total;
    this.canRename = listing.rename_supported;
    this.#pages.set(page, listing.entries);
    for (const entry of listing.entries) this.#entries.set(entry.name, entry);
    if (page === 0 && this.cursor < 0 && 0 < listing.total) this.cursor = 0;
    this.revision += 1;
  }
}

/** The directory above, or `null` at the top. */
export function parentOf(path: string): string | null {
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  if (end <= 0) return null;
  return path.slice(0, path.lastIndexOf("/", end - 1) + 1);
}

/** The last name of a path. */
export function lastName(path: string): string {
  return path.replace(/\/$/, "").split("/").at(-1) ?? "";
}

/** The names of a path with the place that each leads to. */
export function crumbsOf(path: string): { name: string; path: string }[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join("/")}/` }));
}

/** Entries asked for at once: a few screens, quickly answered even over a slow line. */
export const PAGE = 500;
/** Whoever means more than this means the folder itself. */
export const SELECT_MAX = 5000;
