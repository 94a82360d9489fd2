import type { Outcome } from "../platform/types";

/**
 * Saves changes of one struct in their order, each on top of those before it.
 *
 * What is pushed lags a little behind what was clicked: without this, of two switches turned within a
 * moment the second would take back the first.
 */
export class Saver<T extends object, Answer> {
  #waiting: Partial<T> = {};
  #sent: Partial<T> = {};
  #running: Promise<Outcome<Answer>> | null = null;
  /** What was saved while this was the last that had been pushed. */
  #saved: { seen: T; whole: T } | null = null;

  constructor(
    private readonly pushed: () => T,
    private readonly send: (whole: T) => Promise<Outcome<Answer>>,
  ) {}

  /** What holds once everything that was asked for is saved. */
  get wanted(): T {
    const seen = this.pushed();
    const now = this.#saved?.seen === seen ? this.#saved.whole : seen;
    return { ...now, ...this.#sent, ...this.#waiting };
  }

  /** Saves a change; answers when nothing waits any more, with the first refusal if there was one. */
  save(change: Partial<T>): Promise<Outcome<Answer>> {
    this.#waiting = { ...this.#waiting, ...change };
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<Outcome<Answer>> {
    let refused: Outcome<Answer> | undefined;
    for (;;) {
      const seen = this.pushed();
      const whole = this.wanted;
      this.#sent = this.#waiting;
      this.#waiting = {};
      const outcome = await this.send(whole);
      this.#sent = {};
      if (outcome.status === "ok") this.#saved = { seen, whole };
      else refused ??= outcome;
      if (Object.keys(this.#waiting).length === 0) {
        this.#running = null;
        return refused ?? outcome;
      }
    }
  }
}
