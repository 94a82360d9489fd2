import type { Attachment } from "svelte/attachments";

/** Shows a short text beside an element while the pointer rests on it or it has the focus. */
export function tip(text: string | null | undefined): Attachment<HTMLElement> {
  return (element) => {
    if (!text) return;
    let bubble: HTMLElement | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const show = () => {
      bubble ??= place(element, text);
    };
    const hide = () => {
      clearTimeout(timer);
      bubble?.remove();
      bubble = undefined;
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(show, REST_MS);
    };
    const focused = () => {
      if (element.matches(":focus-visible")) show();
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === "Escape") hide();
    };

    const listeners = {
      pointerenter: wait,
      pointerleave: hide,
      pointerdown: hide,
      focus: focused,
      blur: hide,
      keydown: key,
    };
    const entries = Object.entries(listeners) as [string, EventListener][];
    for (const [name, run] of entries) element.addEventListener(name, run);
    return () => {
      hide();
      for (const [name, run] of entries) element.removeEventListener(name, run);
    };
  };
}

function place(element: HTMLElement, text: string): HTMLElement {
  const bubble = document.createElement("div");
  bubble.className = "tip";
  bubble.textContent = text;
  // Names and descriptions are on the element itself already; this is for eyes.
  bubble.setAttribute("aria-hidden", "true");
  // Inside an open dialog, or the dialog's layer would cover it.
  (element.closest("dialog") ?? document.body).append(bubble);
  const around = element.getBoundingClientRect();
  const own = bubble.getBoundingClientRect();
  const below = around.bottom + GAP + own.height < innerHeight;
  const top = below ? around.bottom + GAP : around.top - GAP - own.height;
  const left = Math.min(
    Math.max(GAP, around.left + around.width / 2 - own.width / 2),
    innerWidth - own.width - GAP,
  );
  bubble.style.top = `${top}px`;
  bubble.style.left = `${left}px`;
  return bubble;
}

const REST_MS = 450;
const GAP = 6;
