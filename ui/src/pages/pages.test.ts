import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";
import { calls, showWindow } from "../../tests/show";
import * as data from "../platform/fake/data";
import { SCENARIOS } from "../platform/fake/scenario";

const page = async (name: string) =>
  fireEvent.click(screen.getByRole("button", { name: new RegExp(`^${name}`) }));
const button = (name: string | RegExp) => screen.getByRole("button", { name });
const dialog = () => within(screen.getByRole("dialog"));

describe("the window", () => {
  test.each(SCENARIOS)("shows a page in the world %s", async (scenario) => {
    await showWindow(scenario);
    expect(screen.getAllByRole("heading", { level: 1 }).length).toBeGreaterThan(0);
  });

  test("says why there is no agent, and tries again", async () => {
    const { fake } = await showWindow("no-agent");
    expect(screen.getByRole("alert")).toHaveTextContent("Outport cannot use its own files");
    await fireEvent.click(button("Try again"));
    expect(calls(fake, "retryAgent")).toHaveLength(1);
    await screen.findByRole("navigation", { name: "Pages" });
  });

  test("changes its language while it is shown", async () => {
    const { fake } = await showWindow("busy");
    fake.changeShell((state) => (state.settings.language = "fr"));
    await screen.findByRole("button", { name: /^Vue d'ensemble/ });
  });

  test("keys lead from page to page", async () => {
    await showWindow("busy");
    // On a French keyboard, the key of the three says `"` without shift.
    await fireEvent.keyDown(window, { key: '"', code: "Digit3", ctrlKey: true });
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Activity");
  });

  test("a setup link on a computer that is set up says so", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "setup", hub: "https://other", key: null });
    await screen.findByText("This computer is set up already, as smith#WorkPC.");
  });

  test("a computer that was removed at the hub can be set up again", async () => {
    await showWindow("removed");
    await fireEvent.click(button("Set up again"));
    await screen.findByRole("heading", { name: "What is this computer called?" });
  });
});

