import type { Outcome, Problem } from "../platform/types";

/** A question to the host, as a screen shows it: asked, answered or refused. Only the last asking counts. */
export class Question<T> {
  asking = $state(false);
  answer: T | undefined = $state.raw();
  problem: Problem | undefined = $state.raw();
  #turn = 0;

  /** Asks; answers with what came, or nothing when it was refused or asked anew meanwhile. */
  async ask(run: () => Promise<Outcome<T>>): Promise<T | undefined> {
    const turn = ++this.#turn;
    this.asking = true;
    const outcome = await run();
    if (turn !== this.#turn) return undefined;
    this.asking = false;
    if (outcome.status === "error") {
      this.problem = outcome.error;
      return undefined;
    }
    this.problem = undefined;
    this.answer = outcome.data;
    return outcome.data;
  }

  /** Forgets what was asked and answered; an answer on its way is dropped. */
  clear(): void {
    this.#turn += 1;
    this.asking = false;
    this.answer = undefined;
    this.problem = undefined;
  }
}
