import { copyFile, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findChromium, openSite } from "./browser";
import { VIEWS } from "./views";

/**
 * Takes a picture of every view, light and dark, in English and French: `npm run screenshots [-- NAME…]`.
 * Some of them stand in the user's guide, light and in English, and are put there.
 */

const OUT = resolve(process.env["SCREENSHOTS"] ?? "screenshots");
const GUIDE = resolve("../docs/images/desktop");
const NAMES = process.argv.slice(2);
/** Pictures differ only where the screens do. */
const NOW = new Date("2026-11-21T10:58:00");

const chromium = findChromium();
if (chromium === undefined)
  throw new Error("No Chromium found. Install one, or set CHROMIUM to its program.");
const site = await openSite(chromium);
try {
  if (NAMES.length === 0) await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  for (const theme of ["light", "dark"]) {
    for (const language of ["en", "fr"]) await takeAll(theme, language);
  }
} finally {
  await site.close();
}

async function takeAll(theme: string, language: string): Promise<void> {
  const context = await site.browser.newContext({
    viewport: { width: 1080, height: 720 },
    locale: language === "fr" ? "fr-CA" : "en-GB",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.clock.setFixedTime(NOW);
  for (const view of VIEWS) {
    if (0 < NAMES.length && !NAMES.includes(view.name)) continue;
    await page.goto(`${site.url}?${view.query}&theme=${theme}&language=${language}&still`);
    await page.locator("h1").first().waitFor();
    for (const step of view.steps ?? []) await step(page);
    await page.waitForLoadState("networkidle");
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const path = join(OUT, `${view.name}-${theme}-${language}.png`);
    await page.screenshot({ path });
    if (view.guide && theme === "light" && language === "en") {
      await copyFile(path, join(GUIDE, `${view.name}.png`));
    }
  }
  await context.close();
}
