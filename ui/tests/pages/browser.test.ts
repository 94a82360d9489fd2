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
      const wide = await page.evaluate(() => {
        const inside = (element: Element): boolean => getComputedStyle(element).position !== "fixed";
        return [...document.querySelectorAll("button, h1, h2, input, select, [role=switch]")]
          .filter((element) => inside(element) && 0 < element.getBoundingClientRect().width)
          .filter(
            (element) =>
              innerWidth < element.getBoundingClientRect().right - 1 ||
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
