import { beforeEach, describe, expect, test, vi } from "vitest";
import { calls } from "../../tests/show";
import { FakePlatform } from "../platform/fake/fake";
import * as data from "../platform/fake/data";
import type { Collection, NewTransfer, Problem } from "../platform/types";
import { Files } from "./files.svelte";
import { Wishes, patterns } from "./wishes.svelte";
import { PAGE, Pane, crumbsOf, lastName, parentOf } from "./pane.svelte";

let fake: FakePlatform;
let pane: Pane;
beforeEach(async () => {
  fake = new FakePlatform("busy");
  pane = new Pane(fake);
  await pane.openNamed(data.HERE, null);
});

const names = (shown: Pane) => Array.from({ length: shown.total }, (_none, row) => shown.entry(row)?.name);

describe("paths", () => {
  test("lead up one by one", () => {
    expect(parentOf("/a/b/")).toBe("/a/");
    expect(parentOf("/a/")).toBe("/");
    expect(parentOf("/")).toBeNull();
    expect(lastName("/a/b/")).toBe("b");
    expect(crumbsOf("/a/b c/")).toEqual([
      { name: "a", path: "/a/" },
      { name: "b c", path: "/a/b c/" },
    ]);
  });
});

describe("a pane", () => {
  test("opens a collection at its default directory", () => {
    expect(pane.path).toBe("/home/smith/Data/cohorts/");
    expect(names(pane).slice(0, 2)).toEqual(["044", "045"]);
    expect(pane.cursor).toBe(0);
  });

  test("goes in and comes up to where it was", async () => {
    const inner = pane.entry(1);
    if (inner) await pane.enter(inner);
    expect(pane.path).toBe("/home/smith/Data/cohorts/045/");
    await pane.up();
    expect(pane.path).toBe("/home/smith/Data/cohorts/");
    expect(pane.entry(pane.cursor)?.name).toBe("045");
  });

  test("says what is wrong and keeps the collection, so that it can be asked again", async () => {
    await pane.openNamed("smith#Laptop", null);
    expect(pane.collection?.name).toBe("smith#Laptop");
    expect(pane.problem?.code).toBe("NOT_CONNECTED");
    await pane.openNamed("nobody#knows", null);
    expect(pane.problem?.code).toBe("ENDPOINT_NOT_FOUND");
  });

  test("the hub sorts and filters", async () => {
    await pane.sortBy("size");
    await pane.sortBy("size");
    expect([pane.sort, pane.descending]).toEqual(["size", true]);
    await pane.filterBy("sampl");
    expect(pane.total).toBe(2);
    expect(calls(fake, "list").at(-1)).toMatchObject([
      { sort: "size", descending: true, filter: "sampl", offset: 0, limit: PAGE },
    ]);
  });

  test("reads a hundred thousand entries only where they are looked at", async () => {
    if (pane.collection) await pane.open(pane.collection, data.LONG_DIRECTORY);
    expect(pane.total).toBe(100_000);
    expect(pane.entry(77_000)).toBeUndefined();
    pane.need(77_000, 77_030);
    pane.need(77_001, 77_031);
    await Promise.resolve();
    await Promise.resolve();
    expect(pane.entry(77_000)?.name).toBe("read_077001.fastq.gz");
    expect(calls(fake, "list").filter(([query]) => 0 < (query as { offset: number }).offset)).toHaveLength(1);
    expect(await pane.selectAll()).toBe("too_many");
  });

  test("selects alone, one by one and in a range", () => {
    pane.select(1, "alone");
    pane.select(3, "range");
    expect([...pane.selected]).toEqual(["045", "046 (draft)", "all sequences"]);
    pane.select(2, "toggle");
    expect([...pane.selected]).toEqual(["045", "all sequences"]);
    pane.select(0, "alone");
    expect([...pane.selected]).toEqual(["044"]);
  });

  test("an answer for a place that was left is dropped", async () => {
    const { collection } = pane;
    if (collection === null) throw new Error("nothing is open");
    const slow = pane.open(collection, data.LONG_DIRECTORY);
    await pane.open(collection, "/home/smith/Data/cohorts/045/");
    await slow;
    expect(pane.path).toBe("/home/smith/Data/cohorts/045/");
    expect(pane.total).toBe(4);
  });

  test("what is selected and still there stays selected", async () => {
    await pane.selectAll();
    const before = pane.selected.size;
    await pane.makeFolder("new one");
    expect(pane.selected.size).toBe(before);
    expect(names(pane)).toContain("new one");
    data.trees["/home/smith/Data/cohorts/"]?.pop();
  });

  test("a name that the agent refuses changes nothing", async () => {
    const problem: Problem = { code: "EXISTS", args: { path: "/x", endpoint: "a#b" }, message: "" };
    fake.refuse.set("renameFile", problem);
    expect(await pane.rename("044", "045")).toEqual({ status: "error", error: problem });
    expect(calls(fake, "renameFile")).toEqual([
      [
        {
          collection: data.HERE,
          old_path: "/home/smith/Data/cohorts/044",
          new_path: "/home/smith/Data/cohorts/045",
        },
      ],
    ]);
  });
});

