import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Site, findChromium, openSite } from "../../scripts/browser";
import { VIEWS } from "../../scripts/views";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const chromium = findChromium();

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

// Where nothing may be skipped, a missing browser is a failure.
const skipped = chromium === undefined && process.env["OUTPORT_NO_SKIP"] === undefined;

describe.skipIf(skipped)("in a real browser", () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(chromium ?? "");
  });
  afterAll(() => site?.close());

  let page: Page;
  beforeAll(async () => {
    page = await (await site.browser.newContext({ reducedMotion: "reduce" })).newPage();
    page.setDefaultTimeout(10_000);
  });

  /** Opens a view in the one tab that all tests share: the fake host lives in the page and begins anew. */
  async function open(query: string, size = { width: 1080, height: 720 }): Promise<Page> {
    await page.setViewportSize(size);
    await page.goto(`${site.url}?${query}&still`);
    await page.locator("h1").first().waitFor();
    return page;
  }

  /** What axe finds serious or critical on the page, as text. */
  async function faults(): Promise<string> {
    await page.evaluate(AXE);
    const found = (await page.evaluate("axe.run().then((result) => result.violations)")) as Violation[];
    const grave = found.filter(({ impact }) => impact === "serious" || impact === "critical");
    return grave
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join("\n")}`)
      .join("\n");
  }

  describe.each(["light", "dark"])("%s", (theme) => {
    test.each(VIEWS.map((view) => [view.name, view] as const))(
      "%s has no accessibility fault",
      async (_name, view) => {
        const page = await open(`${view.query}&theme=${theme}`);
        for (const step of view.steps ?? []) await step(page);
        expect(await faults()).toBe("");
      },
    );
  });

  test.each([
    { width: 760, height: 520 },
    { width: 1080, height: 720 },
    { width: 1600, height: 1000 },
  ])("nothing is cut off at $width by $height, in French", async (size) => {
    for (const view of VIEWS) {
      const page = await open(`${view.query}&language=fr`, size);
      for (const step of view.steps ?? []) await step(page);
      const wide = await page.evaluate(() => {
        const inside = (element: Element): boolean => getComputedStyle(element).position !== "fixed";
        const edge = (element: Element): number =>
          element.closest("dialog")?.getBoundingClientRect().right ?? innerWidth;
        return [...document.querySelectorAll("button, h1, h2, input, select, [role=switch]")]
          .filter((element) => inside(element) && 0 < element.getBoundingClientRect().width)
          .filter(
            (element) =>
              edge(element) < element.getBoundingClientRect().right - 1 ||
              element.getBoundingClientRect().left < -1,
          )
          .filter((element) => !element.closest(".visually-hidden"))
          .map((element) => element.outerHTML.slice(0, 120));
      });
      expect(wide, view.name).toEqual([]);
    }
  });

  test("what is dragged to the other pane is sent", async () => {
    const page = await open("scenario=busy&page=files&collection=alliancecan%23rorqual");
    const row = page.locator("[data-pane=left] [role=row]", { hasText: "README.md" });
    const from = await row.boundingBox();
    const to = await page.locator("[data-pane=right]").boundingBox();
    if (from === null || to === null) throw new Error("the panes are not there");
    await page.mouse.move(from.x + 60, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(to.x + 90, to.y + 200, { steps: 6 });
    await page.locator(".ghost.welcome").waitFor();
    await page.mouse.up();
    await page.getByText("1 entry is on its way.").waitFor();
  });

  test("a hundred thousand entries scroll to their end, and keys go there", async () => {
    const page = await open("scenario=busy&page=files&collection=alliancecan%23rorqual");
    await page.locator("[data-pane=left] [role=row]", { hasText: "all sequences" }).dblclick();
    await page.getByText("100,000 entries").waitFor();
    const grid = page.locator("[data-pane=left] [role=grid]");
    await grid.focus();
    await page.keyboard.press("End");
    await page.getByText("read_100000.fastq.gz").waitFor();
    expect(await page.locator("[data-pane=left] [role=row]").count()).toBeLessThan(80);
    await page.keyboard.press("Home");
    await page.getByText("read_000001.fastq.gz").waitFor();
  });

  test("the whole window is used by keys alone", async () => {
    const page = await open("scenario=busy");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Overview");
    await page.keyboard.press("Control+2");
    await page.getByRole("heading", { level: 1, name: "Folders" }).waitFor();
    await page
      .getByRole("button", { name: /^More about/ })
      .first()
      .focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Cancel");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  /** What has the focus, by its name. */
  const focused = () =>
    page.evaluate(() => {
      const active = document.activeElement;
      return active?.getAttribute("aria-label") ?? active?.textContent?.trim() ?? "";
    });

  test("a button of a menu closes it again", async () => {
    const page = await open("scenario=busy");
    const pause = page.getByRole("button", { name: "Pause" });
    await pause.click();
    await page.getByRole("menu").waitFor();
    await pause.click();
    expect(await page.getByRole("menu").count()).toBe(0);
  });

  test("the focus goes back to where a dialog or menu was opened", async () => {
    const page = await open("scenario=busy&page=folders");
    const more = page.getByRole("button", { name: /^More about/ }).first();
    await more.focus();
    for (const key of ["Enter", "End", "Enter"]) await page.keyboard.press(key);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toMatch(/^More about/);
  });

  test("the focus goes to the title when what had it is removed", async () => {
    const page = await open("scenario=busy&page=folders");
    await page
      .getByRole("button", { name: /^More about/ })
      .first()
      .focus();
    for (const key of ["Enter", "End", "Enter"]) await page.keyboard.press(key);
    await page.getByRole("dialog").waitFor();
    for (const key of ["Tab", "Enter"]) await page.keyboard.press(key);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("Folders");
  });

  test("files are filtered, renamed and deleted by keys, and the keys stay in the pane", async () => {
    const page = await open("scenario=busy&page=files&collection=alliancecan%23rorqual");
    const left = page.locator("[data-pane=left]");
    const grid = left.locator("[role=grid]");
    await left.getByText("README.md").waitFor();
    await grid.focus();
    for (const key of ["Control+f", "r", "e", "a", "d"]) await page.keyboard.press(key);
    await left.getByText("1 entry").waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("Left side");
    await page.keyboard.press("Control+f");
    await page.keyboard.press("Escape");
    await left.getByText("10 entries").waitFor();
    for (const [key, title] of [
      ["F2", "Rename"],
      ["Delete", "Delete 1 entry for good?"],
      ["Control+Shift+N", "New folder"],
    ] as const) {
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press(key);
      await page.getByRole("dialog", { name: title }).waitFor();
      // What stands above a page is answered first.
      await page.keyboard.press("Control+1");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await grid.evaluate((element) => element === document.activeElement), key).toBe(true);
    }
  });

  test("how a transfer is done is chosen by keys, and is kept on other pages", async () => {
    const page = await open("scenario=busy&page=files&collection=alliancecan%23rorqual");
    await page.getByRole("button", { name: "Options…" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Transfer options" }).waitFor();
    await page.getByRole("radio", { name: /everything/i }).focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    await page.getByRole("dialog").getByText("Copies what is newer; keeps times, verifies").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("Options…");
    await page.keyboard.press("Control+1");
    await page.keyboard.press("Control+4");
    await page.getByText("Copies what is newer; keeps times, verifies").waitFor();
  });

  test("a collection is found and opened by keys", async () => {
    const page = await open("scenario=busy&page=files");
    await page.locator("[data-pane=right] .where").focus();
    for (const key of ["Enter", "Tab", "ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    expect(await focused()).toBe("All");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type("rorqual");
    await page.locator("dialog [aria-busy=false] li").waitFor();
    await page.keyboard.press("Enter");
    await page.locator("[data-pane=right]").getByText("quota.txt").waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
  });

  test("a task is looked at and left by keys, in a small window too", async () => {
    for (const size of [
      { width: 1080, height: 720 },
      { width: 800, height: 600 },
    ]) {
      const page = await open("scenario=busy&page=activity", size);
      await page.locator("[role=listbox]").focus();
      await page.keyboard.press("Home");
      const cancel = page.getByRole("button", { name: "Cancel task" });
      await cancel.waitFor();
      if (size.width < 900) await page.waitForFunction(() => document.activeElement?.tagName === "H2");
      await cancel.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await focused()).toBe("Cancel task");
      await page.keyboard.press("Escape");
      await cancel.waitFor({ state: "detached" });
      expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("listbox");
    }
  });

  test("the first run is walked by keys alone", async () => {
    const page = await open("scenario=fresh");
    await page.keyboard.press("Tab");
    await page.keyboard.type("hub.alliance.example");
    await page.keyboard.press("Enter");
    await page.locator(".callout").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    for (const key of ["Tab", "Tab", "Enter"]) await page.keyboard.press(key);
    await page.getByText("WXYZ-4821").waitFor();
    await page.waitForFunction(() => document.activeElement !== document.body);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Open the page here");
  });

  test("axe would find a fault", async () => {
    await open("scenario=busy");
    await page.addStyleTag({ content: ".muted { color: #ccc !important; }" });
    expect(await faults()).toContain("color-contrast");
  });

  test("the window's content policy is enough", async () => {
    const config = JSON.parse(
      readFileSync(new URL("../../../src-tauri/tauri.conf.json", import.meta.url), "utf8"),
    );
    const policy = String(config.app.security.csp);
    const context = await site.browser.newContext();
    const strict = await context.newPage();
    const refused: string[] = [];
    strict.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) refused.push(message.text());
    });
    await strict.route(`${site.url}?*`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), "content-security-policy": policy },
      });
    });
    await strict.goto(`${site.url}?scenario=busy&page=files&collection=alliancecan%23rorqual`);
    await strict.getByText("README.md").waitFor();
    await strict.keyboard.press("Control+1");
    await strict.getByRole("button", { name: "Pause" }).click();
    await strict.getByRole("menu").waitFor();
    expect(refused).toEqual([]);
    await context.close();
  });

  test("the page asks nothing of the network", async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${site.url}?scenario=busy`);
    await page.locator("h1").first().waitFor();
    expect(asked.filter((url) => !url.startsWith(site.url))).toEqual([]);
    await context.close();
  });
});
