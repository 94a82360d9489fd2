import type { Platform } from "../platform/platform";
import type { TaskBoard, TaskDetail, TaskDifference, TaskFile, TaskSkip, TaskView } from "../platform/types";
import { Pages } from "./pages.svelte";
import { moreDifferences } from "./preview.svelte";
import { Question } from "./question.svelte";

/** What a task is doing, as the page groups them. */
export type Stage = "running" | "waiting" | "succeeded" | "failed";
export type Filter = "all" | "running" | "waiting" | "finished" | "failed";

export function stageOf(task: TaskView): Stage {
  switch (task.status) {
    case "ACTIVE":
      return task.waiting === null ? "running" : "waiting";
    case "SUCCEEDED":
      return "succeeded";
    case "FAILED":
      return "failed";
  }
}

/** The tasks that the page shows, and the one that it shows whole. */
export class Activity {
  filter: Filter = $state("all");
  search = $state("");
  readonly detail = new Question<TaskDetail>();
  readonly files = new Pages<TaskFile>();
  readonly skipped = new Pages<TaskSkip>();
  readonly differences = new Pages<TaskDifference>();
  readonly older = new Question<TaskView[]>();
  #shown: string | null = null;
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** The live tasks, then older ones that were asked for, as far as the filter lets them pass. */
  list(board: TaskBoard): TaskView[] {
    const live = new Set(board.tasks.map((task) => task.id));
    const older = (this.older.answer ?? []).filter((task) => !live.has(task.id));
    const wanted = this.search.trim().toLowerCase();
    return [...board.tasks, ...older].filter((task) => this.#passes(task) && matches(task, wanted));
  }

  /** Asks for the history beyond what is pushed. */
  async showOlder(): Promise<void> {
    const query = { status: null, kind: null, label: null, limit: OLDER_MAX };
    await this.older.ask(() => this.#platform.tasks(query));
  }

  /** Shows a task whole; the same one again brings its events and files up to date. */
  async show(id: string): Promise<void> {
    if (id !== this.#shown) {
      this.#shown = id;
      this.detail.clear();
    }
    this.forgetFiles();
    await this.detail.ask(() => this.#platform.task(id));
  }

  /** Lets the files be asked for again, as more of them may have arrived. */
  forgetFiles(): void {
    this.files.clear();
    this.skipped.clear();
    this.differences.clear();
  }

  moreFiles(id: string): Promise<void> {
    return this.files.more(async (marker) => {
      const outcome = await this.#platform.taskFiles(id, marker);
      if (outcome.status === "error") return outcome;
      return { status: "ok", data: { items: outcome.data.files, next: outcome.data.next } };
    });
  }

  moreSkipped(id: string): Promise<void> {
    return this.skipped.more(async (marker) => {
      const outcome = await this.#platform.taskSkipped(id, marker);
      if (outcome.status === "error") return outcome;
      return { status: "ok", data: { items: outcome.data.entries, next: outcome.data.next } };
    });
  }

  moreDifferences(id: string): Promise<void> {
    return moreDifferences(this.#platform, id, this.differences);
  }

  #passes(task: TaskView): boolean {
    const stage = stageOf(task);
    switch (this.filter) {
      case "all":
        return true;
      case "running":
      case "waiting":
      case "failed":
        return stage === this.filter;
      case "finished":
        return stage === "succeeded";
    }
  }
}

function matches(task: TaskView, wanted: string): boolean {
  if (wanted === "") return true;
  const texts = [task.label, task.source.name, task.destination?.name, task.id];
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}

/** As many as a person scrolls through. */
const OLDER_MAX = 1000;
