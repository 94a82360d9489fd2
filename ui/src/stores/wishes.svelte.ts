import type { Conflict, Extras, Names, Symlinks, SyncLevel, TransferOptions } from "../platform/types";

/** When a file that is there already is copied again, as a person chooses it. */
export type Level = SyncLevel | "always";

/** What the owner wishes of transfers. */
export class Wishes {
  level: Level = $state("always");
  times = $state(true);
  permissions = $state(false);
  attributes = $state(false);
  hardLinks = $state(false);
  verify = $state(true);
  skip = $state(false);
  background = $state(false);
  symlinks: Symlinks = $state("skip");
  conflict: Conflict = $state("overwrite");
  names: Names = $state("fail");
  /** Of the next transfer only: the one after it may lead to another folder. */
  extras: Extras = $state("stay");
  /** Bytes of content per second that may travel. */
  limit: number | null = $state(null);
  /** Patterns of names to leave out, as they were typed. */
  exclude = $state("");

  get options(): TransferOptions {
    return {
      sync_level: this.level === "always" ? null : this.level,
      conflict: this.conflict,
      names: this.names,
      verify: this.verify,
      preserve_times: this.times,
      preserve_permissions: this.permissions,
      preserve_xattrs: this.attributes,
      preserve_hard_links: this.hardLinks,
      symlinks: this.symlinks,
      filters: patterns(this.exclude).map((name) => ({ include: false, only: null, name })),
      extras: this.extras,
      skip_source_errors: this.skip,
      fail_on_quota: false,
      limit: this.limit,
      background: this.background,
    };
  }

  /** Takes everything back to how it begins. */
  reset(): void {
    Object.assign(this, new Wishes().#all);
  }

  get #all() {
    const { level, times, permissions, attributes, hardLinks, verify, skip } = this;
    const { symlinks, conflict, names, extras, limit, background, exclude } = this;
    return {
      level,
      times,
      permissions,
      attributes,
      hardLinks,
      verify,
      skip,
      symlinks,
      conflict,
      names,
      extras,
      limit,
      background,
      exclude,
    };
  }
}

/** The patterns of a text, each once: `*.tmp, .git`. */
export function patterns(text: string): string[] {
  const all = text.split(",").map((pattern) => pattern.trim());
  return [...new Set(all.filter((pattern) => pattern !== ""))].slice(0, PATTERNS_MAX);
}

/** As many rules as the agent takes of one transfer. */
const PATTERNS_MAX = 1000;
