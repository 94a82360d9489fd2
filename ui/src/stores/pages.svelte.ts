import type { Outcome, Problem } from "../platform/types";

export interface PageOf<T> {
  items: T[];
  next: number | null;
}

/** A long list that comes in pages, each asked for when the one before has been read. */
export class Pages<T> {
  items: T[] = $state.raw([]);
  asking = $state(false);
  problem: Problem | undefined = $state.raw();
  /** Where the next page begins; `undefined` before the first, `null` after the last. */
  next: number | null | undefined = $state();
  #turn = 0;

  async more(ask: (marker: number | null) => Promise<Outcome<PageOf<T>>>): Promise<void> {
    if (this.asking || this.next === null) return;
    const turn = ++this.#turn;
    this.asking = true;
    const outcome = await ask(this.next ?? null);
    if (turn !== this.#turn) return;
    this.asking = false;
    if (outcome.status === "error") {
      this.problem = outcome.error;
      return;
    }
    this.problem = undefined;
    this.items = [...this.items, ...outcome.data.items];
    this.next = outcome.data.next;
  }

  clear(): void {
    this.#turn += 1;
    this.items = [];
    this.asking = false;
    this.problem = undefined;
    this.next = undefined;
  }
}