describe("a pane that is left before its answer", () => {
  /** Lets a call of the host wait until it is released. */
  function hold<Name extends "collection" | "list">(name: Name): () => void {
    const call = fake[name] as (...args: unknown[]) => Promise<unknown>;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((done) => (release = done));
    Object.assign(fake, { [name]: (...args: unknown[]) => gate.then(() => call(...args)) });
    return () => {
      Object.assign(fake, { [name]: call });
      release();
    };
  }

  test("does not go where it was asked to go first", async () => {
    const pane = new Pane(fake);
    const release = hold("collection");
    const first = pane.openNamed("alliancecan#rorqual", null);
    const [here] = data.collections;
    if (here === undefined) throw new Error("no collection");
    await pane.open(here, null);
    release();
    expect(await first).toBe(false);
    expect(pane.collection?.id).toBe(here.id);
  });

  test("selects nothing of another place", async () => {
    const pane = new Pane(fake);
    await pane.openNamed("smith#WorkPC", "/home/smith/Data/cohorts/");
    const release = hold("list");
    const elsewhere = pane.openNamed("smith#WorkPC", "/home/smith/Data/cohorts/045/");
    await vi.waitFor(() => expect(pane.path).toBe("/home/smith/Data/cohorts/045/"));
    const all = pane.selectAll();
    const back = pane.open(data.collections[0] as Collection, "/home/smith/Data/cohorts/");
    release();
    await Promise.all([elsewhere, back]);
    expect(await all).not.toBe("too_many");
    expect(pane.selected.size).toBe(0);
  });

  test("keeps its rows while they are read again", async () => {
    const pane = new Pane(fake);
    await pane.openNamed("smith#WorkPC", null);
    pane.select(3, "alone");
    const release = hold("list");
    const again = pane.refresh();
    expect(pane.total).toBe(10);
    expect(pane.entry(3)?.name).toBe("all sequences");
    release();
    await again;
    expect(pane.total).toBe(10);
    expect([...pane.selected]).toEqual(["all sequences"]);
  });

  test("asks again for a collection that was not found", async () => {
    const pane = new Pane(fake);
    fake.refuse.set("collection", { code: "ENDPOINT_NOT_FOUND", args: { endpoint: "x" }, message: "" });
    expect(await pane.openNamed("smith#WorkPC", null)).toBe(false);
    expect(pane).toMatchObject({ collection: null, path: null });
    await pane.retry();
    expect(pane.collection?.name).toBe("smith#WorkPC");
    expect(pane.problem).toBeUndefined();
  });
});

describe("a task that ends", () => {
  test("has the side that it changed read again, unless something is selected there", async () => {
    const files = new Files(fake);
    await files.left.openNamed("smith#WorkPC", null);
    await files.right.openNamed("alliancecan#rorqual", null);
    const [task, ...others] = data.tasks();
    if (task === undefined) throw new Error("no task");
    files.follow([task, ...others]);
    const before = calls(fake, "list").length;
    files.follow([{ ...task, status: "SUCCEEDED" }, ...others]);
    expect(calls(fake, "list").length).toBe(before + 1);
    files.follow([task, ...others]);
    files.right.select(0, "alone");
    files.follow([{ ...task, status: "SUCCEEDED" }, ...others]);
    expect(calls(fake, "list").length).toBe(before + 1);
  });
});