describe("overview", () => {
  test("shows who, state, work with its route and what is waited for", async () => {
    await showWindow("busy");
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("smith#WorkPC");
    expect(screen.getByText(/68% · 94 MB\/s · 6 min left/)).toBeVisible();
    expect(
      screen.getByText(
        /: Directly between the two computers.* · round trip 24\sms · 0\.012% of packets lost/,
      ),
    ).toBeInTheDocument();
    expect(screen.getByText(/lab#Scope2 is paused by its owner/)).toBeVisible();
  });

  test("follows what is pushed", async () => {
    const { fake } = await showWindow("busy");
    fake.change((now) => {
      const [session] = now.sessions;
      if (session) session.progress.bytes_settled = session.progress.bytes_found;
    });
    await screen.findByText(/^100%/);
  });

  test("a hint is given once", async () => {
    const { fake } = await showWindow("no-tray");
    await fireEvent.click(button("Got it"));
    expect(fake.shell.settings.seen_no_tray).toBe(true);
    await waitFor(() => expect(screen.queryByText(/shows no tray/)).toBeNull());
  });

  test("the check goes to another computer that is named", async () => {
    const { fake } = await showWindow("offline");
    await fireEvent.click(button("Check connection"));
    const field = dialog().getByLabelText("To another computer");
    await dialog().findByText("Control channel");
    await fireEvent.input(field, { target: { value: " Cluster " } });
    await fireEvent.submit(field);
    await dialog().findByText(/go through a relay/);
    expect(calls(fake, "doctorTo")).toEqual([["Cluster"]]);
    expect(dialog().getByText("198.51.100.7:443 answers within 41 ms.")).toBeVisible();
    expect(dialog().queryByText("Control channel")).toBeNull();
  });

  test("says when another process does the work", async () => {
    await showWindow("attached");
    expect(screen.getByText(/process 4711/)).toBeVisible();
  });

  test.each([
    ["offline", "cannot be reached", "Check connection"],
    ["signed-out", "Nobody is signed in", "Sign in"],
    ["bad-config", "line 12", "Show log"],
    ["disk-full", "There is no room for", "Copy error"],
    ["key-changed", "shows another key", "Check connection"],
  ] as const)("the world %s says what happened and has a button", async (scenario, said, offered) => {
    await showWindow(scenario);
    expect(screen.getAllByText(new RegExp(said))[0]).toBeVisible();
    expect(screen.getAllByRole("button", { name: offered })[0]).toBeEnabled();
  });
});

describe("folders", () => {
  test("a right is one click", async () => {
    const { fake } = await showWindow("busy");
    await page("Folders");
    const row = within(screen.getByRole("listitem", { name: "/home/smith/Papers/figures" }));
    await fireEvent.click(row.getByRole("radio", { name: "Read and write" }));
    await fireEvent.click(row.getByRole("switch", { name: "Shareable" }));
    expect(fake.snapshot.folders[1]).toMatchObject({ access: "read-write", shareable: true });
  });

  test("the home folder needs a yes with its reason", async () => {
    const { fake } = await showWindow("empty", (platform) => (platform.pickAnswer = "/home/smith"));
    await page("Folders");
    await fireEvent.click(screen.getAllByRole("button", { name: "Add a folder…" })[0] as HTMLElement);
    await screen.findByText(/This is your home folder/);
    const yes = dialog().getByRole("button", { name: "Share it" });
    expect(yes).toBeDisabled();
    await fireEvent.click(dialog().getByRole("checkbox"));
    await fireEvent.click(yes);
    await screen.findByRole("listitem", { name: "/home/smith" });
    expect(calls(fake, "addFolder")).toHaveLength(2);
  });

  test("folders dragged from the desktop are shared", async () => {
    const { fake } = await showWindow("empty");
    await page("Folders");
    fake.drop({ kind: "over" });
    await screen.findByText("Drop to share, read only");
    fake.drop({ kind: "drop", paths: ["/data/a", "/data/b"] });
    await screen.findByRole("listitem", { name: "/data/b" });
    expect(screen.queryByText("Drop to share, read only")).toBeNull();
  });

  test("a place inside is closed and opened again", async () => {
    const { fake } = await showWindow("busy");
    await page("Folders");
    await fireEvent.click(button("More about /home/smith/Papers/figures"));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Closed places…" }));
    await fireEvent.input(screen.getByRole("textbox", { name: "Path to close" }), {
      target: { value: "drafts" },
    });
    await fireEvent.click(button("Close"));
    await waitFor(() => expect(fake.snapshot.folders[1]?.deny).toEqual(["drafts"]));
    await fireEvent.click(await screen.findByRole("button", { name: "Open drafts again" }));
    await waitFor(() => expect(fake.snapshot.folders[1]?.deny).toEqual([]));
  });

  test("a missing drive is told, and a folder is removed only after a question", async () => {
    const { fake } = await showWindow("busy");
    await page("Folders");
    expect(screen.getByText(/is its drive connected/)).toBeVisible();
    await fireEvent.click(button(/^More about \/media/));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Stop sharing" }));
    expect(fake.snapshot.folders).toHaveLength(3);
    await fireEvent.click(dialog().getByRole("button", { name: "Stop sharing" }));
    await waitFor(() => expect(fake.snapshot.folders).toHaveLength(2));
  });

  test("a folder is kept inside the local network, and let out of it again", async () => {
    const { fake } = await showWindow("busy");
    await page("Folders");
    const before = { ...fake.snapshot.folders[1] };
    const path = before.path ?? "";
    const row = () => within(screen.getByRole("listitem", { name: path }));
    await fireEvent.click(row().getByRole("button", { name: `More about ${path}` }));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Keep inside the local network" }));
    await waitFor(() => expect(fake.snapshot.folders[1]).toEqual({ ...before, local_only: true }));
    expect(row().getByText(/^local network only/)).toBeVisible();
    await fireEvent.input(screen.getByRole("textbox", { name: "A path on this computer" }), {
      target: { value: path },
    });
    await fireEvent.click(button("Test"));
    await screen.findByText(/Its content stays inside the local network/);
    await fireEvent.click(row().getByRole("button", { name: `More about ${path}` }));
    await fireEvent.click(screen.getByRole("menuitem", { name: "Let it leave the local network" }));
    await waitFor(() => expect(fake.snapshot.folders[1]).toEqual(before));
  });

  test("a path is tested, and the rule is named", async () => {
    await showWindow("busy");
    await page("Folders");
    await fireEvent.input(screen.getByRole("textbox", { name: "A path on this computer" }), {
      target: { value: "/home/smith/Data/cohorts/consent/a.pdf" },
    });
    await fireEvent.click(button("Test"));
    await screen.findByText("closed");
    expect(screen.getByText(/The rule of \/home\/smith\/Data\/cohorts decides/)).toBeVisible();
  });

  test("a refusal stands with its folder", async () => {
    const { fake } = await showWindow("busy");
    await page("Folders");
    fake.refuse.set("addFolder", {
      code: "CONFIG_UNWRITABLE",
      args: { file: "c.toml", reason: "read-only" },
      message: "c.toml cannot be written.",
    });
    const row = within(screen.getByRole("listitem", { name: "/home/smith/Papers/figures" }));
    await fireEvent.click(row.getByRole("switch", { name: "Shareable" }));
    expect(await row.findByRole("alert")).toHaveTextContent("c.toml cannot be written");
  });
});

describe("activity", () => {
  test("a task is cancelled after a question", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "activity", task: data.RUNNING });
    await fireEvent.click(await screen.findByRole("button", { name: "Cancel task" }));
    await fireEvent.click(dialog().getByRole("button", { name: "Cancel task" }));
    await screen.findByRole("button", { name: "Try again" });
    expect(calls(fake, "cancelTask")).toEqual([[data.RUNNING]]);
  });

  test("a task that moves says how it travels, and how that does", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "activity", task: data.RUNNING });
    const facts = within(await screen.findByRole("region", { name: "Cohort 045, raw reads" }));
    expect(facts.getByText(/^round trip 24\sms · 0\.012% of packets lost$/)).toBeVisible();
    fake.change((now) => {
      for (const task of now.tasks.tasks) task.line = null;
    });
    await waitFor(() => expect(facts.queryByText(/round trip/)).toBeNull());
  });

  test("a failed task says why, is copied and tried again", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "activity", task: data.FAILED });
    const details = within(await screen.findByRole("region", { name: "Field notes to the archive" }));
    expect(details.getByRole("alert")).toHaveTextContent("read-only folder of alliancecan#rorqual");
    await fireEvent.click(details.getByRole("button", { name: "Copy error" }));
    expect(calls(fake, "copyText")[0]?.[0]).toContain(`[PERMISSION_DENIED, ${data.FAILED}]`);
    await fireEvent.click(details.getByRole("button", { name: "Try again" }));
    await screen.findByRole("region", { name: "Cohort 045, raw reads" });
    expect(calls(fake, "retryTask")).toEqual([[data.FAILED]]);
  });

  test("what deletes is done again only after a question", async () => {
    const { fake } = await showWindow("busy");
    fake.change((now) => {
      const failed = now.tasks.tasks.find((task) => task.id === data.FAILED);
      if (failed) failed.options = data.how({ extras: "delete" });
    });
    fake.go({ page: "activity", task: data.FAILED });
    const details = within(await screen.findByRole("region", { name: "Field notes to the archive" }));
    await fireEvent.click(details.getByRole("button", { name: "Try again" }));
    expect(calls(fake, "retryTask")).toEqual([]);
    await fireEvent.click(dialog().getByRole("button", { name: "Transfer and delete" }));
    await waitFor(() => expect(calls(fake, "retryTask")).toEqual([[data.FAILED]]));
  });

  test("arrows move through the tasks", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "activity", task: data.RUNNING });
    const list = await screen.findByRole("listbox", { name: "Activity" });
    await fireEvent.keyDown(list, { key: "End" });
    expect(screen.getByRole("option", { selected: true })).toHaveTextContent("Simulation 17");
    await fireEvent.keyDown(list, { key: "ArrowUp" });
    expect(screen.getByRole("option", { selected: true })).toHaveTextContent(
      "Deletion on alliancecan#rorqual",
    );
    expect(list).toHaveAttribute("aria-activedescendant", screen.getByRole("option", { selected: true }).id);
  });

  test("a task that the hub does not know says so", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "activity", task: "gone" });
    expect(await screen.findByRole("alert")).toHaveTextContent("There is no task gone");
  });
});

