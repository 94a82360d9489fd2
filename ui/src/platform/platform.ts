import type {
  Collection,
  CollectionQuery,
  Page,
  Diagnostics,
  DoctorReport,
  Entry,
  Folder,
  FolderTest,
  HubFacts,
  Limits,
  ListQuery,
  Listing,
  NameCheck,
  NewDeletion,
  NewFolder,
  NewProxy,
  NewTransfer,
  Outcome,
  Preset,
  ProxyView,
  NewComputer,
  Settings,
  SetUp,
  ShellSettings,
  ShellState,
  SignInView,
  Snapshot,
  TaskDetail,
  TaskDifferences,
  TaskFiles,
  TaskSkips,
  TaskView,
  TaskQuery,
  UnixTime,
} from "./types";

/** Ends a subscription. */
export type Stop = () => void;

/** What may be asked of an agent: one method for each of `outport_control::Client`. */
export interface AgentCommands {
  status(): Promise<Outcome<Snapshot>>;
  pause(until: UnixTime | null): Promise<Outcome<null>>;
  resume(): Promise<Outcome<null>>;

  addFolder(folder: NewFolder): Promise<Outcome<Folder[]>>;
  removeFolder(path: string): Promise<Outcome<Folder[]>>;
  testFolder(path: string): Promise<Outcome<FolderTest>>;

  doctor(): Promise<Outcome<DoctorReport>>;
  doctorTo(peer: string): Promise<Outcome<DoctorReport>>;
  diagnostics(): Promise<Outcome<Diagnostics>>;
  log(lines: number): Promise<Outcome<string[]>>;
  saveSettings(settings: Settings): Promise<Outcome<Settings>>;
  saveLimits(limits: Limits): Promise<Outcome<Limits>>;
  proxy(): Promise<Outcome<ProxyView>>;
  saveProxy(proxy: NewProxy): Promise<Outcome<ProxyView>>;
  clearProxy(): Promise<Outcome<ProxyView>>;

  checkHub(address: string): Promise<Outcome<HubFacts>>;
  beginSignIn(hub: string, way: "browser" | "code"): Promise<Outcome<SignInView>>;
  cancelSignIn(): Promise<Outcome<null>>;
  signOut(): Promise<Outcome<null>>;
  checkName(name: string): Promise<Outcome<NameCheck>>;
  register(computer: NewComputer): Promise<Outcome<SetUp>>;
  setUp(key: string, place: "file" | "keyring"): Promise<Outcome<SetUp>>;
  renameComputer(name: string): Promise<Outcome<null>>;
  removeComputer(onlyHere: boolean): Promise<Outcome<null>>;
  preset(): Promise<Outcome<Preset>>;

  collections(query: CollectionQuery): Promise<Outcome<Collection[]>>;
  collection(name: string): Promise<Outcome<Collection>>;
  list(query: ListQuery): Promise<Outcome<Listing>>;
  stat(collection: string, path: string): Promise<Outcome<Entry>>;
  makeFolder(collection: string, path: string): Promise<Outcome<null>>;
  renameFile(rename: { collection: string; old_path: string; new_path: string }): Promise<Outcome<null>>;

  transfer(transfer: NewTransfer): Promise<Outcome<string>>;
  deleteFiles(deletion: NewDeletion): Promise<Outcome<string>>;
  tasks(query: TaskQuery): Promise<Outcome<TaskView[]>>;
  task(id: string): Promise<Outcome<TaskDetail>>;
  taskFiles(id: string, marker: number | null): Promise<Outcome<TaskFiles>>;
  taskSkipped(id: string, marker: number | null): Promise<Outcome<TaskSkips>>;
  taskDifferences(id: string, marker: number | null): Promise<Outcome<TaskDifferences>>;
  cancelTask(id: string): Promise<Outcome<null>>;
  retryTask(id: string): Promise<Outcome<string>>;

  onSnapshot(listener: (snapshot: Snapshot) => void): Stop;
}

/** What may be asked of the window's host: the desktop itself. */
export interface ShellCommands {
  shellState(): Promise<Outcome<ShellState>>;
  saveShellSettings(settings: ShellSettings): Promise<Outcome<ShellState>>;
  setAutostart(on: boolean): Promise<Outcome<ShellState>>;
  retryAgent(): Promise<Outcome<ShellState>>;
  checkForUpdate(): Promise<Outcome<ShellState>>;
  installUpdate(): Promise<Outcome<ShellState>>;
  takePage(): Promise<Outcome<Page | null>>;

  pickFolder(title: string): Promise<Outcome<string | null>>;
  openUrl(url: string): Promise<Outcome<null>>;
  showInFolder(path: string): Promise<Outcome<null>>;
  copyText(text: string): Promise<Outcome<null>>;
  saveText(name: string, text: string): Promise<Outcome<string | null>>;
  hideWindow(): Promise<Outcome<null>>;
  quit(): Promise<Outcome<null>>;

  onShell(listener: (state: ShellState) => void): Stop;
  onGoTo(listener: (place: Page) => void): Stop;
  /** Folders dragged from the desktop: where they hover over the window, and where they fall. */
  onFolderDrop(listener: (drop: FolderDrop) => void): Stop;
}

export type FolderDrop = { kind: "over" | "leave" } | { kind: "drop"; paths: string[] };

/** Everything the screens may ask of their host. Tauri and the tests each provide one. */
export interface Platform extends AgentCommands, ShellCommands {}
