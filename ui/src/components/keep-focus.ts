import type { Attachment } from "svelte/attachments";

/**
 * Takes the focus where the element that had it has gone: what comes in the place of a button that was
 * pressed is where the keys go on.
 */
export const keepFocus: Attachment<HTMLElement> = (element) => {
  const frame = requestAnimationFrame(() => {
    const active = document.activeElement;
    const hidden = typeof active?.checkVisibility === "function" && !active.checkVisibility();
    const lost = active === null || active === document.body || hidden;
    if (lost) element.focus();
  });
  return () => cancelAnimationFrame(frame);
};