describe("files", () => {
  async function open() {
    const shown = await showWindow("busy");
    shown.fake.go({ page: "files", collection: "alliancecan#rorqual", path: null });
    const left = await screen.findByRole("grid", { name: "Left side" });
    await within(left).findByText("README.md");
    await screen.findByRole("grid", { name: "Right side" });
    return { ...shown, left };
  }

  test("keys select and send", async () => {
    const { fake, left } = await open();
    await fireEvent.focusIn(left);
    await fireEvent.keyDown(left, { key: "Home" });
    await fireEvent.keyDown(left, { key: "ArrowDown", shiftKey: true });
    expect(within(left).getAllByRole("row", { selected: true })).toHaveLength(2);
    await fireEvent.keyDown(left, { key: "Enter", ctrlKey: true });
    await screen.findByText("2 entries are on their way.");
    expect(calls(fake, "transfer")).toHaveLength(1);
    await fireEvent.click(button("Watch"));
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Activity");
  });

  test("keys go in and come back", async () => {
    const { left } = await open();
    await fireEvent.keyDown(left, { key: "ArrowDown" });
    await fireEvent.keyDown(left, { key: "Enter" });
    await screen.findByText("md5sums.txt");
    await fireEvent.keyDown(screen.getByRole("grid", { name: "Left side" }), { key: "Backspace" });
    await screen.findByText("manifest.json");
  });

  test("a deletion names what goes and asks first", async () => {
    const { fake, left } = await open();
    await fireEvent.keyDown(left, { key: "Home" });
    await fireEvent.keyDown(left, { key: "Delete" });
    expect(dialog().getByText("044")).toBeVisible();
    expect(calls(fake, "deleteFiles")).toEqual([]);
    await fireEvent.click(dialog().getByRole("button", { name: "Delete" }));
    await screen.findByText("The deletion is under way.");
  });

  test("a transfer that deletes names the folders and asks first, and the next one does not", async () => {
    const { fake, left } = await open();
    await fireEvent.click(button("Options…"));
    await fireEvent.click(
      within(dialog().getByRole("radiogroup", { name: "What only the destination has" })).getByRole("radio", {
        name: "Delete",
      }),
    );
    await fireEvent.click(dialog().getByRole("button", { name: "Done" }));
    await fireEvent.keyDown(left, { key: "Home" });
    await fireEvent.keyDown(left, { key: "Enter", ctrlKey: true });
    expect(dialog().getByText(/\/044$/)).toBeVisible();
    expect(calls(fake, "transfer")).toEqual([]);
    await fireEvent.click(dialog().getByRole("button", { name: "Transfer and delete" }));
    await screen.findByText("1 entry is on its way.");
    await fireEvent.keyDown(left, { key: "Home" });
    await fireEvent.keyDown(left, { key: "Enter", ctrlKey: true });
    await waitFor(() => expect(calls(fake, "transfer")).toHaveLength(2));
    expect(calls(fake, "transfer")).toMatchObject([
      [{ options: { extras: "delete" } }],
      [{ options: { extras: "stay" } }],
    ]);
  });

  test("a preview shows what would happen, and the transfer begins from it", async () => {
    const { fake, left } = await open();
    await fireEvent.keyDown(left, { key: "Home" });
    await fireEvent.click(button("Options…"));
    await fireEvent.click(
      within(dialog().getByRole("radiogroup", { name: "What only the destination has" })).getByRole("radio", {
        name: "Delete",
      }),
    );
    await fireEvent.click(dialog().getByRole("button", { name: "Preview" }));
    await screen.findByText("Nothing was changed.");
    expect(dialog().getByRole("row", { name: /^Deleted 3 files 1 folder/ })).toBeVisible();
    await dialog().findByText("/project/cohorts/045/raw/lane-0.bam");
    expect(calls(fake, "transfer")).toMatchObject([[{ options: { purpose: "preview", extras: "delete" } }]]);
    await fireEvent.click(dialog().getByRole("button", { name: "Transfer and delete" }));
    await screen.findByText("1 entry is on its way.");
    expect(calls(fake, "transfer")).toHaveLength(2);
    expect(calls(fake, "transfer")[1]).toMatchObject([{ options: { extras: "delete" } }]);
  });

  test("a question before something is deleted offers the preview", async () => {
    const { fake, left } = await open();
    await fireEvent.click(button("Options…"));
    expect(dialog().getByRole("button", { name: "Preview" })).toBeDisabled();
    await fireEvent.click(
      within(dialog().getByRole("radiogroup", { name: "What only the destination has" })).getByRole("radio", {
        name: "Move away",
      }),
    );
    await fireEvent.click(dialog().getByRole("button", { name: "Done" }));
    await fireEvent.keyDown(left, { key: "Home" });
    await fireEvent.keyDown(left, { key: "Enter", ctrlKey: true });
    await fireEvent.click(dialog().getByRole("button", { name: "Preview" }));
    await screen.findByText("Nothing was changed.");
    await fireEvent.click(dialog().getByRole("button", { name: "Cancel" }));
    expect(calls(fake, "transfer")).toHaveLength(1);
    fake.go({ page: "activity", task: null });
    expect((await screen.findAllByText(/^Preview: /)).length).toBeGreaterThan(0);
  });

  test("a name is changed by F2, and a refusal stays in the dialog", async () => {
    const { fake, left } = await open();
    await fireEvent.keyDown(left, { key: "End" });
    await fireEvent.keyDown(left, { key: "F2" });
    const field = dialog().getByRole("textbox", { name: "Name" });
    expect(field).toHaveValue("variants.vcf.gz");
    await fireEvent.input(field, { target: { value: "README.md" } });
    fake.refuse.set("renameFile", {
      code: "EXISTS",
      args: { path: "/README.md", endpoint: "smith#WorkPC" },
      message: "",
    });
    await fireEvent.click(dialog().getByRole("button", { name: "Rename" }));
    expect(await dialog().findByRole("alert")).toHaveTextContent("/README.md exists already");
  });

  test("a computer that is away says so in its pane", async () => {
    await open();
    await fireEvent.click(button("alliancecan#rorqual"));
    await fireEvent.click(await dialog().findByRole("button", { name: /smith#Laptop/ }));
    expect(await screen.findByRole("alert")).toHaveTextContent("smith#Laptop is not connected");
  });

  test("searching all collections asks for a word first", async () => {
    const { fake } = await open();
    await fireEvent.click(button("alliancecan#rorqual"));
    await fireEvent.click(dialog().getByRole("radio", { name: "All" }));
    await screen.findByText("Type a part of the name");
    await fireEvent.input(dialog().getByRole("textbox"), { target: { value: "scope" } });
    await dialog().findByRole("button", { name: /lab#Scope2/ });
    expect(calls(fake, "collections").at(-1)).toEqual([{ scope: "all", text: "scope", limit: 100 }]);
  });
});

describe("settings", () => {
  test("each switch saves the whole settings at once", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    await fireEvent.click(screen.getByRole("switch", { name: "Pause while on battery" }));
    await fireEvent.click(
      within(screen.getByRole("radiogroup", { name: /^Keep/ })).getByRole("radio", { name: "Always" }),
    );
    await fireEvent.click(screen.getByRole("switch", { name: "Work in the background" }));
    await fireEvent.click(
      within(screen.getByRole("radiogroup", { name: "Files go through the hub" })).getByRole("radio", {
        name: "Never",
      }),
    );
    await fireEvent.click(screen.getByRole("switch", { name: "Ask the router for a port" }));
    await fireEvent.click(screen.getByRole("switch", { name: "A task finished" }));
    await fireEvent.click(screen.getByRole("switch", { name: /^Start when/ }));
    await waitFor(() => expect(calls(fake, "setAutostart")).toEqual([[false]]));
    expect(fake.snapshot.settings).toEqual({
      pause_on_battery: true,
      pause_on_metered: false,
      keep_awake: "always",
      background: true,
      relay: "never",
      port_mapping: false,
    });
    expect(fake.shell.settings.notify).toEqual({
      finished: false,
      failed: true,
      needs_you: true,
      update: true,
    });
  });

  test("the port of the router says where it leads, or why there is none", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    const port = screen.getByRole("switch", { name: "Ask the router for a port" });
    expect(port).toHaveAccessibleDescription(/It is closed again after/);
    fake.change((now) => (now.reach = { advertised: [], mapped: "11.213.1.2:41000" }));
    await waitFor(() => expect(port).toHaveAccessibleDescription(/has opened 11\.213\.1\.2:41000/));
    fake.change((now) => (now.reach = { advertised: ["192.0.2.7:7441"], mapped: null }));
    await waitFor(() => expect(port).toHaveAccessibleDescription(/is reached, 192\.0\.2\.7:7441/));
    fake.change((now) => (now.settings = { ...now.settings, relay: "only" }));
    await waitFor(() => expect(port).toHaveAccessibleDescription(/go through the hub/));
  });

  test("limits are typed with their unit, and a mistake is said before it is saved", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    const sending = screen.getByRole("textbox", { name: "Sending, at most" });
    await fireEvent.input(sending, { target: { value: "20 Mb/s" } });
    await fireEvent.blur(sending);
    expect(sending).toHaveAccessibleDescription(/write MB\/s or Mbit\/s/);
    expect(calls(fake, "saveLimits")).toEqual([]);
    await fireEvent.input(sending, { target: { value: "8 Mbit/s" } });
    await fireEvent.keyDown(sending, { key: "Enter" });
    await waitFor(() => expect(fake.snapshot.limits.set.upload).toBe(1_000_000));
    await fireEvent.input(sending, { target: { value: "" } });
    await fireEvent.blur(sending);
    await waitFor(() => expect(fake.snapshot.limits.set.upload).toBe(null));
  });

  test("what goes through a relay has a limit of its own, which other changes keep", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    const type = async (label: string, value: string) => {
      const field = screen.getByLabelText(label);
      await fireEvent.input(field, { target: { value } });
      await fireEvent.blur(field);
    };
    await type("Through a relay, at most", "2 MB/s");
    await waitFor(() => expect(fake.snapshot.limits.set.relay).toBe(2_000_000));
    await type("Sending, at most", "8 MB/s");
    await waitFor(() => expect(fake.snapshot.limits.set.upload).toBe(8_000_000));
    expect(fake.snapshot.limits.set.relay).toBe(2_000_000);
    await fireEvent.click(button("Other limits at some times…"));
    await fireEvent.click(dialog().getByRole("button", { name: "Keep" }));
    await waitFor(() => expect(fake.snapshot.limits.set.timetable).toHaveLength(1));
    expect(fake.snapshot.limits.set).toMatchObject({ upload: 8_000_000, relay: 2_000_000 });
    expect(screen.getByLabelText("Through a relay, at most")).toHaveValue("2 MB/s");
    await type("Through a relay, at most", "");
    await waitFor(() => expect(fake.snapshot.limits.set.relay).toBeNull());
    expect(fake.snapshot.limits.set.timetable).toHaveLength(1);
  });

  test("the timetable of limits is edited row by row", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    await fireEvent.click(button("Other limits at some times…"));
    await fireEvent.click(dialog().getByRole("checkbox", { name: "Saturday" }));
    await fireEvent.input(dialog().getByLabelText("From"), { target: { value: "22:00" } });
    await fireEvent.input(dialog().getByLabelText("To"), { target: { value: "06:00" } });
    dialog().getByText("It ends on the next day.");
    const receiving = dialog().getByRole("textbox", { name: "Receiving, at most" });
    await fireEvent.input(receiving, { target: { value: "2 MB/s" } });
    await fireEvent.blur(receiving);
    await fireEvent.click(dialog().getByRole("button", { name: "Keep" }));
    const days = ["mon", "tue", "wed", "thu", "fri", "sat"];
    const row = { days, from: "22:00", to: "06:00", upload: null, download: 2_000_000 };
    await waitFor(() => expect(fake.snapshot.limits.set.timetable).toEqual([row]));

    await fireEvent.click(button("Change Mon–Sat, 22:00–06:00"));
    for (const box of dialog().getAllByRole("checkbox", { checked: true })) await fireEvent.click(box);
    expect(dialog().getByRole("button", { name: "Keep" })).toBeDisabled();
    await fireEvent.click(dialog().getByRole("checkbox", { name: "Sunday" }));
    await fireEvent.click(dialog().getByRole("button", { name: "Keep" }));
    await fireEvent.click(await screen.findByRole("button", { name: "Remove Sun, 22:00–06:00" }));
    await waitFor(() => expect(fake.snapshot.limits.set.timetable).toEqual([]));
  });

  test("the overview says what a limit holds back, and leads to it", async () => {
    const { fake } = await showWindow("busy");
    fake.change((now) => {
      now.limits.upload = 2_000_000;
      now.limits.holds_upload = true;
    });
    await fireEvent.click(await screen.findByRole("button", { name: "Sending is limited to 2.0 MB/s" }));
    await screen.findByRole("heading", { name: "Limits" });
  });

  test("a proxy is set with its user and password, and told to nobody else", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    await screen.findByText("Used for the hub: no proxy");
    await fireEvent.click(screen.getByRole("radio", { name: /This proxy/ }));
    const save = within(screen.getByRole("region", { name: "Network" })).getByRole("button", {
      name: "Save",
    });
    expect(save).toBeDisabled();
    const type = (name: string, value: string) =>
      fireEvent.input(screen.getByLabelText(name), { target: { value } });
    await type("Address of the proxy", "http://proxy.lan:3128");
    expect(screen.queryByLabelText("Password")).toBeNull();
    await type("User", "ann");
    expect(screen.getByLabelText("Password")).toHaveAttribute("type", "password");
    await type("Password", "geheim");
    await fireEvent.click(save);
    await screen.findByText("Used for the hub: http://proxy.lan:3128");
    const wish = { proxy: "http://proxy.lan:3128", user: "ann", password: "geheim", place: null };
    expect(calls(fake, "saveProxy")).toEqual([[wish]]);

    // What is kept need not be typed again, and another user does not get it.
    expect(screen.getByLabelText("Password")).toHaveAccessibleDescription(/One is kept/);
    expect(screen.getByLabelText("Password")).toHaveValue("");
    await type("User", "bob");
    expect(screen.getByLabelText("Password")).not.toHaveAccessibleDescription(/One is kept/);
    await fireEvent.click(button("Forget the password"));
    await screen.findByText("Used for the hub: no proxy");
    expect(screen.getByRole("radio", { name: /settings of this computer say/ })).toBeChecked();
  });

  test("where the keyring does not help, the password of a proxy can go to a file", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    await fireEvent.click(screen.getByRole("radio", { name: /This proxy/ }));
    const type = (name: string, value: string) =>
      fireEvent.input(screen.getByLabelText(name), { target: { value } });
    await type("Address of the proxy", "socks5://proxy.lan:1080");
    await type("User", "ann");
    await type("Password", "geheim");
    const args = { proxy: "socks5://proxy.lan:1080", reason: "it is locked" };
    fake.refuse.set("saveProxy", { code: "PROXY_LOGIN_UNAVAILABLE", args, message: "" });
    await fireEvent.click(
      within(screen.getByRole("region", { name: "Network" })).getByRole("button", { name: "Save" }),
    );
    await fireEvent.click(await screen.findByRole("button", { name: "Keep it in a file" }));
    await screen.findByText("Used for the hub: socks5://proxy.lan:1080");
    expect(calls(fake, "saveProxy").map(([wish]) => (wish as { place: unknown }).place)).toEqual([
      null,
      "file",
    ]);
  });

  test("the computer is renamed", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    await fireEvent.click(button("Rename this computer"));
    await fireEvent.input(dialog().getByRole("textbox"), { target: { value: "Bench 2" } });
    await fireEvent.click(dialog().getByRole("button", { name: "Rename" }));
    await waitFor(() => expect(fake.snapshot.endpoint?.name).toBe("smith#Bench 2"));
  });

  test("removing the computer needs a yes, and can be done here alone when the hub is away", async () => {
    const { fake } = await showWindow("busy");
    await page("Settings");
    await fireEvent.click(button("Remove this computer…"));
    await fireEvent.click(dialog().getByRole("checkbox"));
    fake.refuse.set("removeComputer", data.problems.unreachable);
    await fireEvent.click(dialog().getByRole("button", { name: "Remove" }));
    await fireEvent.click(await dialog().findByRole("button", { name: "Remove it only here" }));
    await screen.findByRole("heading", { name: /sign in|hub|name|called/i });
    expect(calls(fake, "removeComputer")).toEqual([[false], [true]]);
  });

  test("who is signed out can sign in there", async () => {
    const { fake } = await showWindow("signed-out");
    await page("Settings");
    await fireEvent.click(button("Sign in with the browser"));
    await screen.findByText(/Waiting for you to sign in/);
    expect(calls(fake, "openUrl")).toHaveLength(1);
    fake.signedIn();
    await screen.findByText("smith@hub.alliance.example");
  });

  test("an update is offered and installed on a click", async () => {
    const { fake } = await showWindow("update");
    await page("Settings");
    await fireEvent.click(button("Install and restart"));
    await screen.findByText("Installing…");
    expect(calls(fake, "installUpdate")).toHaveLength(1);
  });
});

