import type { Side } from "../../stores/files.svelte";

/**
 * A selection on its way to the other pane.
 *
 * Done with pointer events: where the window takes folders from the desktop, web views give the page
 * no drag events of its own.
 */
export class Drag {
  from: Side | null = $state(null);
  over: Side | null = $state(null);
  x = $state(0);
  y = $state(0);
  #start: { side: Side; x: number; y: number } | null = null;

  constructor(private readonly dropped: (from: Side) => void) {}

  press(side: Side, event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#start = { side, x: event.clientX, y: event.clientY };
    document.addEventListener("pointermove", this.#move);
    document.addEventListener("pointerup", this.#end);
    document.addEventListener("pointercancel", this.stop);
    document.addEventListener("keydown", this.#key);
  }

  readonly #move = (event: PointerEvent) => {
    const start = this.#start;
    if (start === null) return;
    const far = Math.hypot(event.clientX - start.x, event.clientY - start.y);
    if (this.from === null && far < FAR_PX) return;
    this.from = start.side;
    this.x = event.clientX;
    this.y = event.clientY;
    const below = document
      .elementFromPoint(event.clientX, event.clientY)
      ?.closest<HTMLElement>("[data-pane]");
    const side = below?.dataset["pane"];
    this.over = (side === "left" || side === "right") && side !== start.side ? side : null;
  };

  readonly #end = () => {
    const { from, over } = this;
    this.stop();
    if (from !== null && over !== null) this.dropped(from);
  };

  readonly #key = (event: KeyboardEvent) => {
    if (event.key === "Escape") this.stop();
  };

  /** Ends it without a drop. */
  readonly stop = () => {
    this.#start = null;
    this.from = null;
    this.over = null;
    document.removeEventListener("pointermove", this.#move);
    document.removeEventListener("pointerup", this.#end);
    document.removeEventListener("pointercancel", this.stop);
    document.removeEventListener("keydown", this.#key);
  };
}

/** A hand that clicks moves less. */
const FAR_PX = 6;
