import type { Platform } from "../platform/platform";
import type { Folder, FolderTest, NewFolder, Outcome, Problem } from "../platform/types";
import { Question } from "./question.svelte";
import { Saver } from "./saver";

/** What the owner does with folders. The list itself is in the snapshot. */
export class Folders {
  /** A folder that the agent shares only after an explicit yes. */
  unsure: { folder: NewFolder; problem: Problem } | null = $state.raw(null);
  /** Why the last change was refused, and of which folder. */
  refused: { path: string; problem: Problem } | null = $state.raw(null);
  readonly tester = new Question<FolderTest>();
  /** Folders that wait for the owner's word about the one before. */
  #rest: string[] = [];
  readonly #changing = new Map<string, { folder: Folder; saver: Saver<Rights, Folder[]> }>();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Opens the picker of the system and shares what was picked. */
  async pick(title: string): Promise<void> {
    const outcome = await this.#platform.pickFolder(title);
    if (outcome.status === "error") this.refused = { path: "", problem: outcome.error };
    else if (outcome.data !== null) await this.addAll([outcome.data]);
  }

  /**
   * Shares folders one after the other, as carefully as can be: read-only, for the owner alone. The rest
   * waits where the owner has to say yes to one, and goes on where one cannot be shared.
   */
  async addAll(paths: string[]): Promise<void> {
    let refused: typeof this.refused = null;
    for (const [index, path] of paths.entries()) {
      await this.save({
        path,
        access: "read-only",
        shareable: false,
        local_only: false,
        deny: [],
        confirmed: false,
      });
      refused ??= this.refused;
      if (this.unsure !== null) {
        this.#rest = paths.slice(index + 1);
        break;
      }
    }
    this.refused = refused;
  }

  /** Changes a folder that is shared. */
  async change(folder: Folder, change: Partial<Rights>): Promise<boolean> {
    const { path } = folder;
    const entry = this.#changing.get(path) ?? {
      folder,
      saver: new Saver<Rights, Folder[]>(
        () => this.#changing.get(path)?.folder ?? folder,
        // The owner said yes when it was added; a change asks only if the agent has a new reason.
        ({ access, shareable, local_only, deny }) =>
          this.#put({ path, access, shareable, local_only, deny, confirmed: false }),
      ),
    };
    entry.folder = folder;
    this.#changing.set(path, entry);
    return (await entry.saver.save(change)).status === "ok";
  }

  async save(folder: NewFolder): Promise<boolean> {
    return (await this.#put(folder)).status === "ok";
  }

  /** The owner's explicit yes. */
  async confirm(): Promise<boolean> {
    if (this.unsure === null) return false;
    const shared = await this.save({ ...this.unsure.folder, confirmed: true });
    await this.#goOn();
    return shared;
  }

  /** The owner's no. */
  async decline(): Promise<void> {
    this.unsure = null;
    await this.#goOn();
  }

  async remove(path: string): Promise<void> {
    const outcome = await this.#platform.removeFolder(path);
    this.#changing.delete(path);
    this.refused = outcome.status === "ok" ? null : { path, problem: outcome.error };
  }

  test(path: string): Promise<FolderTest | undefined> {
    return this.tester.ask(() => this.#platform.testFolder(path));
  }

  async #put(folder: NewFolder): Promise<Outcome<Folder[]>> {
    const outcome = await this.#platform.addFolder(folder);
    this.unsure = null;
    this.refused = null;
    if (outcome.status === "error") {
      if (outcome.error.code === NEEDS_CONFIRM) this.unsure = { folder, problem: outcome.error };
      else this.refused = { path: folder.path, problem: outcome.error };
    }
    return outcome;
  }

  async #goOn(): Promise<void> {
    const { refused } = this;
    const rest = this.#rest;
    this.#rest = [];
    if (0 < rest.length) await this.addAll(rest);
    this.refused ??= refused;
  }
}

type Rights = Pick<Folder, "access" | "shareable" | "local_only" | "deny">;

const NEEDS_CONFIRM = "FOLDER_NEEDS_CONFIRM";
