import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { preview } from "vite";

const PLACES = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:/Program Files/Google/Chrome/Application/chrome.exe",
];

/** The Chromium of this machine, if it has one. */
export function findChromium(): string | undefined {
  return PLACES.find((place): place is string => place !== undefined && existsSync(place));
}

/** The built screens with the fake host, and a browser to look at them. */
export interface Site {
  url: string;
  browser: Browser;
  close(): Promise<void>;
}

/** Opens the site that `vite build --mode fake` made. */
export async function openSite(executablePath: string): Promise<Site> {
  // The system chooses the port, so that two runs never meet.
  const server = await preview({ mode: "fake", logLevel: "error", preview: { port: 0, host: "127.0.0.1" } });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("The preview server has no port.");
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--font-render-hinting=none"],
  });
  return {
    url: `http://127.0.0.1:${address.port}/`,
    browser,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}
