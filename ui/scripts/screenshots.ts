import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findChromium, openSite } from "./browser";
import { VIEWS } from "./views";

/**
 * Takes a picture of every view, light and dark, in English and French: `npm run screenshots [-- NAME…]`,
 * or those of the user's guide alone: `npm run screenshots -- --guide`.
 */

const GUIDE = process.argv.includes("--guide");
const OUT = resolve(process.env["SCREENSHOTS"] ?? (GUIDE ? "../docs/images/desktop" : "screenshots"));
const NAMES = process.argv.slice(2).filter((name) => !name.startsWith("--"));
/** Pictures differ only where the screens do. */
const NOW = new Date("2026-11-21T10:58:00");

const chromium = findChromium();
if (chromium === undefined)
  throw new Error("No Chromium found. Install one, or set CHROMIUM to its program.");
const site = await openSite(chromium);
try {
  if (NAMES.length === 0) await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  for (const theme of GUIDE ? ["light"] : ["light", "dark"]) {
    for (const language of GUIDE ? ["en"] : ["en", "fr"]) await takeAll(theme, language);
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
    if (GUIDE ? !view.guide : 0 < NAMES.length && !NAMES.includes(view.name)) continue;
    await page.goto(`${site.url}?${view.query}&theme=${theme}&language=${language}&still`);
    await page.locator("h1").first().waitFor();
    for (const step of view.steps ?? []) await step(page);
    await page.waitForLoadState("networkidle");
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const name = GUIDE ? view.name : `${view.name}-${theme}-${language}`;
    await page.screenshot({ path: join(OUT, `${name}.png`) });
  }
  await context.close();
}
