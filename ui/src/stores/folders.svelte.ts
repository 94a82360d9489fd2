import type { Platform } from "../platform/platform";
import type { Folder, FolderTest, NewFolder, Problem } from "../platform/types";
import { Question } from "./question.svelte";

/** What the owner does with folders. The list itself is in the snapshot. */
export class Folders {
  /** A folder that the agent shares only after an explicit yes. */
  unsure: { folder: NewFolder; problem: Problem } | null = $state.raw(null);
  /** Why the last change was refused, and of which folder. */
  refused: { path: string; problem: Problem } | null = $state.raw(null);
  readonly tester = new Question<FolderTest>();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Opens the picker of the system and shares what was picked. */
  async pick(title: string): Promise<void> {
    const outcome = await this.#platform.pickFolder(title);
    if (outcome.status === "error") this.refused = { path: "", problem: outcome.error };
    else if (outcome.data !== null) await this.add(outcome.data);
  }

  /** Shares a folder as carefully as can be: read-only, for the owner alone. */
  add(path: string): Promise<boolean> {
    return this.save({ path, access: "read-only", shareable: false, deny: [], confirmed: false });
  }

  /** Shares folders one after the other; stops where the owner has to say something. */
  async addAll(paths: string[]): Promise<void> {
    for (const path of paths) {
      if (!(await this.add(path))) return;
    }
  }

  /** Changes a folder that is shared. */
  change(folder: Folder, change: Partial<Pick<Folder, "access" | "shareable" | "deny">>): Promise<boolean> {
    const { path, access, shareable, deny } = folder;
    // The owner said yes when it was added; a change asks only if the agent has a new reason.
    return this.save({ path, access, shareable, deny, confirmed: false, ...change });
  }

  async save(folder: NewFolder): Promise<boolean> {
    const outcome = await this.#platform.addFolder(folder);
    this.unsure = null;
    this.refused = null;
    if (outcome.status === "ok") return true;
    if (outcome.error.code === NEEDS_CONFIRM) this.unsure = { folder, problem: outcome.error };
    else this.refused = { path: folder.path, problem: outcome.error };
    return false;
  }

  /** The owner's explicit yes. */
  async confirm(): Promise<boolean> {
    return this.unsure !== null && this.save({ ...this.unsure.folder, confirmed: true });
  }

  async remove(path: string): Promise<void> {
    const outcome = await this.#platform.removeFolder(path);
    this.refused = outcome.status === "ok" ? null : { path, problem: outcome.error };
  }

  test(path: string): Promise<FolderTest | undefined> {
    return this.tester.ask(() => this.#platform.testFolder(path));
  }
}

const NEEDS_CONFIRM = "FOLDER_NEEDS_CONFIRM";
