import { problemLine } from "../i18n/problems";
import type { Outcome, Problem } from "../platform/types";

export interface ToastAction {
  label: string;
  run: () => void;
}

/** A short message in the corner: something was done, or could not be. */
export interface Toast {
  id: number;
  text?: string;
  problem?: Problem;
  action?: ToastAction;
}

/** Messages that come and go. Those about problems stay until they are closed. */
export class Toasts {
  list: Toast[] = $state([]);
  #next = 1;

  say(text: string, action?: ToastAction): void {
    const id = this.#add(action ? { text, action } : { text });
    setTimeout(() => this.close(id), SHOWN_MS);
  }

  fail(problem: Problem): void {
    // The same again replaces itself: three times one refusal would push out everything else.
    const same = this.list.find(
      (toast) => toast.problem && problemLine(toast.problem) === problemLine(problem),
    );
    if (same) this.close(same.id);
    this.#add({ problem });
  }

  /** Says what went wrong, if something did; answers with the value otherwise. */
  check<T>(outcome: Outcome<T>): T | undefined {
    if (outcome.status === "ok") return outcome.data;
    this.fail(outcome.error);
    return undefined;
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, "id">): number {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-SHOWN_MAX);
    return id;
  }
}

/** Long enough to read a sentence twice. */
const SHOWN_MS = 6000;
/** More would cover the page. */
const SHOWN_MAX = 3;
