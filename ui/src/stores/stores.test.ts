import { beforeEach, describe, expect, test, vi } from "vitest";
import { calls } from "../../tests/show";
import { FakePlatform } from "../platform/fake/fake";
import * as data from "../platform/fake/data";
import type { Outcome, Problem } from "../platform/types";
import { Activity, stageOf } from "./activity.svelte";
import { Agent } from "./agent.svelte";
import { App } from "./app.svelte";
import { Folders } from "./folders.svelte";
import { Pages } from "./pages.svelte";
import { pauseEnd } from "./pause";
import { Question } from "./question.svelte";
import { Router } from "./router.svelte";
import { Saver } from "./saver";
import { Shell } from "./shell.svelte";
import { Toasts } from "./toasts.svelte";

const problem: Problem = { code: "NOT_CONNECTED", args: { endpoint: "a#b" }, message: "" };
let fake: FakePlatform;
beforeEach(() => {
  fake = new FakePlatform("busy");
});

describe("a question", () => {
  test("keeps only the answer to its last asking", async () => {
    const question = new Question<number>();
    let answerFirst: (outcome: Outcome<number>) => void = () => undefined;
    const first = question.ask(() => new Promise((done) => (answerFirst = done)));
    const second = await question.ask(async () => ({ status: "ok", data: 2 }));
    answerFirst({ status: "ok", data: 1 });
    expect(await first).toBeUndefined();
    expect(second).toBe(2);
    expect(question.answer).toBe(2);
    expect(question.asking).toBe(false);
  });

  test("keeps the last answer when it is refused later", async () => {
    const question = new Question<number>();
    await question.ask(async () => ({ status: "ok", data: 1 }));
    await question.ask(async () => ({ status: "error", error: problem }));
    expect(question.answer).toBe(1);
    expect(question.problem).toEqual(problem);
    question.clear();
    expect(question.answer).toBeUndefined();
  });
});

describe("a list in pages", () => {
  test("asks for each page once, until there is no more", async () => {
    const pages = new Pages<number>();
    const ask = vi.fn(
      async (marker: number | null): Promise<Outcome<{ items: number[]; next: number | null }>> => {
        return {
          status: "ok",
          data: { items: [marker ?? 0], next: marker === 2 ? null : (marker ?? 0) + 1 },
        };
      },
    );
    for (let turn = 0; turn < 6; turn += 1) await pages.more(ask);
    expect(pages.items).toEqual([0, 1, 2]);
    expect(ask).toHaveBeenCalledTimes(3);
  });
});

describe("the agent", () => {
  test("a push that comes before the answer is kept, being newer", async () => {
    const agent = new Agent(fake);
    agent.follow();
    fake.change((now) => (now.version = "9"));
    await vi.waitFor(() => expect(agent.snapshot?.version).toBe("9"));
    expect(agent.fullName).toBe("smith#WorkPC");
  });

  test("its work is its sessions, then what waits for it", async () => {
    const agent = new Agent(fake);
    agent.follow();
    await vi.waitFor(() => expect(agent.snapshot).toBeDefined());
    expect(agent.work.map((work) => work.task?.label)).toEqual([
      "Cohort 045, raw reads",
      null,
      "Microscope, 20 November",
    ]);
    expect(agent.work[2]?.session).toBeNull();
    expect(agent.runningTasks).toHaveLength(3);
  });

  test("says why it cannot be asked", async () => {
    fake.refuse.set("status", problem);
    const agent = new Agent(fake);
    agent.follow();
    await vi.waitFor(() => expect(agent.problem).toEqual(problem));
    fake.change(() => undefined);
    expect(agent.problem).toBeUndefined();
  });

  test("pauses until a moment and resumes", async () => {
    const agent = new Agent(fake);
    const until = new Date("2026-11-21T12:00:00Z");
    await agent.pause(until);
    await agent.pause(null);
    await agent.resume();
    expect(fake.calls).toEqual([["pause", until.toISOString()], ["pause", null], ["resume"]]);
  });
});

describe("a pause", () => {
  test("ends after its span, and tomorrow at seven", () => {
    const now = new Date(2026, 11, 31, 23, 50, 12);
    expect(pauseEnd("half_hour", now)).toEqual(new Date(2027, 0, 1, 0, 20, 12));
    expect(pauseEnd("two_hours", now)).toEqual(new Date(2027, 0, 1, 1, 50, 12));
    expect(pauseEnd("tomorrow", now)).toEqual(new Date(2027, 0, 1, 7, 0, 0));
  });
});

