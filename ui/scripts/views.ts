import type { Page } from "playwright-core";

/** A view of the screens: the scenario and page that the fake host shows, and what is done there first. */
export interface View {
  name: string;
  /** Stands in the user's guide. */
  guide?: boolean;
  query: string;
  /** What is done in it before the picture. */
  steps?: ((page: Page) => Promise<void>)[];
}

const RUNNING = "7a510000-0000-4000-8000-000000000001";
const FAILED = "7a510000-0000-4000-8000-000000000005";

/** Every page and dialog, each in the states that look different. */
export const VIEWS: View[] = [
  { name: "first-run-1-hub", query: "scenario=fresh" },
  {
    name: "first-run-2-sign-in",
    guide: true,
    query: "scenario=fresh",
    steps: [
      (page) => page.locator("input").fill("hub.alliance.example"),
      (page) => page.locator("button[type=submit]").click(),
      (page) => page.locator(".callout").waitFor(),
      (page) => page.locator("button[type=submit]").click(),
      (page) => page.locator(".body button.quiet").click(),
    ],
  },
  {
    name: "first-run-3-name",
    query: "scenario=fresh&step=3",
    steps: [(page) => page.locator(".state svg").waitFor()],
  },
  { name: "first-run-4-folders", guide: true, query: "scenario=idle&step=4" },
  { name: "first-run-5-habits", query: "scenario=idle&step=5" },
  {
    name: "first-run-6-check",
    query: "scenario=idle&step=6",
    steps: [(page) => page.locator("main li").first().waitFor()],
  },
  { name: "overview", guide: true, query: "scenario=busy" },
  { name: "overview-empty", query: "scenario=empty" },
  { name: "overview-offline", guide: true, query: "scenario=offline" },
  { name: "overview-network-sign-in", query: "scenario=network-sign-in" },
  { name: "overview-paused", query: "scenario=paused" },
  { name: "overview-disk-full", query: "scenario=disk-full" },
  { name: "folders", guide: true, query: "scenario=busy&page=folders" },
  { name: "folders-empty", query: "scenario=empty&page=folders" },
  { name: "activity", guide: true, query: `scenario=busy&page=activity&task=${RUNNING}` },
  { name: "activity-failed", query: `scenario=busy&page=activity&task=${FAILED}` },
  { name: "activity-many", query: "scenario=many&page=activity" },
  {
    name: "files",
    guide: true,
    query: "scenario=busy&page=files&collection=alliancecan%23rorqual",
    steps: [
      (page) => page.locator("[data-pane=left] [role=row]", { hasText: "variants" }).click(),
      (page) =>
        page
          .locator("[data-pane=left] [role=row]", { hasText: "samples.tsv" })
          .click({ modifiers: ["Control"] }),
    ],
  },
  {
    name: "files-long",
    query: "scenario=busy&page=files&collection=smith%23Laptop",
    steps: [(page) => page.locator("[data-pane=left] [role=row]", { hasText: "all sequences" }).dblclick()],
  },
  {
    name: "files-picker",
    query: "scenario=busy&page=files",
    steps: [
      (page) => page.locator("[data-pane=right] .where").click(),
      (page) => page.locator("dialog [role=radio]").last().click(),
      (page) => page.locator("dialog input").fill("a"),
      (page) => page.locator("dialog li button").first().waitFor(),
    ],
  },
  {
    name: "files-options",
    guide: true,
    query: "scenario=busy&page=files&collection=alliancecan%23rorqual",
    steps: [(page) => page.locator("[aria-haspopup=dialog]").last().click()],
  },
  { name: "settings", guide: true, query: "scenario=update&page=settings" },
  {
    name: "check",
    guide: true,
    query: "scenario=busy&page=check",
    steps: [(page) => page.locator("dialog li").first().waitFor()],
  },
  { name: "log", query: "scenario=busy&page=log", steps: [(page) => page.locator("pre").waitFor()] },
  { name: "about", query: "scenario=busy&page=about" },
  { name: "no-agent", query: "scenario=no-agent" },
];
