import type { UnlistenFn } from "@tauri-apps/api/event";
import { getCurrentWebview } from "@tauri-apps/api/webview";
import { commands, events } from "./bindings";
import type { FolderDrop, Platform, Stop } from "./platform";
import type { Page, Outcome, Problem, ShellState, Snapshot } from "./types";

/** The desktop app: each method is one command of the bridge in `src-tauri`. */
export class TauriPlatform implements Platform {
  status: Platform["status"] = () => told(commands.status());
  pause: Platform["pause"] = (until) => told(commands.pause(until));
  resume: Platform["resume"] = () => told(commands.resume());

  addFolder: Platform["addFolder"] = (folder) => told(commands.addFolder(folder));
  removeFolder: Platform["removeFolder"] = (path) => told(commands.removeFolder(path));
  testFolder: Platform["testFolder"] = (path) => told(commands.testFolder(path));

  doctor: Platform["doctor"] = () => told(commands.doctor());
  doctorTo: Platform["doctorTo"] = (peer) => told(commands.doctorTo(peer));
  diagnostics: Platform["diagnostics"] = () => told(commands.diagnostics());
  log: Platform["log"] = (lines) => told(commands.log(lines));
  saveSettings: Platform["saveSettings"] = (settings) => told(commands.saveSettings(settings));
  saveLimits: Platform["saveLimits"] = (limits) => told(commands.saveLimits(limits));
  proxy: Platform["proxy"] = () => told(commands.proxy());
  saveProxy: Platform["saveProxy"] = (proxy) => told(commands.saveProxy(proxy));
  clearProxy: Platform["clearProxy"] = () => told(commands.clearProxy());

  checkHub: Platform["checkHub"] = (address) => told(commands.checkHub(address));
  beginSignIn: Platform["beginSignIn"] = (hub, way) => told(commands.beginSignIn(hub, way));
  cancelSignIn: Platform["cancelSignIn"] = () => told(commands.cancelSignIn());
  signOut: Platform["signOut"] = () => told(commands.signOut());
  checkName: Platform["checkName"] = (name) => told(commands.checkName(name));
  register: Platform["register"] = (computer) => told(commands.register(computer));
  setUp: Platform["setUp"] = (key, place) => told(commands.setUp(key, place));
  renameComputer: Platform["renameComputer"] = (name) => told(commands.renameComputer(name));
  removeComputer: Platform["removeComputer"] = (onlyHere) => told(commands.removeComputer(onlyHere));
  preset: Platform["preset"] = () => told(commands.preset());

  collections: Platform["collections"] = (query) => told(commands.collections(query));
  collection: Platform["collection"] = (name) => told(commands.collection(name));
  list: Platform["list"] = (query) => told(commands.list(query));
  stat: Platform["stat"] = (collection, path) => told(commands.stat(collection, path));
  makeFolder: Platform["makeFolder"] = (collection, path) => told(commands.makeFolder(collection, path));
  renameFile: Platform["renameFile"] = (rename) => told(commands.renameFile(rename));

  transfer: Platform["transfer"] = (transfer) => told(commands.transfer(transfer));
  deleteFiles: Platform["deleteFiles"] = (deletion) => told(commands.deleteFiles(deletion));
  tasks: Platform["tasks"] = (query) => told(commands.tasks(query));
  task: Platform["task"] = (task) => told(commands.task(task));
  taskFiles: Platform["taskFiles"] = (task, marker) => told(commands.taskFiles(task, marker));
  taskSkipped: Platform["taskSkipped"] = (task, marker) => told(commands.taskSkipped(task, marker));
  taskDifferences: Platform["taskDifferences"] = (task, marker) =>
    told(commands.taskDifferences(task, marker));
  cancelTask: Platform["cancelTask"] = (task) => told(commands.cancelTask(task));
  retryTask: Platform["retryTask"] = (task) => told(commands.retryTask(task));

  shellState: Platform["shellState"] = () => told(commands.shellState());
  saveShellSettings: Platform["saveShellSettings"] = (settings) => told(commands.saveShellSettings(settings));
  setAutostart: Platform["setAutostart"] = (on) => told(commands.setAutostart(on));
  retryAgent: Platform["retryAgent"] = () => told(commands.retryAgent());
  checkForUpdate: Platform["checkForUpdate"] = () => told(commands.checkForUpdate());
  installUpdate: Platform["installUpdate"] = () => told(commands.installUpdate());
  takePage: Platform["takePage"] = () => told(commands.takePage());

  pickFolder: Platform["pickFolder"] = (title) => told(commands.pickFolder(title));
  openUrl: Platform["openUrl"] = (url) => told(commands.openUrl(url));
  showInFolder: Platform["showInFolder"] = (path) => told(commands.showInFolder(path));
  copyText: Platform["copyText"] = (text) => told(commands.copyText(text));
  saveText: Platform["saveText"] = (name, text) => told(commands.saveText(name, text));
  hideWindow: Platform["hideWindow"] = () => told(commands.hideWindow());
  quit: Platform["quit"] = () => told(commands.quit());

  onSnapshot = (listener: (snapshot: Snapshot) => void) =>
    later(events.snapshotChanged.listen(({ payload }) => listener(payload)));
  onShell = (listener: (state: ShellState) => void) =>
    later(events.shellChanged.listen(({ payload }) => listener(payload)));
  onGoTo = (listener: (place: Page) => void) => later(events.goTo.listen(({ payload }) => listener(payload)));

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

/** What a command answered; whatever the bridge itself has to say becomes a problem, too. */
async function told<T>(asked: Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    const outcome = await asked;
    if (outcome.status === "ok" || isProblem(outcome.error)) return outcome;
    return { status: "error", error: unexpected(outcome.error) };
  } catch (error) {
    return { status: "error", error: unexpected(error) };
  }
}

function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}

function unexpected(error: unknown): Problem {
  return {
    code: "INTERNAL",
    args: { request: "window" },
    message: `The window cannot ask the app: ${String(error)}`,
  };
}

/** A subscription takes a moment to begin; it may be ended before. */
function later(begun: Promise<UnlistenFn>): Stop {
  let ended = false;
  let stop: UnlistenFn | undefined;
  begun.then(
    (unlisten) => {
      if (ended) unlisten();
      else stop = unlisten;
    },
    (error: unknown) => console.error("The window hears nothing of its host:", error),
  );
  return () => {
    ended = true;
    stop?.();
  };
}
