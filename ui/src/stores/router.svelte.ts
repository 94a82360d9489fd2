import type { Page } from "../platform/types";

/** The pages of the navigation; the other places are panels above them, and the first run. */
export type MainPage = Exclude<Page["page"], Panel | "setup">;
export type Panel = Extract<Page["page"], "check" | "log" | "about">;

/** Where the window is: one page, and at most one panel above it. */
export class Router {
  page: MainPage = $state("overview");
  panel: Panel | null = $state(null);
  /** The task that the activity page shows. */
  task: string | null = $state(null);
  /** What the files page is asked to open; the page takes it. */
  files: { collection: string; path: string | null } | null = $state(null);
  /** What a link gave for the first run. */
  setup: { hub: string | null; key: string | null } | null = $state(null);

  go(place: Page): void {
    switch (place.page) {
      case "check":
      case "log":
      case "about":
        this.panel = place.page;
        return;
      case "setup":
        this.setup = { hub: place.hub, key: place.key };
        return;
      case "activity":
        this.task = place.task;
        break;
      case "files":
        this.files = place.collection === null ? null : { collection: place.collection, path: place.path };
        break;
      case "overview":
      case "folders":
      case "settings":
        break;
    }
    this.panel = null;
    this.page = place.page;
  }
}