describe("help", () => {
  test("the check says its verdict in a sentence", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "check" });
    await screen.findByText(/^The connection works, but not every shared folder/);
    await screen.findByText(/^It works\. The router here gives every connection another port/);
  });

  test("the check speaks French all through, and its result is copied", async () => {
    const { fake } = await showWindow("busy");
    fake.changeShell((state) => (state.settings.language = "fr"));
    fake.go({ page: "check" });
    await screen.findByText(/^La connexion fonctionne, mais/);
    expect(screen.getByRole("dialog").textContent).not.toMatch(/\b(the|is|works|hub's)\b/);
    await fireEvent.click(button("Copier le résultat"));
    await screen.findByText(/^Le résultat est copié/);
    const copied = calls(fake, "copyText")[0]?.[0];
    expect(copied).toMatch(/^La connexion fonctionne/);
    expect(copied).toContain("Taille des paquets");
  });

  test("diagnostics are copied and saved", async () => {
    const { fake } = await showWindow("busy");
    fake.go({ page: "log" });
    await screen.findByRole("region", { name: "Log" });
    await fireEvent.click(button("Copy diagnostics"));
    await fireEvent.click(button("Save diagnostics…"));
    await screen.findByText("Saved as /home/smith/outport-diagnostics.txt.");
    expect(calls(fake, "copyText")).toHaveLength(1);
  });
});

