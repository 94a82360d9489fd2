import { describe, expect, test } from "vitest";
import type { Code, Problem } from "../platform/types";
import { bytes, duration, fullMoment, moment, percent, rate, share, untilMoment } from "./format";
import { i18n, number, t } from "./i18n.svelte";
import { heldBackWords, readLimit, rowTimes, writeLimit } from "./limits";
import { problemText } from "./problems";
import catalogue from "./problems.json";
import { failureText, happeningText, lineWords, optionsWords, stateWord, waitingText } from "./words";
import { Wishes } from "../stores/wishes.svelte";
import { world } from "../platform/fake/scenario";

const french = () => i18n.use("fr", "fr-CA");

describe("numbers", () => {
  test("sizes have two digits or three, as the command writes them", () => {
    const cases: [number, string][] = [
      [0, "0 B"],
      [999, "999 B"],
      [1000, "1.0 kB"],
      [94_200_000, "94 MB"],
      [999_600, "1.0 MB"],
      [1_500_000_000, "1.5 GB"],
    ];
    for (const [value, text] of cases) expect(bytes(value)).toBe(text);
    expect(rate(94_000_000)).toBe("94 MB/s");
    expect(share(71.4e9, 105e9)).toBe("71 GB of 105 GB");
  });

  test("French has its own units and separators", () => {
    french();
    expect(bytes(1_500_000_000)).toMatch(/^1,5\sGo$/);
    expect(rate(94_000_000)).toMatch(/^94\sMo\/s$/);
    expect(bytes(12)).toBe("12 o");
    expect(number(1911)).toMatch(/^1\s911$/);
  });

  test("a limit is bytes or bits, and never a guess which", () => {
    const cases: [string, number | null | string][] = [
      ["", null],
      ["20 MB/s", 20_000_000],
      ["20MB", 20_000_000],
      ["1,5 Mo/s", 1_500_000],
      ["10 KiB/s", 10_240],
      ["8 Mbit/s", 1_000_000],
      ["8 Mbps", 1_000_000],
      ["20", "malformed"],
      ["fast", "malformed"],
      ["5 iB/s", "malformed"],
      ["20 Mb/s", "ambiguous"],
      ["20 mb", "ambiguous"],
      ["1 kB/s", "small"],
      ["99999999 TB/s", "malformed"],
    ];
    for (const [text, expected] of cases) {
      const read = readLimit(text);
      expect("wrong" in read ? read.wrong : read.limit, text).toBe(expected);
    }
    for (const limit of [1024, 10_000, 20_000_000, 1_048_576, 1_234_567]) {
      expect(readLimit(writeLimit(limit))).toEqual({ limit });
    }
    french();
    expect(writeLimit(20_000_000)).toBe("20 Mo/s");
    expect(readLimit(writeLimit(20_000_000))).toEqual({ limit: 20_000_000 });
  });

  test("a row of the timetable says its days in runs", () => {
    const row = { from: "08:00", to: "18:00", upload: null, download: null };
    expect(rowTimes({ ...row, days: ["mon", "tue", "wed", "sat"] })).toBe("Mon–Wed, Sat, 08:00–18:00");
    expect(rowTimes({ ...row, days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] })).toBe(
      "Every day, 08:00–18:00",
    );
    french();
    expect(rowTimes({ ...row, days: ["sat", "sun"] })).toBe("sam., dim., 08:00–18:00");
  });

  test("how a line does is said in two digits, and only what is known", () => {
    const lines: [number, number | null, number, string][] = [
      [24_000, 120, 1, "round trip 24 ms · 0.012% of packets lost"],
      [310, 0, 1, "round trip 0.31 ms · 0% of packets lost"],
      [41_000, null, 1, "round trip 41 ms"],
      [200_000, 10_000, 3, "round trip 200 ms · 1% of packets lost · 3 connections"],
    ];
    for (const [rtt_us, lost_ppm, connections, text] of lines)
      expect(lineWords({ rtt_us, lost_ppm, connections })).toBe(text);
    french();
    expect(lineWords({ rtt_us: 1_200, lost_ppm: 1_200, connections: 2 })).toMatch(
      /^aller-retour 1,2\sms · 0,12\s% de paquets perdus · 2 connexions$/,
    );
  });

  test("a transfer says its limit, and that other programs come first", () => {
    const wishes = new Wishes();
    expect(optionsWords(wishes.options)).not.toMatch(/at most|background/);
    wishes.limit = 2_000_000;
    wishes.background = true;
    expect(wishes.options).toMatchObject({ limit: 2_000_000, background: true });
    expect(optionsWords(wishes.options)).toMatch(/in the background, at most 2\.0 MB\/s/);
    wishes.reset();
    expect(wishes.options).toMatchObject({ limit: null, background: false });
  });

  test("only a limit that holds something back is said", () => {
    const { limits } = world("busy").snapshot;
    limits.upload = 2_000_000;
    expect(heldBackWords(limits)).toBe(null);
    limits.holds_upload = true;
    expect(heldBackWords(limits)).toBe("Sending is limited to 2.0 MB/s");
    limits.set.relay = 500_000;
    limits.holds_relay = true;
    limits.holds_upload = false;
    expect(heldBackWords(limits)).toBe("What goes through a relay is limited to 500 kB/s");
  });

  test("a hundred per cent is said only when nothing is left", () => {
    expect(percent(0.999)).toBe("99%");
    expect(percent(1)).toBe("100%");
    french();
    expect(percent(0.68)).toMatch(/^68\s%$/);
  });

  test("spans of time have two units at most", () => {
    const cases: [number, string][] = [
      [0, "0 s"],
      [59, "59 s"],
      [61, "1 min"],
      [720, "12 min"],
      [3900, "1 h 5 min"],
      [7200, "2 h"],
      [90_000, "1 day 1 h"],
      [864_000, "10 days"],
    ];
    for (const [seconds, text] of cases) expect(duration(seconds)).toBe(text);
  });

  test("moments of today have a time, others a day", () => {
    const now = new Date(2026, 10, 21, 12);
    expect(moment(new Date(2026, 10, 21, 9, 5).toISOString(), now)).toMatch(/9:05/);
    expect(moment(new Date(2026, 10, 19, 9, 5).toISOString(), now)).toMatch(/19/);
    expect(moment(new Date(2025, 9, 2).toISOString(), now)).toMatch(/2025/);
    expect(untilMoment(new Date(2026, 10, 22, 7).toISOString(), now)).toMatch(/22.*7:00/);
    expect(moment("never", now)).toBe("never");
    expect(fullMoment("never")).toBe("never");
  });
});

