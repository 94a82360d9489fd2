import { invoke } from "@tauri-apps/api/core";
import { type UnlistenFn, listen } from "@tauri-apps/api/event";
import { getCurrentWebview } from "@tauri-apps/api/webview";
import type { FolderDrop, Platform, Stop } from "./platform";
import type {
  CollectionQuery,
  Destination,
  ListQuery,
  NewDeletion,
  NewFolder,
  NewTransfer,
  Outcome,
  Problem,
  Registration,
  Settings,
  ShellSettings,
  ShellState,
  Snapshot,
  TasksQuery,
  Time,
} from "./types";

/** The desktop app: each method is one command of the bridge in `src-tauri`. */
export class TauriPlatform implements Platform {
  status = () => call<Snapshot>("status");
  pause = (until: Time | null) => call<null>("pause", { until });
  resume = () => call<null>("resume");

  addFolder: Platform["addFolder"] = (folder: NewFolder) => call("add_folder", { folder });
  removeFolder: Platform["removeFolder"] = (path: string) => call("remove_folder", { path });
  testFolder: Platform["testFolder"] = (path: string) => call("test_folder", { path });

  doctor: Platform["doctor"] = () => call("doctor");
  diagnostics: Platform["diagnostics"] = () => call("diagnostics");
  log: Platform["log"] = (lines: number) => call("log", { lines });
  saveSettings: Platform["saveSettings"] = (settings: Settings) => call("save_settings", { settings });

  checkHub: Platform["checkHub"] = (address: string) => call("check_hub", { address });
  beginSignIn: Platform["beginSignIn"] = (hub: string, way: "browser" | "code") =>
    call("begin_sign_in", { hub, way });
  cancelSignIn = () => call<null>("cancel_sign_in");
  signOut = () => call<null>("sign_out");
  checkName: Platform["checkName"] = (name: string) => call("check_name", { name });
  register: Platform["register"] = (computer: Registration) => call("register", { computer });
  setUp: Platform["setUp"] = (key: string, place: "file" | "keyring") => call("set_up", { key, place });
  renameComputer = (name: string) => call<null>("rename_computer", { name });
  removeComputer = (onlyHere: boolean) => call<null>("remove_computer", { onlyHere });
  preset: Platform["preset"] = () => call("preset");

  collections: Platform["collections"] = (query: CollectionQuery) => call("collections", { query });
  collection: Platform["collection"] = (name: string) => call("collection", { name });
  list: Platform["list"] = (query: ListQuery) => call("list", { query });
  stat: Platform["stat"] = (collection: string, path: string) => call("stat", { collection, path });
  makeFolder = (collection: string, path: string) => call<null>("make_folder", { collection, path });
  renameFile: Platform["renameFile"] = (rename) => call("rename_file", { rename });

  transfer = (transfer: NewTransfer) => call<string>("transfer", { transfer });
  deleteFiles = (deletion: NewDeletion) => call<string>("delete_files", { deletion });
  tasks: Platform["tasks"] = (query: TasksQuery) => call("tasks", { query });
  task: Platform["task"] = (task: string) => call("task", { task });
  taskFiles: Platform["taskFiles"] = (task: string, marker: number | null) =>
    call("task_files", { task, marker });
  taskSkipped: Platform["taskSkipped"] = (task: string, marker: number | null) =>
    call("task_skipped", { task, marker });
  cancelTask = (task: string) => call<null>("cancel_task", { task });
  retryTask = (task: string) => call<string>("retry_task", { task });

  shellState = () => call<ShellState>("shell_state");
  saveShellSettings = (settings: ShellSettings) => call<ShellState>("save_shell_settings", { settings });
  setAutostart = (on: boolean) => call<ShellState>("set_autostart", { on });
  retryAgent = () => call<ShellState>("retry_agent");
  checkForUpdate = () => call<ShellState>("check_for_update");
  installUpdate = () => call<ShellState>("install_update");
  takePage = () => call<Destination | null>("take_page");

  pickFolder = (title: string) => call<string | null>("pick_folder", { title });
  openUrl = (url: string) => call<null>("open_url", { url });
  showInFolder = (path: string) => call<null>("show_in_folder", { path });
  copyText = (text: string) => call<null>("copy_text", { text });
  saveText = (name: string, text: string) => call<string | null>("save_text", { name, text });
  hideWindow = () => call<null>("hide_window");
  quit = () => call<null>("quit");

  onSnapshot = (listener: (snapshot: Snapshot) => void) => heard("snapshot-changed", listener);
  onShell = (listener: (state: ShellState) => void) => heard("shell-changed", listener);
  onGoTo = (listener: (place: Destination) => void) => heard("go-to", listener);

  onFolderDrop(listener: (drop: FolderDrop) => void): Stop {
    return later(
      getCurrentWebview().onDragDropEvent(({ payload }) => {
        switch (payload.type) {
          case "enter":
            listener({ kind: "over" });
            break;
          case "over":
            break;
          case "drop":
            listener({ kind: "drop", paths: payload.paths });
            break;
          case "leave":
            listener({ kind: "leave" });
            break;
        }
      }),
    );
  }
}

async function call<T>(command: string, args: Record<string, unknown> = {}): Promise<Outcome<T>> {
  try {
    return { status: "ok", data: await invoke<T>(command, args) };
  } catch (error) {
    return { status: "error", error: isProblem(error) ? error : unexpected(command, error) };
  }
}

function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}

function unexpected(command: string, error: unknown): Problem {
  return {
    code: "INTERNAL",
    args: { request: command },
    message: `The window cannot ask \`${command}\`: ${String(error)}`,
  };
}

function heard<T>(event: string, listener: (payload: T) => void): Stop {
  return later(listen<T>(event, ({ payload }) => listener(payload)));
}

/** A subscription takes a moment to begin; it may be ended before. */
function later(begun: Promise<UnlistenFn>): Stop {
  let ended = false;
  let stop: UnlistenFn | undefined;
  void begun.then((unlisten) => {
    if (ended) unlisten();
    else stop = unlisten;
  });
  return () => {
    ended = true;
    stop?.();
  };
}
