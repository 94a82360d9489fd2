import { beforeEach, describe, expect, test } from "vitest";
import { calls } from "../../tests/show";
import { FakePlatform } from "../platform/fake/fake";
import type { Scenario } from "../platform/fake/scenario";
import { App } from "./app.svelte";
import { FirstRun, isSetUp } from "./first-run.svelte";

let fake: FakePlatform;

async function start(
  scenario: Scenario,
  prepare: (fake: FakePlatform) => void = () => undefined,
): Promise<FirstRun> {
  fake = new FakePlatform(scenario);
  prepare(fake);
  const app = new App(fake);
  app.follow();
  await Promise.resolve();
  await Promise.resolve();
  const run = new FirstRun(fake, app.agent, app.shell);
  await run.begin(null);
  return run;
}

describe("the first run", () => {
  beforeEach(() => undefined);

  test("is due until this computer is set up and the last step was taken", () => {
    const fresh = new FakePlatform("fresh");
    expect(FirstRun.isDue(fresh.snapshot, fresh.shell)).toBe(true);
    const done = new FakePlatform("idle");
    expect(FirstRun.isDue(done.snapshot, done.shell)).toBe(false);
    done.shell.settings.setup_step = 5;
    expect(FirstRun.isDue(done.snapshot, done.shell)).toBe(true);
    expect(isSetUp(new FakePlatform("removed").snapshot)).toBe(false);
  });

  test("goes from an address to a computer that works", async () => {
    const run = await start("fresh");
    expect(run.step).toBe("hub");
    run.address = "hub.alliance.example";
    await run.checkHub();
    expect(run.address).toBe("https://hub.alliance.example");
    await run.next();
    expect(run.step).toBe("signIn");
    fake.signedIn();
    await run.next();
    run.name = "Lab 3";
    await run.keepTyped();
    await run.checkName();
    expect(run.nameReady).toBe(true);
    expect(await run.register("keyring")).toBe(true);
    expect(run.step).toBe("folders");
    await run.next();
    await run.next();
    expect(run.step).toBe("check");
    await run.finish();
    expect(fake.shell.settings).toMatchObject({ setup_step: 0, setup_draft: "" });
  });

  test("closing in the middle loses nothing", async () => {
    const run = await start("fresh");
    run.address = "hub.alliance.example";
    await run.checkHub();
    await run.next();
    const kept = fake.shell.settings;
    const again = await start("fresh", (platform) => (platform.shell.settings = kept));
    expect(again.step).toBe("signIn");
    expect(again.address).toBe("https://hub.alliance.example");
  });

  test("a draft that cannot be read counts as none", async () => {
    const run = await start("fresh", (platform) => (platform.shell.settings.setup_draft = "{nonsense"));
    expect([run.step, run.address, run.name]).toEqual(["hub", "", "WorkPC"]);
  });

  test("a step without what it needs is not shown", async () => {
    const run = await start("fresh", (platform) => (platform.shell.settings.setup_step = 5));
    expect(run.step).toBe("signIn");
    const registered = await start("idle", (platform) => (platform.shell.settings.setup_step = 2));
    expect(registered.step).toBe("folders");
  });

  test("a name in use needs the owner's word", async () => {
    const run = await start("fresh", (platform) => platform.signedIn());
    run.name = "Laptop";
    await run.checkName();
    expect(run.nameReady).toBe(false);
    run.replace = true;
    expect(run.nameReady).toBe(true);
    await run.register("keyring");
    expect(calls(fake, "register")).toEqual([[{ name: "Laptop", replace: true, place: "keyring" }]]);
  });

  test("a refused registration stays where it is and says why", async () => {
    const run = await start("fresh", (platform) => platform.signedIn());
    fake.refuse.set("register", { code: "KEY_UNAVAILABLE", args: { reason: "locked" }, message: "" });
    expect(await run.register("keyring")).toBe(false);
    expect([run.step, run.registration.problem?.code]).toEqual(["name", "KEY_UNAVAILABLE"]);
  });

  test("a link that is opened meanwhile is taken, until this computer is registered", async () => {
    const run = await start("fresh");
    await run.goTo("signIn");
    run.takeLink({ hub: "https://other.example" });
    expect([run.step, run.address]).toEqual(["hub", "https://other.example"]);
    await run.goTo("folders");
    run.takeLink({ hub: "https://third.example" });
    expect([run.step, run.address]).toEqual(["folders", "https://other.example"]);
  });

  test("a setup key without a keyring can go to a file", async () => {
    const run = await start("fresh");
    fake.refuse.set("setUp", { code: "KEY_UNAVAILABLE", args: { reason: "none" }, message: "" });
    expect(await run.useKey("k-1", "keyring")).toBe(false);
    expect(await run.useKey("k-1", "file")).toBe(true);
    expect(calls(fake, "setUp").at(-1)).toEqual(["k-1", "file"]);
  });

  test("a setup key needs no sign-in", async () => {
    const run = await start("fresh");
    expect(await run.useKey(" k-1 ", "keyring")).toBe(true);
    expect(calls(fake, "setUp")).toEqual([["k-1", "keyring"]]);
    expect(run.step).toBe("folders");
  });

  test("what a centre rolled out is not asked again", async () => {
    const folder = {
      path: "/data",
      access: "read-only" as const,
      shareable: false,
      local_only: false,
      deny: [],
      confirmed: true,
    };
    const settings = { pause_on_battery: true, pause_on_metered: true, keep_awake: "always" as const };
    const run = await start("fresh", (platform) => {
      platform.presetAnswer = {
        file: "/etc/outport/preset.toml",
        hub: "hub.alliance.example",
        name: "node-7",
        folders: [folder],
        settings,
        start_at_login: true,
        problem: null,
      };
    });
    expect(run.step).toBe("signIn");
    fake.signedIn();
    await run.next();
    expect(run.step).toBe("check");
    expect(fake.snapshot.endpoint?.name).toBe("smith#node-7");
    expect(calls(fake, "addFolder")).toEqual([[folder]]);
    expect(fake.snapshot.settings).toEqual(settings);
  });
});
