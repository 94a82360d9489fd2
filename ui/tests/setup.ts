import "@testing-library/jest-dom/vitest";
import { beforeEach } from "vitest";
import { i18n } from "../src/i18n/i18n.svelte";

// jsdom knows dialogs but not how to open them.
HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
};
class Observer {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
globalThis.ResizeObserver ??= Observer as unknown as typeof ResizeObserver;

beforeEach(() => i18n.use("en", "en-CA"));
