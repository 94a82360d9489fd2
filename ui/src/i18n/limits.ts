import type { LimitRow, LimitsView } from "../platform/types";
import { rate, untilMoment } from "./format";
import { cached, i18n, t } from "./i18n.svelte";

/** Why a text is no limit. */
export type LimitMistake = "malformed" | "ambiguous" | "small";

/** What was typed as a limit: bytes per second, none (`null`), or why it is neither. */
export function readLimit(text: string): { limit: number | null } | { wrong: LimitMistake } {
  const typed = text.trim().replace(",", ".");
  if (typed === "") return { limit: null };
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?(bit|bps|b|o)(?:\/s)?$/i.exec(typed);
  if (match === null) return { wrong: "malformed" };
  const [, number = "", prefix = "", binary = "", unit = ""] = match;
  if (unit === "b") return { wrong: "ambiguous" };
  const step = binary === "" ? 1000 : 1024;
  const power = ["", "k", "m", "g", "t"].indexOf(prefix.toLowerCase());
  const bits = /^b(it|ps)$/i.test(unit);
  const bytes = Math.round((Number(number) * step ** power) / (bits ? 8 : 1));
  if (bytes < LIMIT_MIN) return { wrong: "small" };
  return bytes <= LIMIT_MAX ? { limit: bytes } : { wrong: "malformed" };
}

/** A limit as it can be typed: the largest unit in which it is a whole number. */
export function writeLimit(limit: number | null): string {
  if (limit === null) return "";
  const byte = i18n.language === "fr" ? "o" : "B";
  const [size, prefix] = UNITS.find(([size]) => limit % size === 0) ?? [1, ""];
  return `${limit / size} ${prefix}${byte}/s`;
}

/** A limit in words. */
export function limitWord(limit: number | null): string {
  return limit === null ? t("limits.unlimited") : rate(limit);
}

/** What the limits do to transfers at the moment; nothing where they hold nothing back. */
export function heldBackWords(limits: LimitsView): string | null {
  const held = [
    limits.holds_upload && limits.upload !== null
      ? t("limits.holdsUpload", { rate: rate(limits.upload) })
      : "",
    limits.holds_download && limits.download !== null
      ? t("limits.holdsDownload", { rate: rate(limits.download) })
      : "",
    limits.holds_relay && limits.set.relay !== null
      ? t("limits.holdsRelay", { rate: rate(limits.set.relay) })
      : "",
  ].filter(Boolean);
  if (held.length === 0) return null;
  if (limits.until !== null) held.push(t("limits.until", { time: untilMoment(limits.until) }));
  return held.join(" · ");
}

/** The limits in force: `Sends at most 2 MB/s, receives as fast as it goes, until 18:00`. */
export function inForceWords(limits: LimitsView): string {
  const words = t("limits.now", { upload: limitWord(limits.upload), download: limitWord(limits.download) });
  if (limits.until === null) return words;
  return `${words} · ${t("limits.until", { time: untilMoment(limits.until) })}`;
}

/** The days of a week, as rows of a timetable name them. */
export const DAYS: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export type Day = LimitRow["days"][number];

/** A day as a calendar heads its columns with it, or in full. */
export function dayName(day: Day, width: "short" | "long" = "short"): string {
  const make = () => new Intl.DateTimeFormat(i18n.locale, { weekday: width, timeZone: "UTC" });
  // The fifth of January 1970 was a Monday.
  const date = new Date(Date.UTC(1970, 0, 5 + DAYS.indexOf(day)));
  return cached(weekdays, `${i18n.locale} ${width}`, make).format(date);
}

/** When a row holds: `Mon–Fri, 08:00–18:00`. */
export function rowTimes(row: LimitRow): string {
  return `${daysWords(row.days)}, ${row.from}–${row.to}`;
}

function daysWords(days: readonly Day[]): string {
  if (days.length === DAYS.length) return t("limits.everyDay");
  const runs: Day[][] = [];
  for (const day of DAYS.filter((day) => days.includes(day))) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run && before && DAYS.indexOf(before) + 1 === DAYS.indexOf(day)) run.push(day);
    else runs.push([day]);
  }
  const names = runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)];
    if (first && last && 2 < run.length) return [`${dayName(first)}–${dayName(last)}`];
    return run.map((day) => dayName(day));
  });
  return names.join(", ");
}

/** As the agent has it: 1 KiB/s and 1 PB/s. */
const LIMIT_MIN = 1024;
const LIMIT_MAX = 1e15;
const UNITS: readonly (readonly [number, string])[] = [
  [2 ** 40, "Ti"],
  [1e12, "T"],
  [2 ** 30, "Gi"],
  [1e9, "G"],
  [2 ** 20, "Mi"],
  [1e6, "M"],
  [2 ** 10, "Ki"],
  [1e3, "k"],
];
const weekdays = new Map<string, Intl.DateTimeFormat>();