describe("the first run", () => {
  test("where the hub is behind a proxy that wants a password, it is set before the sign-in", async () => {
    const { fake } = await showWindow("fresh");
    await fireEvent.input(screen.getByLabelText("Address"), { target: { value: "hub.alliance.example" } });
    const args = { proxy: "http://proxy.lan:3128" };
    fake.refuse.set("checkHub", { code: "PROXY_NEEDS_LOGIN", args, message: "" });
    await fireEvent.click(button("Look for the hub"));
    await fireEvent.click(await screen.findByRole("button", { name: "Set the proxy" }));
    await fireEvent.click(dialog().getByRole("radio", { name: /This proxy/ }));
    const type = (name: string, value: string) =>
      fireEvent.input(dialog().getByLabelText(name), { target: { value } });
    await type("Address of the proxy", args.proxy);
    await type("User", "ann");
    await type("Password", "geheim");
    await fireEvent.click(dialog().getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(fake.snapshot.proxy).toMatchObject({ address: args.proxy, user: "ann" });
    await fireEvent.click(button("My network has a proxy…"));
    dialog().getByRole("radio", { name: /This proxy/ });
  });

  test("leads from nothing to a computer that works", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { fake } = await showWindow("fresh");
    const next = (name: string) => fireEvent.click(button(name));
    await fireEvent.input(screen.getByRole("textbox", { name: "Address" }), {
      target: { value: "hub.alliance.example" },
    });
    await next("Look for the hub");
    await screen.findByText("Digital Research Alliance");
    await next("Continue");
    await fireEvent.click(await screen.findByRole("button", { name: "Sign in with the browser" }));
    await screen.findByText(/Waiting for you/);
    fake.signedIn();
    await screen.findByRole("heading", { name: "What is this computer called?" });
    await screen.findByText("This name is free.");
    expect(screen.getByText("smith#WorkPC")).toBeVisible();
    await next("Register this computer");
    await screen.findByRole("heading", { name: "Which folders may be reached?" });
    await fireEvent.click(button("Add a folder…"));
    await screen.findByRole("listitem", { name: "/home/smith/Measurements" });
    await next("Continue");
    await screen.findByRole("heading", { name: "When should it work?" });
    await next("Continue");
    await screen.findByRole("heading", { name: "Does it work?" });
    await next("Finish");
    await screen.findByRole("heading", { level: 1, name: "smith#WorkPC" });
    vi.useRealTimers();
  });

  test("a sign-in that is over before the window hears of it goes on too", async () => {
    const { fake } = await showWindow("fresh");
    await fireEvent.input(screen.getByRole("textbox", { name: "Address" }), {
      target: { value: "hub.alliance.example" },
    });
    await fireEvent.click(button("Look for the hub"));
    await screen.findByText("Digital Research Alliance");
    await fireEvent.click(button("Continue"));
    await screen.findByRole("button", { name: "Sign in with the browser" });
    fake.signedIn();
    await screen.findByRole("heading", { name: "What is this computer called?" });
  });

  test("a hub that does not answer says what to do, and nothing typed is lost", async () => {
    await showWindow("fresh");
    await fireEvent.input(screen.getByRole("textbox", { name: "Address" }), {
      target: { value: "nowhere.example" },
    });
    await fireEvent.click(button("Look for the hub"));
    expect(await screen.findByRole("alert")).toHaveTextContent("cannot be reached");
    expect(screen.getByRole("textbox", { name: "Address" })).toHaveValue("nowhere.example");
  });

  test("a desktop without a browser gets a code", async () => {
    const { fake } = await showWindow("fresh", (platform) => {
      platform.shell.settings.setup_step = 2;
      platform.shell.settings.setup_draft = JSON.stringify({ address: "https://hub.alliance.example" });
    });
    fake.refuse.set("openUrl", { code: "INTERNAL", args: { request: "" }, message: "" });
    await fireEvent.click(await screen.findByRole("button", { name: "Sign in with the browser" }));
    await screen.findByText("WXYZ-4821");
  });
});
