import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SCENARIOS, world } from "./platform/fake/scenario";

const ROOT = import.meta.dirname;

function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

const sources = files(ROOT).map((path) => ({
  path: path.slice(ROOT.length + 1),
  text: readFileSync(path, "utf8"),
}));

test("only the platform folder speaks with the host", () => {
  const others = sources.filter(({ path }) => !path.startsWith("platform") && !path.endsWith(".test.ts"));
  expect(
    others.filter(({ text }) => /from "@tauri-apps|__TAURI__/.test(text)).map(({ path }) => path),
  ).toEqual([]);
});

test("colours stand in the tokens alone", () => {
  const components = sources.filter(({ path }) => path.endsWith(".svelte"));
  const coloured = components.filter(({ text }) => /#[0-9a-f]{3,8}\b|rgb\(|hsl\(/i.test(style(text)));
  expect(coloured.map(({ path }) => path)).toEqual([]);
});

test("no component is longer than one can take in", () => {
  const long = sources.filter(
    ({ path, text }) => path.endsWith(".svelte") && 150 < code(text).split("\n").length,
  );
  expect(long.map(({ path }) => path)).toEqual([]);
});

test("nothing is drawn from text", () => {
  expect(
    sources
      .filter(({ path, text }) => path.endsWith(".svelte") && text.includes("{@html"))
      .map(({ path }) => path),
  ).toEqual([]);
});

test("every scenario of the fake is a world of its own", () => {
  const [busy, ...others] = SCENARIOS.map((scenario) => JSON.stringify(world(scenario)));
  for (const other of others) expect(other).not.toBe(busy);
});

function style(text: string): string {
  return /<style>[\s\S]*<\/style>/.exec(text)?.[0] ?? "";
}

function code(text: string): string {
  return text.replace(style(text), "");
}