describe("the shell", () => {
  test("saves some settings and leaves the others", async () => {
    const shell = new Shell(fake);
    shell.take(await fake.shellState());
    await shell.save({ theme: "dark" });
    expect(shell.state?.settings).toMatchObject({ theme: "dark", check_updates: true });
    expect(document.documentElement.dataset["theme"]).toBe("dark");
  });

  test("a pushed language is used at once", async () => {
    const shell = new Shell(fake);
    const stop = shell.follow();
    await vi.waitFor(() => expect(shell.state).toBeDefined());
    fake.changeShell((state) => (state.settings.language = "fr"));
    expect(document.documentElement.lang).toBe("fr");
    stop();
  });
});

describe("the router", () => {
  test("goes where links and menus point", () => {
    const router = new Router();
    router.go({ page: "check" });
    expect([router.page, router.panel]).toEqual(["overview", "check"]);
    router.go({ page: "activity", task: "t" });
    expect([router.page, router.panel, router.task]).toEqual(["activity", null, "t"]);
    router.go({ page: "files", collection: "a#b", path: "/x/" });
    expect(router.files).toEqual({ collection: "a#b", path: "/x/" });
    router.go({ page: "setup", hub: "https://h", key: null });
    expect(router.setup).toEqual({ hub: "https://h", key: null });
  });

  test("the place that was asked for before the window was there is shown once", async () => {
    fake.place = { page: "settings" };
    const app = new App(fake);
    const stop = app.follow();
    await vi.waitFor(() => expect(app.router.page).toBe("settings"));
    fake.go({ page: "folders" });
    expect(app.router.page).toBe("folders");
    stop();
    fake.go({ page: "files", collection: null, path: null });
    expect(app.router.page).toBe("folders");
  });
});

describe("toasts", () => {
  test("go by themselves, but problems stay", () => {
    vi.useFakeTimers();
    const toasts = new Toasts();
    toasts.say("done");
    expect(toasts.check({ status: "error", error: problem })).toBeUndefined();
    expect(toasts.check({ status: "ok", data: 5 })).toBe(5);
    vi.advanceTimersByTime(60_000);
    expect(toasts.list.map((toast) => toast.problem?.code)).toEqual(["NOT_CONNECTED"]);
    for (let index = 0; index < 9; index += 1) toasts.fail(problem);
    expect(toasts.list).toHaveLength(1);
    for (const name of ["a#b", "c#d", "e#f", "g#h"]) toasts.fail({ ...problem, args: { endpoint: name } });
    expect(toasts.list).toHaveLength(3);
    vi.useRealTimers();
  });
});

describe("folders", () => {
  test("a folder begins as read-only for its owner alone", async () => {
    const folders = new Folders(fake);
    await folders.pick("Choose");
    expect(calls(fake, "addFolder")).toEqual([
      [
        {
          path: "/home/smith/Measurements",
          access: "read-only",
          shareable: false,
          local_only: false,
          deny: [],
          confirmed: false,
        },
      ],
    ]);
  });

  test("a risky folder waits for an explicit yes", async () => {
    const folders = new Folders(fake);
    await folders.addAll(["/home/smith"]);
    expect(folders.unsure?.problem.args?.["kind"]).toBe("home");
    expect(fake.snapshot.folders.map((folder) => folder.path)).not.toContain("/home/smith");
    expect(await folders.confirm()).toBe(true);
    expect(folders.unsure).toBeNull();
    expect(fake.snapshot.folders.map((folder) => folder.path)).toContain("/home/smith");
  });

  test("several stop at the one that needs a word", async () => {
    const folders = new Folders(fake);
    await folders.addAll(["/data/a", "/", "/data/b"]);
    expect(calls(fake, "addFolder")).toHaveLength(2);
  });

  test("a change keeps what it does not name", async () => {
    const folders = new Folders(fake);
    const [first] = fake.snapshot.folders;
    if (first) await folders.change(first, { shareable: false });
    expect(fake.snapshot.folders[0]).toMatchObject({
      access: "read-write",
      shareable: false,
      local_only: true,
      deny: ["raw/private", "consent"],
    });
  });

  test("to keep a folder inside the local network sends all else as it was", async () => {
    fake.change((now) => {
      for (const folder of now.folders) folder.local_only = false;
    });
    const folders = new Folders(fake);
    const [first] = fake.snapshot.folders;
    if (first) await folders.change(first, { local_only: true });
    expect(calls(fake, "addFolder")).toEqual([
      [
        {
          path: "/home/smith/Data/cohorts",
          access: "read-write",
          shareable: true,
          local_only: true,
          deny: ["raw/private", "consent"],
          confirmed: false,
        },
      ],
    ]);
  });

  test("a refusal names its folder until the next try", async () => {
    const folders = new Folders(fake);
    fake.refuse.set("addFolder", problem);
    await folders.addAll(["/data"]);
    expect(folders.refused).toEqual({ path: "/data", problem });
    await folders.addAll(["/data"]);
    expect(folders.refused).toBeNull();
  });
});

