import type { Code, Problem } from "../platform/types";
import { type Language, type PlainKey, fill, i18n, t, typeset } from "./i18n.svelte";
import catalogue from "./problems.json";

/** What a person reads of a problem: what happened, and what to do. */
export interface ProblemText {
  cause: string;
  remedy: string | null;
}

/**
 * The texts of a problem in the language in use.
 *
 * They come from the one catalogue of problems. Its first sentence is the cause, the rest what to do.
 * Where the catalogue names a command to type, the window says where to click.
 */
export function problemText(problem: Problem): ProblemText {
  const args = problem.args ?? {};
  const { cause, remedy } = sentences(typeset(TEXTS[problem.code][i18n.language]));
  const own = REMEDIES[problem.code];
  return {
    cause: fill(cause, args),
    remedy: own ? t(own) : remedy && fill(remedy, args),
  };
}

/** A problem as one line, for lists and the clipboard. */
export function problemLine(problem: Problem): string {
  return oneLine(problemText(problem));
}

export function oneLine({ cause, remedy }: ProblemText): string {
  return remedy === null ? cause : `${cause} ${remedy}`;
}

/** The first sentence of a text, and the rest. */
export function sentences(text: string): ProblemText {
  // NOT_SHARED and its like name the reason after a colon: that belongs to the cause.
  const end = /[.!?](?=\s+\p{Lu}|\s+\{|\s+`)/u.exec(text);
  if (end === null) return { cause: text, remedy: null };
  return { cause: text.slice(0, end.index + 1), remedy: text.slice(end.index + 1).trim() };
}

const TEXTS: Record<Code, Record<Language, string>> = catalogue;

/** What to do in the window, for problems whose catalogue text names a command. */
const REMEDIES: Partial<Record<Code, PlainKey>> = {
  AGENT_NOT_RUNNING: "remedy.agentNotRunning",
  AGENT_RUNNING: "remedy.agentRunning",
  ENDPOINT_NOT_FOUND: "remedy.endpointNotFound",
  ENDPOINT_REMOVED: "remedy.setUpAgain",
  FOLDER_NEEDS_CONFIRM: "remedy.folderNeedsConfirm",
  HUB_UNREACHABLE: "remedy.hubUnreachable",
  KEY_UNKNOWN: "remedy.setUpAgain",
  NOTHING_SHARED: "remedy.nothingShared",
  NOT_SET_UP: "remedy.setUp",
  NOT_SHARED: "remedy.notShared",
  NO_DEFAULT_DIRECTORY: "remedy.noDefaultDirectory",
  NO_ROUTE: "remedy.noRoute",
  PROXY_LOGIN_UNAVAILABLE: "remedy.proxyKept",
  PROXY_LOGIN_WRONG: "remedy.proxyLogin",
  PROXY_NEEDS_LOGIN: "remedy.proxyLogin",
  PROXY_REFUSED: "remedy.proxyRefused",
  PROXY_UNREACHABLE: "remedy.proxyUnreachable",
  READ_ONLY: "remedy.readOnly",
  SIGNED_OUT: "remedy.signedOut",
};
