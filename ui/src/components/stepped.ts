import type { OneOf } from "./one-of";

const STEPS: Partial<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Carries out an arrow key in a row of buttons of which one is chosen: the next is chosen and has the focus. */
export function stepped<T extends string>(
  event: KeyboardEvent & { currentTarget: HTMLElement },
  options: OneOf<T>["options"],
  value: T,
  onchange: (value: T) => void,
): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const now = options.findIndex((option) => option.value === value);
  const index = (now + step + options.length) % options.length;
  const next = options[index];
  if (next === undefined) return;
  onchange(next.value);
  event.currentTarget.querySelectorAll<HTMLElement>("button")[index]?.focus();
}