describe("changes in quick succession", () => {
  test("add up, whatever has been pushed back meanwhile", async () => {
    const pushed = { a: 1, b: 1, c: 1 };
    const sent: object[] = [];
    const saver = new Saver<typeof pushed, null>(
      () => pushed,
      async (whole) => {
        sent.push(whole);
        return { status: "ok", data: null };
      },
    );
    const first = saver.save({ a: 2 });
    void saver.save({ b: 2 });
    expect(saver.wanted).toEqual({ a: 2, b: 2, c: 1 });
    await first;
    // The first answer is there, its push is not.
    await saver.save({ c: 2 });
    expect(sent.at(-1)).toEqual({ a: 2, b: 2, c: 2 });
  });

  test("what was refused is told, and is not part of what follows", async () => {
    const sent: object[] = [];
    const saver = new Saver<{ a: number; b: number }, null>(
      () => ({ a: 1, b: 1 }),
      async (whole) => {
        sent.push(whole);
        return sent.length === 1 ? { status: "error", error: problem } : { status: "ok", data: null };
      },
    );
    const first = saver.save({ a: 2 });
    void saver.save({ b: 2 });
    expect((await first).status).toBe("error");
    expect(sent).toEqual([
      { a: 2, b: 1 },
      { a: 1, b: 2 },
    ]);
  });

  test("two kinds of notification are both turned off", async () => {
    const shell = new Shell(fake);
    shell.follow();
    await vi.waitFor(() => expect(shell.state).toBeDefined());
    await Promise.all([shell.notify("finished", false), shell.notify("failed", false)]);
    expect(fake.shell.settings.notify).toMatchObject({ finished: false, failed: false, update: true });
  });

  test("both rights of a folder are changed", async () => {
    const folders = new Folders(fake);
    const [first] = fake.snapshot.folders;
    if (first === undefined) throw new Error("no folder");
    await Promise.all([
      folders.change(first, { access: "read-only" }),
      folders.change(first, { shareable: false }),
    ]);
    expect(fake.snapshot.folders[0]).toMatchObject({ access: "read-only", shareable: false });
  });
});

describe("several folders at once", () => {
  test("those after one that needs a yes wait for the answer", async () => {
    const folders = new Folders(fake);
    await folders.addAll(["/data/a", "/home/smith", "/data/b"]);
    expect(folders.unsure?.folder.path).toBe("/home/smith");
    expect(fake.snapshot.folders.map(({ path }) => path)).not.toContain("/data/b");
    await folders.decline();
    expect(folders.unsure).toBeNull();
    const paths = fake.snapshot.folders.map(({ path }) => path);
    expect(paths).toContain("/data/b");
    expect(paths).not.toContain("/home/smith");
  });

  test("one that cannot be shared does not hold back the others", async () => {
    const folders = new Folders(fake);
    fake.refuse.set("addFolder", problem);
    await folders.addAll(["/data/a", "/data/b"]);
    expect(fake.snapshot.folders.map(({ path }) => path)).toContain("/data/b");
    expect(folders.refused).toEqual({ path: "/data/a", problem });
  });
});

describe("activity", () => {
  test("filters by stage and searches every name", () => {
    const activity = new Activity(fake);
    const board = fake.snapshot.tasks;
    const labels = () => activity.list(board).map((task) => stageOf(task));
    activity.filter = "waiting";
    expect(labels()).toEqual(["waiting"]);
    activity.filter = "failed";
    expect(labels()).toEqual(["failed", "failed"]);
    activity.filter = "all";
    activity.search = "SCOPE2";
    expect(activity.list(board)).toHaveLength(1);
  });

  test("older tasks follow the live ones, each once", async () => {
    const activity = new Activity(fake);
    fake.snapshot.tasks.tasks = data.tasks().slice(0, 2);
    await activity.showOlder();
    const ids = activity.list(fake.snapshot.tasks).map((task) => task.id);
    expect(ids).toHaveLength(7);
    expect(new Set(ids).size).toBe(7);
  });

  test("another task begins with empty lists", async () => {
    const activity = new Activity(fake);
    await activity.show(data.RUNNING);
    await activity.moreFiles(data.RUNNING);
    expect(activity.files.items).toHaveLength(100);
    await activity.show(data.FAILED);
    expect(activity.files.items).toHaveLength(0);
    expect(activity.detail.answer?.task.id).toBe(data.FAILED);
  });
});
