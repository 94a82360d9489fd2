/** What crosses between the screens and their host. The types are made from the Rust ones. */
export type {
  Access,
  Account,
  AgentState,
  Check,
  Collection,
  CollectionQuery,
  Diagnostics,
  Direction,
  DoctorReport,
  EndpointFacts,
  Entry,
  Folder,
  FolderTest,
  HoldReason as HeldReason,
  HostView as AgentHost,
  HubFacts,
  KeepAwake,
  ListQuery,
  Listing,
  NameCheck,
  NewComputer as Registration,
  NewDeletion,
  NewFolder,
  NewTransfer,
  Notice,
  Os as System,
  Page as Destination,
  Phase,
  Place,
  Preset,
  Progress,
  Route,
  SessionView,
  SetUp,
  Settings,
  ShellSettings,
  ShellState,
  SignInView,
  Snapshot,
  SortBy as SortKey,
  SpeedPoint,
  SyncLevel,
  TaskBoard,
  TaskDetail,
  TaskEvent,
  TaskFile,
  TaskFiles,
  TaskKind,
  TaskQuery as TasksQuery,
  TaskSkip as SkippedEntry,
  TaskSkips as TaskSkipped,
  TaskStatus,
  TaskView,
  UnixTime as Time,
  Update,
} from "./bindings";
import type * as made from "./bindings";

/** A problem as the screens show it: of a code, too, that only a newer agent or the hub knows. */
export type Problem = Omit<made.Problem, "code"> & { code: string };

/** What happened; a newer agent tells of more than is known here. */
export type Happening = made.Happening | { kind: "other" };
export type HappeningView = Omit<made.Event, "what"> & { what: Happening };

export type Outcome<T> = { status: "ok"; data: T } | { status: "error"; error: Problem };