describe("messages", () => {
  test("counting follows the language", () => {
    expect(t("files.entries", { n: 0 })).toBe("0 entries");
    expect(t("files.entries", { n: 1 })).toBe("1 entry");
    french();
    expect(t("files.entries", { n: 0 })).toBe("0 élément");
    expect(t("files.entries", { n: 2 })).toBe("2 éléments");
  });

  test("French keeps its high punctuation with the word before", () => {
    french();
    expect(t("folder.missing")).toContain("Introuvable\u00a0:");
  });

  test("the locale keeps the region only where the language is the same", () => {
    i18n.use("fr", "en-GB");
    expect(i18n.locale).toBe("fr");
    i18n.use("en", "en-GB");
    expect(i18n.locale).toBe("en-GB");
    expect(document.documentElement.lang).toBe("en");
    i18n.use("en", "en_US.UTF-8");
    expect(bytes(1500)).toBe("1.5 kB");
  });
});

describe("problems", () => {
  const problem: Problem = { code: "NOT_CONNECTED", args: { endpoint: "a#b" }, message: "old words" };

  test("a problem is a cause and what to do, in the language in use", () => {
    expect(problemText(problem).cause).toBe("a#b is not connected.");
    expect(problemText(problem).remedy).toMatch(/^Start Outport/);
    french();
    expect(problemText(problem).cause).toBe("a#b n'est pas connecté.");
  });

  test("arguments are put in once, whatever they contain", () => {
    const odd: Problem = { code: "EXISTS", args: { path: "/{endpoint}. A b", endpoint: "a#b" }, message: "" };
    expect(problemText(odd)).toEqual({ cause: "/{endpoint}. A b exists already on a#b.", remedy: null });
  });

  test("the window never tells people to type a command", () => {
    for (const language of ["en", "fr"] as const) {
      i18n.use(language, language);
      for (const code of Object.keys(catalogue) as Code[]) {
        const { cause, remedy } = problemText({ code, args: {}, message: "" });
        expect(`${cause} ${remedy ?? ""}`, code).not.toMatch(/`outport|--yes|--profile/);
      }
    }
  });
});

describe("words", () => {
  test("a pause says when it ends and why it is", () => {
    expect(stateWord(world("busy").snapshot)).toBe("Transferring");
    expect(stateWord(world("paused").snapshot)).toMatch(/^Paused until /);
    expect(stateWord(world("held").snapshot)).toBe("Paused while on battery");
  });

  test("what happened is told in the language in use, and in the agent's words when it is new", () => {
    const event = { time: "", task: null, text: "Something new", problem: null };
    expect(happeningText({ ...event, what: { kind: "other" } })).toBe("Something new");
    french();
    const began = happeningText({
      ...event,
      what: { kind: "session_began", direction: "sending", peer: null },
    });
    expect(began).toBe("Envoi vers un autre ordinateur\u00a0: début");
  });

  test("why a task waits is told in French by its kind", () => {
    const waiting = { code: "GC_PAUSED", text: "lab#Scope2 is paused by its owner" };
    expect(waitingText(waiting)).toBe(waiting.text);
    french();
    expect(waitingText(waiting)).toMatch(/en pause/);
  });

  test("what ended a task is told in the hub's words, in French after their kind", () => {
    const failure = { code: "CANCELED", text: "The task was cancelled by ada@hub." };
    expect(failureText(failure)).toEqual({ cause: failure.text, remedy: null });
    french();
    expect(failureText(failure)).toEqual({ cause: "Annulée.", remedy: failure.text });
    expect(failureText({ code: "NEWER", text: "It broke. Mend it." })).toEqual({
      cause: "It broke.",
      remedy: "Mend it.",
    });
  });

  test("how a transfer is done is a line", () => {
    const wishes = new Wishes();
    expect(optionsWords(wishes.options)).toBe("Copies everything; keeps times, verifies");
    Object.assign(wishes, {
      level: "mtime",
      verify: false,
      times: false,
      symlinks: "follow",
      exclude: "*.tmp",
      conflict: "rename",
      names: "rename",
    });
    expect(optionsWords(wishes.options)).toBe(
      "Copies what is newer; does not verify, follows links, " +
        "keeps both where a file is there, changes names that cannot be there, leaves out 1 pattern",
    );
    french();
    expect(optionsWords(wishes.options)).toBe(
      "Copie ce qui est plus récent\u00a0; ne vérifie pas, suit les liens, " +
        "garde les deux si un fichier existe, change les noms impossibles, laisse 1 motif de côté",
    );
  });
});
