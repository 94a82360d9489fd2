import type { Platform } from "../platform/platform";
import type { TaskBoard, TaskDifference, TaskView } from "../platform/types";
import type { Side } from "./files.svelte";
import { Pages } from "./pages.svelte";

/** What a transfer would do, asked for before it begins. */
export class Preview {
  readonly lines = new Pages<TaskDifference>();
  readonly #platform: Platform;

  constructor(
    platform: Platform,
    /** The task that looks. */
    readonly task: string,
    /** From where the transfer would go. */
    readonly from: Side,
  ) {
    this.#platform = platform;
  }

  /** The task as it is pushed. */
  view(board: TaskBoard): TaskView | undefined {
    return board.tasks.find((task) => task.id === this.task);
  }

  /** Reads a page more of what was found. */
  more(): Promise<void> {
    return moreDifferences(this.#platform, this.task, this.lines);
  }

  /** Ends the task, if it still looks. */
  async end(board: TaskBoard): Promise<void> {
    if (this.view(board)?.status === "ACTIVE") await this.#platform.cancelTask(this.task);
  }
}

/** Reads a page more of what a preview or a check found. */
export function moreDifferences(
  platform: Platform,
  task: string,
  lines: Pages<TaskDifference>,
): Promise<void> {
  return lines.more(async (marker) => {
    const outcome = await platform.taskDifferences(task, marker);
    if (outcome.status === "error") return outcome;
    return { status: "ok", data: { items: outcome.data.entries, next: outcome.data.next } };
  });
}