describe("a transfer", () => {
  let files: Files;
  beforeEach(async () => {
    files = new Files(fake);
    await files.left.openNamed(data.HERE, null);
    await files.right.openNamed("alliancecan#rorqual", null);
  });
  const sent = () => calls(fake, "transfer").map(([wish]) => wish as NewTransfer);

  test("needs something selected and somewhere to go", async () => {
    expect(files.canTransfer("left")).toBe(false);
    expect(await files.transfer("left")).toBeNull();
    files.left.select(0, "alone");
    expect(files.canTransfer("left")).toBe(true);
    await files.right.openNamed("lab#Scope2", null);
    expect(files.canTransfer("left")).toBe(false);
    expect(await files.transfer("left")).toBeNull();
  });

  test("names every item with its destination and carries the options", async () => {
    files.left.select(0, "alone");
    files.left.select(8, "toggle");
    files.wishes.level = "mtime";
    files.wishes.exclude = "*.tmp, .git,, *.tmp";
    files.label = " Tuesday ";
    const outcome = await files.transfer("left");
    expect(outcome?.status).toBe("ok");
    expect(sent()[0]).toMatchObject({
      source: data.HERE,
      items: [
        {
          source_path: "/home/smith/Data/cohorts/044",
          destination_path: "/project/cohorts/044",
          recursive: true,
        },
        {
          source_path: "/home/smith/Data/cohorts/samples.tsv",
          destination_path: "/project/cohorts/samples.tsv",
          recursive: false,
        },
      ],
      label: "Tuesday",
      options: {
        sync_level: "mtime",
        verify: true,
        preserve_times: true,
        preserve_permissions: false,
        preserve_xattrs: false,
        preserve_hard_links: false,
        symlinks: "skip",
        conflict: "overwrite",
        names: "fail",
        filters: [
          { include: false, only: null, name: "*.tmp" },
          { include: false, only: null, name: ".git" },
        ],
      },
    });
    expect(files.left.selected.size).toBe(0);
    expect(files.label).toBe("");
  });

  test("only folders are mirrored, and only where that was wished", () => {
    files.left.select(0, "alone");
    files.left.select(8, "toggle");
    expect(files.mirrored("left")).toEqual([]);
    files.wishes.extras = "trash";
    expect(files.mirrored("left").map((entry) => entry.kind)).toEqual(["folder"]);
  });

  test("a preview asks for the same and leaves all as it is", async () => {
    files.left.select(0, "alone");
    Object.assign(files.wishes, { level: "size", extras: "trash" });
    files.label = "Tuesday";
    await files.look("left");
    const [wish] = sent();
    expect(wish).toMatchObject({ options: { purpose: "preview", sync_level: "size", extras: "trash" } });
    expect([files.left.selected.size, files.wishes.extras, files.label]).toEqual([1, "trash", "Tuesday"]);
    await files.preview?.more();
    await files.preview?.more();
    await files.preview?.more();
    expect(files.preview?.lines.items).toHaveLength(1200);
    await files.transfer("left");
    expect(sent()[1]?.options.purpose ?? "transfer").toBe("transfer");
    expect(sent()[1]?.submission).not.toBe(wish?.submission);
  });

  test("a preview that is closed before it is over is ended", async () => {
    files.left.select(0, "alone");
    await files.look("left");
    const board = { ...fake.snapshot.tasks };
    await files.preview?.end(board);
    expect(calls(fake, "cancelTask")).toEqual([]);
    const task = files.preview?.task;
    const tasks = board.tasks.map((view) =>
      view.id === task ? { ...view, status: "ACTIVE" as const } : view,
    );
    await files.preview?.end({ ...board, tasks });
    expect(calls(fake, "cancelTask")).toEqual([[task]]);
  });

  test("wishes outlive a transfer and go back to how they began when asked", async () => {
    const { wishes } = files;
    Object.assign(wishes, { level: "size", times: false, permissions: true, symlinks: "keep", skip: true });
    Object.assign(wishes, { attributes: true, hardLinks: true, conflict: "rename", names: "rename" });
    files.left.select(0, "alone");
    await files.transfer("left");
    expect(wishes.options).toMatchObject({ sync_level: "size", preserve_permissions: true });
    expect(wishes.options).toMatchObject({ preserve_xattrs: true, preserve_hard_links: true });
    expect(wishes.options).toMatchObject({ conflict: "rename", names: "rename" });
    wishes.reset();
    expect(wishes.options).toEqual(new Wishes().options);
    expect(patterns(" a b , ,c,a b")).toEqual(["a b", "c"]);
  });

  test("asking again after a lost answer is the same submission, a new wish another", async () => {
    files.left.select(0, "alone");
    fake.refuse.set("transfer", { code: "HUB_UNREACHABLE", args: {}, message: "" });
    await files.transfer("left");
    await files.transfer("left");
    files.left.select(0, "alone");
    await files.transfer("left");
    const ids = sent().map((wish) => wish.submission);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test("a deletion names what is selected, recursive only when a folder is among it", async () => {
    files.right.select(4, "alone");
    await files.deleteSelected("right");
    files.right.select(0, "alone");
    await files.deleteSelected("right");
    expect(calls(fake, "deleteFiles")).toMatchObject([
      [{ paths: ["/project/cohorts/index.sqlite"], recursive: false }],
      [{ paths: ["/project/cohorts/043"], recursive: true }],
    ]);
  });
});
