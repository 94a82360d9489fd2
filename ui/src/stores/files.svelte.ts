import type { Platform } from "../platform/platform";
import type { Entry, NewTransfer, Outcome, TaskView } from "../platform/types";
import { Pane } from "./pane.svelte";
import { Preview } from "./preview.svelte";
import { Wishes } from "./wishes.svelte";

export type Side = "left" | "right";

/** The two panes, and what goes from one to the other. */
export class Files {
  readonly left: Pane;
  readonly right: Pane;
  active: Side = $state("left");
  sending = $state(false);
  /** What the next transfer is called. */
  label = $state("");
  /** How transfers are done, as long as the app runs. */
  readonly wishes = new Wishes();
  /** What the next transfer would do, while that is shown. */
  preview: Preview | null = $state.raw(null);
  /** The same until the hub has taken it, so that asking again makes no second task. */
  #submission: { id: string; wish: string } | null = null;
  /** The tasks that ran when last looked at. */
  #active: ReadonlySet<string> = new Set();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.left = new Pane(platform);
    this.right = new Pane(platform);
  }

  pane(side: Side): Pane {
    return side === "left" ? this.left : this.right;
  }

  other(side: Side): Side {
    return side === "left" ? "right" : "left";
  }

  /** Whether something is selected there that can go to the other side. */
  canTransfer(from: Side): boolean {
    const [source, destination] = [this.pane(from), this.pane(this.other(from))];
    return (
      0 < source.selected.size &&
      destination.path !== null &&
      destination.problem === undefined &&
      !this.sending
    );
  }

  /** The folders of which more than is sent is deleted or moved away at the other side. */
  mirrored(from: Side): Entry[] {
    if (this.wishes.extras === "stay") return [];
    return this.pane(from).selectedEntries.filter((entry) => entry.kind === "folder");
  }

  /** Asks for a transfer of what is selected; answers with the task. */
  async transfer(from: Side): Promise<Outcome<string> | null> {
    const wish = this.#wish(from);
    if (wish === null || !this.canTransfer(from)) return null;
    const pane = this.pane(from);
    const sent = pane.selected;
    this.sending = true;
    const outcome = await this.#platform.transfer({ ...wish, submission: this.#submissionFor(wish) });
    this.sending = false;
    if (outcome.status === "ok") {
      this.#submission = null;
      this.label = "";
      this.wishes.extras = "stay";
      // What was selected meanwhile was not sent.
      if (pane.selected === sent) pane.selectNone();
    }
    return outcome;
  }

  /** Asks what a transfer of what is selected would do, and shows it. */
  async look(from: Side): Promise<Outcome<string> | null> {
    const wish = this.#wish(from);
    if (wish === null || !this.canTransfer(from)) return null;
    this.sending = true;
    const outcome = await this.#platform.transfer({
      ...wish,
      options: { ...wish.options, purpose: "preview" },
      submission: crypto.randomUUID(),
    });
    this.sending = false;
    if (outcome.status === "ok") this.preview = new Preview(this.#platform, outcome.data, from);
    return outcome;
  }

  /** Asks for the deletion of what is selected; answers with the task. */
  async deleteSelected(side: Side): Promise<Outcome<string> | null> {
    const pane = this.pane(side);
    const { collection, path } = pane;
    if (collection === null || path === null || pane.selected.size === 0) return null;
    const deleted = pane.selected;
    const outcome = await this.#platform.deleteFiles({
      collection: collection.id,
      paths: [...pane.selected].map((name) => path + name),
      recursive: pane.selectedEntries.some((entry) => entry.kind === "folder"),
      ignore_missing: false,
      label: null,
      deadline: null,
      submission: null,
    });
    if (outcome.status === "ok" && pane.selected === deleted) pane.selectNone();
    return outcome;
  }

  /** Reads a side again when a task has ended that changed it, unless something is selected there. */
  follow(tasks: readonly TaskView[]): void {
    const moves = (task: TaskView) => (task.options?.purpose ?? "transfer") === "transfer";
    const over = (task: TaskView) => task.status !== "ACTIVE" && this.#active.has(task.id);
    const ended = tasks.filter((task) => over(task) && moves(task));
    this.#active = new Set(tasks.filter((task) => task.status === "ACTIVE").map((task) => task.id));
    for (const pane of [this.left, this.right]) {
      const changed = ended.some((task) => (task.destination ?? task.source).id === pane.collection?.id);
      if (changed && pane.selected.size === 0) void pane.refresh();
    }
  }

  #wish(from: Side): NewTransfer | null {
    const [source, destination] = [this.pane(from), this.pane(this.other(from))];
    const { path: sourcePath, collection: sourceCollection } = source;
    const { path: destinationPath, collection: destinationCollection } = destination;
    if (!sourceCollection || !destinationCollection || sourcePath === null || destinationPath === null)
      return null;
    const item = (entry: Entry) => ({
      source_path: sourcePath + entry.name,
      destination_path: destinationPath + entry.name,
      recursive: entry.kind === "folder",
    });
    return {
      source: sourceCollection.id,
      destination: destinationCollection.id,
      items: source.selectedEntries.map(item),
      label: this.label.trim() || null,
      options: this.wishes.options,
      deadline: null,
      submission: null,
    };
  }

  #submissionFor(wish: NewTransfer): string {
    const text = JSON.stringify(wish);
    if (this.#submission?.wish !== text) this.#submission = { id: crypto.randomUUID(), wish: text };
    return this.#submission.id;
  }
}
