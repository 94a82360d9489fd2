import { t } from "../../i18n/i18n.svelte";
import type { Problem } from "../../platform/types";
import type { App } from "../../stores/app.svelte";
import type { Files, Side } from "../../stores/files.svelte";
import type { Pane } from "../../stores/pane.svelte";

/** What the owner is about to do in a pane: the dialogs that are open, and what they ended in. */
export class PaneDoing {
  picking = $state(false);
  /** The field for a part of a name is open. */
  filtering = $state(false);
  deleting = $state(false);
  busy = $state(false);
  /** A name is asked for: of a new folder, or another one for an entry. */
  naming: { kind: "folder" } | { kind: "rename"; from: string } | null = $state(null);
  refused: Problem | undefined = $state.raw();
  readonly pane: Pane;

  constructor(
    readonly app: App,
    readonly files: Files,
    readonly side: Side,
  ) {
    this.pane = files.pane(side);
  }

  endFilter(): void {
    this.filtering = false;
    if (this.pane.filter !== "") void this.pane.filterBy("");
  }

  newFolder(): void {
    this.refused = undefined;
    if (this.pane.path !== null) this.naming = { kind: "folder" };
  }

  rename(): void {
    const [from, ...others] = this.pane.selected;
    if (from === undefined || 0 < others.length || !this.pane.canRename) return;
    this.refused = undefined;
    this.naming = { kind: "rename", from };
  }

  askDelete(): void {
    if (0 < this.pane.selected.size) this.deleting = true;
  }

  /** Carries out what a name was asked for. */
  async named(name: string): Promise<void> {
    const { naming } = this;
    if (naming === null) return;
    this.busy = true;
    const outcome = await (naming.kind === "folder"
      ? this.pane.makeFolder(name)
      : this.pane.rename(naming.from, name));
    this.busy = false;
    // Closed meanwhile, and maybe asked for another.
    if (this.naming !== naming) return;
    if (outcome.status === "ok") this.naming = null;
    else this.refused = outcome.error;
  }

  async delete(): Promise<void> {
    const { toasts, router } = this.app;
    this.busy = true;
    const outcome = await this.files.deleteSelected(this.side);
    this.busy = false;
    this.deleting = false;
    const task = outcome === null ? undefined : toasts.check(outcome);
    if (task === undefined) return;
    toasts.say(t("delete.asked"), {
      label: t("files.watch"),
      run: () => router.go({ page: "activity", task }),
    });
  }

  async selectAll(): Promise<void> {
    if ((await this.pane.selectAll()) === "too_many") this.app.toasts.say(t("files.tooMany"));
  }

  async copyPath(): Promise<void> {
    const [name] = this.pane.selected;
    await this.app.copy(`${this.pane.path ?? ""}${name ?? ""}`, t("files.pathCopied"));
  }
}
