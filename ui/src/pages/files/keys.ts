import type { Pane } from "../../stores/pane.svelte";
import type { PaneDoing } from "./doing.svelte";

/** Rows that a page key passes. */
const PAGE_ROWS = 15;

/** Carries out a key in a pane; says whether it meant something. */
export function paneKey(event: KeyboardEvent, pane: Pane, doing: PaneDoing, transfer: () => void): boolean {
  const target = rowFor(event, pane);
  if (target !== undefined) {
    if (event.shiftKey) pane.select(target, "range");
    else if (event.ctrlKey || event.metaKey) pane.cursor = target;
    else pane.select(target, "alone");
    return true;
  }
  const run = command(event, pane, doing, transfer);
  run?.();
  return run !== undefined;
}

function rowFor(event: KeyboardEvent, pane: Pane): number | undefined {
  if (pane.total === 0 || event.altKey) return undefined;
  const rows: Record<string, number> = {
    ArrowDown: pane.cursor + 1,
    ArrowUp: pane.cursor - 1,
    PageDown: pane.cursor + PAGE_ROWS,
    PageUp: pane.cursor - PAGE_ROWS,
    Home: 0,
    End: pane.total - 1,
  };
  const row = rows[event.key];
  return row === undefined ? undefined : Math.max(0, Math.min(row, pane.total - 1));
}

function command(
  event: KeyboardEvent,
  pane: Pane,
  doing: PaneDoing,
  transfer: () => void,
): (() => void) | undefined {
  const held = event.ctrlKey || event.metaKey;
  const here = pane.entry(pane.cursor);
  switch (event.key) {
    case "Enter":
      return held ? transfer : here && (() => void pane.enter(here));
    case " ":
      return () => pane.select(pane.cursor, "toggle");
    case "Backspace":
      return () => void pane.up();
    case "ArrowUp":
      return event.altKey ? () => void pane.up() : undefined;
    case "Escape":
      return () => (0 < pane.selected.size ? pane.selectNone() : doing.endFilter());
    case "F2":
      return () => doing.rename();
    case "F5":
      return () => void pane.refresh();
    case "Delete":
      return () => doing.askDelete();
    case "a":
      return held ? () => void doing.selectAll() : undefined;
    case "N":
      return held && event.shiftKey ? () => doing.newFolder() : undefined;
    default:
      return undefined;
  }
}
