import type { BuoyState } from "../components/buoy";
import type {
  Direction,
  Event,
  Failure,
  Finding,
  Folder,
  Happening,
  Line,
  Progress,
  SessionView,
  Snapshot,
  Tally,
  TaskView,
  TransferOptions,
} from "../platform/types";
import { duration, milliseconds, percent, percentOfLost, rate, untilMoment } from "./format";
import { type PlainKey, i18n, t } from "./i18n.svelte";
import { type ProblemText, problemLine, sentences } from "./problems";

/** The state of the agent in a few words, with the end of a pause. */
export function stateWord(snapshot: Snapshot): string {
  if (snapshot.held) return t(`held.${snapshot.held.reason}`);
  const until = snapshot.paused?.until;
  if (snapshot.state === "paused" && until) return t("state.pausedUntil", { time: untilMoment(until) });
  return t(`state.${snapshot.state}`);
}

/** What a task is called: its label, or what it does. */
export function taskTitle(task: TaskView): string {
  const what = plainTitle(task);
  const purpose = task.options?.purpose ?? "transfer";
  return purpose === "transfer" ? what : t(`task.of.${purpose}`, { what });
}

/** Whether a task changes nothing. */
export function onlyLooks(task: TaskView): boolean {
  return (task.options?.purpose ?? "transfer") !== "transfer";
}

/** How something differs, or what would become of it. */
export function findingWord(options: TransferOptions, finding: Finding): string {
  if (options.purpose === "check" && finding !== "kept") return t(`check.${finding}`);
  if (finding !== "extra") return t(`preview.${finding}`);
  return t(options.extras === "trash" ? "preview.moved" : "preview.deleted");
}

/** How things can differ, in the order in which they are shown. */
export const FINDINGS: readonly Finding[] = ["new", "different", "kept", "extra"];

/** Files and folders of a tally. */
export function entriesOf(tally: Tally | undefined): number {
  return (tally?.files ?? 0) + (tally?.directories ?? 0);
}

/** How much differs, in a line: `1,180 differences`. */
export function differencesWords(task: TaskView): string {
  const found = task.differences;
  if (found === null) return "";
  return t("differences.number", { n: FINDINGS.reduce((sum, one) => sum + entriesOf(found[one]), 0) });
}

function plainTitle(task: TaskView): string {
  if (task.label) return task.label;
  if (task.destination === null) return t("task.deletionFrom", { place: task.source.name });
  return t("task.transferTo", { place: task.destination.name });
}

/** From where to where a task goes. */
export function taskWay(task: TaskView): string {
  return task.destination === null ? task.source.name : `${task.source.name} → ${task.destination.name}`;
}

/** Why a task waits. The hub names the computer in English only; other languages say the kind. */
export function waitingText(waiting: { code: string; text: string | null }): string {
  if (i18n.language === "en" && waiting.text) return waiting.text;
  return t(WAITING[waiting.code] ?? "waiting.other");
}

/** What ended a task. The hub's sentences are English; other languages say the kind first. */
export function failureText(failure: Failure): ProblemText {
  const kind = FAILURES[failure.code];
  if (i18n.language === "en" || kind === undefined) return sentences(failure.text);
  return { cause: t(kind), remedy: failure.text };
}

/** What a session does, and with whom. */
export function sessionWay(direction: Direction, peer: string | null): string {
  return t(`direction.${direction}`, { peer: peer ?? t("peer.unknown") });
}

/** The numbers of a progress: `68 % · 94 MB/s · 12 min left`. */
export function progressWords(progress: Progress): string {
  const share = shareOf(progress);
  const words = [share === null ? t("progress.scanning") : percent(share)];
  if (0 < progress.rate) words.push(rate(progress.rate));
  if (progress.eta_seconds !== null && share !== 1) {
    words.push(t("progress.left", { time: duration(progress.eta_seconds) }));
  }
  return words.join(" · ");
}

/** How the line between two computers does: `round trip 12 ms · 0.1 % of packets lost`. */
export function lineWords(line: Line): string {
  const words = [t("line.roundTrip", { time: milliseconds(line.rtt_us / 1000) })];
  if (line.lost_ppm !== null) words.push(t("line.lost", { share: percentOfLost(line.lost_ppm / 1e6) }));
  if (1 < line.connections) words.push(t("line.connections", { n: line.connections }));
  return words.join(" · ");
}

/** How much of a task is done; `null` while the whole is not known. */
export function shareOf(progress: Progress): number | null {
  if (!progress.scan_done) return null;
  if (0 < progress.bytes_found) return Math.min(1, progress.bytes_settled / progress.bytes_found);
  return progress.files_found === 0 ? 1 : Math.min(1, progress.files_done / progress.files_found);
}

/** The files of a progress: `1,204 of 1,911 files`. */
export function filesWords(progress: Progress): string {
  if (!progress.scan_done) return t("progress.filesSoFar", { n: progress.files_done });
  return t("progress.files", {
    done: progress.files_done,
    n: Math.max(progress.files_done, progress.files_found),
  });
}

