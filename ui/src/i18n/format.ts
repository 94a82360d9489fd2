import { cached, i18n, t } from "./i18n.svelte";

/** A size with two or three digits, as `94 MB` or `1.5 GB`. */
export function bytes(value: number): string {
  const [scaled, unit] = scale(value);
  // Intl writes "812 byte" here.
  if (unit === "byte") return t("size.bytes", { n: Math.round(scaled) });
  return unitFormat(unit, scaled).format(scaled);
}

/** A rate, as `94 MB/s`. */
export function rate(value: number): string {
  // Intl writes "94 MB/sec" here.
  return t("rate", { size: bytes(value) });
}

/** What is done of a whole, as `71.4 of 105 GB`; without the whole while it is not known. */
export function share(done: number, whole: number | null): string {
  if (whole === null) return bytes(done);
  return t("size.of", { done: bytes(done), whole: bytes(whole) });
}

/** A share of one as whole per cents. */
export function percent(share: number): string {
  const format = () => new Intl.NumberFormat(i18n.locale, { style: "percent", maximumFractionDigits: 0 });
  // 100 % is said only when nothing is left.
  const shown = share < 1 ? Math.min(share, 0.99) : 1;
  return cached(percents, i18n.locale, format).format(shown);
}

/** A share of packets: small ones with two digits, as `0.12 %`. */
export function percentOfLost(share: number): string {
  const format = () => new Intl.NumberFormat(i18n.locale, { style: "percent", maximumSignificantDigits: 2 });
  return cached(smallPercents, i18n.locale, format).format(share);
}

/** A short time with two digits, as `12 ms` or `0.4 ms`. */
export function milliseconds(value: number): string {
  const format = () => new Intl.NumberFormat(i18n.locale, { maximumSignificantDigits: 2 });
  // Intl writes "12 millisecs" for some.
  return t("time.milliseconds", { n: cached(shortTimes, i18n.locale, format).format(value) });
}

/** A span of time with its two largest units at most, as `12 min` or `1 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return unit("second", whole);
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return unit("minute", minutes);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 24) return rest === 0 ? unit("hour", hours) : `${unit("hour", hours)} ${unit("minute", rest)}`;
  const [days, left] = [Math.floor(hours / 24), hours % 24];
  return left === 0 || 7 <= days ? unit("day", days) : `${unit("day", days)} ${unit("hour", left)}`;
}

/** The time of a moment of today, the day of another one. */
export function moment(time: string, now: Date = new Date()): string {
  const date = new Date(time);
  if (Number.isNaN(date.valueOf())) return time;
  if (date.toDateString() === now.toDateString()) return clock(time);
  const sameYear = date.getFullYear() === now.getFullYear();
  return dateFormat(sameYear ? "day" : "year").format(date);
}

/** The time of the day, as `10:58`. */
export function clock(time: string): string {
  return dateFormat("clock").format(new Date(time));
}

/** Date and time in full, for tooltips and details. */
export function fullMoment(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.valueOf()) ? time : dateFormat("full").format(date);
}

/** When something ends: the time when that is today, else with the day. */
export function untilMoment(time: string, now: Date = new Date()): string {
  const date = new Date(time);
  if (date.toDateString() === now.toDateString()) return clock(time);
  return `${dateFormat("day").format(date)} ${clock(time)}`;
}

/** Compares names as people sort them: `2` before `10`. */
export function compareNames(a: string, b: string): number {
  const make = () => new Intl.Collator(i18n.locale, { numeric: true, sensitivity: "base" });
  return cached(collators, i18n.locale, make).compare(a, b);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

function scale(value: number): [number, (typeof UNITS)[number]] {
  let scaled = value;
  let unit = 0;
  while (999.5 <= scaled && unit + 1 < UNITS.length) {
    scaled /= 1000;
    unit += 1;
  }
  return [scaled, UNITS[unit] ?? "byte"];
}

function unitFormat(unit: string, scaled: number): Intl.NumberFormat {
  const digits = 9.95 <= scaled ? 0 : 1;
  return cached(units, `${i18n.locale} ${unit} ${digits}`, () => {
    const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(i18n.locale, { style: "unit", unit, unitDisplay: "short", ...fraction });
  });
}

function unit(name: "second" | "minute" | "hour" | "day", value: number): string {
  switch (name) {
    case "second":
      return t("duration.seconds", { n: value });
    case "minute":
      return t("duration.minutes", { n: value });
    case "hour":
      return t("duration.hours", { n: value });
    case "day":
      return t("duration.days", { n: value });
  }
}

const SHAPES = {
  clock: { hour: "numeric", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  year: { day: "numeric", month: "short", year: "numeric" },
  full: { dateStyle: "long", timeStyle: "short" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

function dateFormat(shape: keyof typeof SHAPES): Intl.DateTimeFormat {
  const make = () => new Intl.DateTimeFormat(i18n.locale, SHAPES[shape]);
  return cached(dates, `${i18n.locale} ${shape}`, make);
}

const percents = new Map<string, Intl.NumberFormat>();
const smallPercents = new Map<string, Intl.NumberFormat>();
const shortTimes = new Map<string, Intl.NumberFormat>();
const units = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Intl.DateTimeFormat>();
const collators = new Map<string, Intl.Collator>();
