/** What crosses between the screens and their host. The types are made from the Rust ones. */
export type {
  Access,
  Account,
  AgentState,
  Check,
  Code,
  Collection,
  CollectionQuery,
  Diagnostics,
  Direction,
  DoctorReport,
  EndpointFacts,
  Entry,
  Failure,
  Folder,
  FolderTest,
  HoldReason,
  HubFacts,
  KeepAwake,
  ListQuery,
  Listing,
  NameCheck,
  NewComputer,
  NewDeletion,
  NewFolder,
  Notice,
  Page,
  Phase,
  Place,
  Preset,
  Problem,
  Progress,
  Route,
  SessionView,
  SetUp,
  Settings,
  ShellSettings,
  ShellState,
  SignInView,
  Snapshot,
  SortBy,
  SpeedPoint,
  SyncLevel,
  TaskBoard,
  TaskDetail,
  TaskEvent,
  TaskFile,
  TaskFiles,
  TaskKind,
  TaskQuery,
  TaskSkip,
  TaskSkips,
  TaskStatus,
  TaskView,
  UnixTime,
  Update,
} from "./bindings";
import type * as made from "./bindings";

/** What becomes of symbolic links below an item. */
export type Symlinks = "skip" | "keep" | "follow";

/** One rule of a filter: what it looks at (`null` for everything), and a pattern for names. */
export interface FilterRule {
  include: boolean;
  only: "file" | "dir" | null;
  name: string;
}

/** How a transfer is done. To be taken from the bindings once the agent's own is there. */
export interface TransferOptions {
  sync_level: made.SyncLevel | null;
  verify: boolean;
  preserve_times: boolean;
  preserve_permissions: boolean;
  symlinks: Symlinks;
  filters: FilterRule[];
  skip_source_errors: boolean;
  fail_on_quota: boolean;
}

export type NewTransfer = Omit<made.NewTransfer, keyof TransferOptions> & { options: TransferOptions };

/** What happened; a newer agent tells of more than is known here. */
export type Happening = made.Happening | { kind: "other" };
export type Event = Omit<made.Event, "what"> & { what: Happening };

export type Outcome<T> = { status: "ok"; data: T } | { status: "error"; error: made.Problem };