/** What a session says beside its numbers while it has none. */
export function phaseWords(session: SessionView): string {
  switch (session.phase) {
    case "connecting":
      return t("phase.connecting");
    case "working":
      return progressWords(session.progress);
    case "ending":
      return t("phase.ending");
  }
}

/** Something that happened, as a sentence; of a session, by what its task is called. */
export function happeningText({ what, text, problem }: Event, title?: string): string {
  const said = happeningWords(what, title) ?? text;
  return problem === null ? said : `${said} – ${problemLine(problem)}`;
}

function happeningWords(what: Happening, title: string | undefined): string | null {
  switch (what.kind) {
    case "closing":
    case "paused":
    case "resumed":
    case "pause_over":
    case "config_read":
    case "key_moved":
    case "network_changed":
    case "woke":
      return t(`event.${what.kind}`);
    case "set_up":
      return t("event.setUp", { name: what.name });
    case "removed":
      return t("event.removed", { name: what.name });
    case "session_route":
      return t("event.route", { peer: what.peer ?? t("peer.unknown"), route: t(`route.${what.route}`) });
    case "held":
      return t(`held.${what.reason}`);
    case "released":
      return t("event.released");
    case "session_began":
    case "session_finished":
    case "session_stopped":
    case "session_interrupted":
    case "session_refused":
      return t(`event.${what.kind}`, { what: title ?? sessionWay(what.direction, what.peer) });
    case "other":
      return null;
  }
}

/** What stands in the way of a folder; nothing when it is there. */
export function folderTrouble(folder: Folder): string | null {
  return folder.status === "available" ? null : t(`folder.${folder.status}`);
}

/** What a folder allows: `read and write · shareable`. */
export function folderRights(folder: Pick<Folder, "access" | "shareable" | "local_only">): string {
  const words = [t(folder.access === "read-write" ? "access.readWrite" : "access.readOnly")];
  if (folder.shareable) words.push(t("access.shareable"));
  if (folder.local_only) words.push(t("folder.localOnly"));
  return words.join(" · ");
}

/** How a transfer is done, in a line: `Copies what is newer; keeps times, verifies`. */
export function optionsWords(options: TransferOptions): string {
  const { verify = true, symlinks = "skip", filters = [], extras = "stay", limit = null } = options;
  const { conflict = "overwrite", names = "fail" } = options;
  const taken = { overwrite: null, skip: "how.leave", newer: "how.newer", rename: "how.rename" } as const;
  const where = taken[conflict];
  const how = [
    options.preserve_times ? t("how.times") : "",
    options.preserve_permissions ? t("how.permissions") : "",
    options.preserve_xattrs ? t("how.attributes") : "",
    options.preserve_hard_links ? t("how.hardLinks") : "",
    t(verify ? "how.verify" : "how.noVerify"),
    symlinks === "skip" ? "" : t(`how.${symlinks}`),
    where === null ? "" : t(where),
    names === "fail" ? "" : t("how.names"),
    options.skip_source_errors ? t("how.skip") : "",
    0 < filters.length ? t("how.exclude", { n: filters.length }) : "",
    extras === "stay" ? "" : t(`how.${extras}`),
    options.background ? t("how.background") : "",
    limit === null ? "" : t("how.limit", { rate: rate(limit) }),
  ];
  const what = t(`sync.${options.sync_level ?? "always"}`);
  return t("how.line", { what, how: how.filter(Boolean).join(", ") });
}

/** The glyph of a task. */
export function taskBuoy(task: TaskView): BuoyState {
  if (task.status === "SUCCEEDED") return "done";
  if (task.status === "FAILED") return task.failure?.code === "CANCELED" ? "offline" : "error";
  if (task.waiting === null) return "transferring";
  return PAUSES.includes(task.waiting.code) ? "paused" : "waiting";
}

const PAUSES = ["GC_PAUSED", "PAUSED_BY_ADMIN"];

const WAITING: Partial<Record<string, PlainKey>> = {
  OK: "waiting.starting",
  QUEUED: "waiting.queued",
  GC_NOT_CONNECTED: "waiting.notConnected",
  GC_PAUSED: "waiting.paused",
  CONNECT_FAILED: "waiting.connectFailed",
  PERMISSION_DENIED: "waiting.permission",
  ENDPOINT_ERROR: "waiting.endpointError",
  QUOTA_EXCEEDED: "waiting.quota",
  PAUSED_BY_ADMIN: "waiting.pausedByAdmin",
};

const FAILURES: Partial<Record<string, PlainKey>> = {
  CANCELED: "failure.canceled",
  EXPIRED: "failure.expired",
  PERMISSION_DENIED: "failure.permission",
  FILE_NOT_FOUND: "failure.notFound",
  QUOTA_EXCEEDED: "failure.quota",
  ENDPOINT_ERROR: "failure.endpointError",
};
