import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { en } from "./en";
import facts from "./facts.json";
import { fr } from "./fr";
import type { Message } from "./i18n.svelte";
import problems from "./problems.json";

const ROOT = join(import.meta.dirname, "..");
const english: Record<string, Message> = en;
const french: Record<string, Message> = fr;

describe("the catalogue", () => {
  test("both languages have the same messages", () => {
    expect(Object.keys(french).sort()).toEqual(Object.keys(english).sort());
  });

  test("a message has the same placeholders in both languages and in all its forms", () => {
    for (const key of Object.keys(english)) {
      const expected = placeholders(forms(english[key]).join(" "));
      for (const form of [...forms(english[key]), ...forms(french[key])]) {
        // "one" may do without its number: "one file".
        const found = placeholders(form);
        expect([...found, ...expected.filter((name) => name === "n")].sort(), `${key}: ${form}`).toEqual(
          [...new Set([...expected, ...found])]
            .sort()
            .flatMap((name) => (name === "n" && found.includes("n") ? ["n", "n"] : [name])),
        );
      }
    }
  });

  test("a message that counts does so in both languages", () => {
    for (const key of Object.keys(english)) {
      expect(typeof french[key], key).toBe(typeof english[key]);
    }
  });

  test("every message is used", () => {
    const source = sources(ROOT).join("\n");
    // A family is asked for by a word of the bridge, as `state.${snapshot.state}`: the types see to its members.
    const families = [...source.matchAll(/t\(`([\w.]*)\$\{[^}]*\}([\w.]*)`/g)].map(
      ([, before = "", after = ""]) => new RegExp(`^${before}\\w+${after}$`.replaceAll(".", "\\.")),
    );
    const unused = Object.keys(english).filter(
      (key) => !source.includes(`"${key}"`) && !families.some((family) => family.test(key)),
    );
    expect(unused).toEqual([]);
  });

  test("no text of the screens stands outside the catalogue", () => {
    const loose = components(ROOT).flatMap(([file, text]) =>
      looseWords(text).map((words) => `${file}: ${words}`),
    );
    expect(loose).toEqual([]);
  });

  test("every problem and every fact speaks both languages", () => {
    for (const [code, texts] of Object.entries({ ...problems, ...facts })) {
      expect(placeholders(texts.fr), code).toEqual(placeholders(texts.en));
    }
  });
});

function forms(message: Message | undefined): string[] {
  if (message === undefined) return [];
  return typeof message === "string" ? [message] : [message.one, message.other];
}

function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""))].sort();
}

function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

function sources(dir: string): string[] {
  const wanted = (path: string) => /\.(svelte|ts)$/.test(path) && !/\.test\.ts$|i18n.(en|fr)\.ts$/.test(path);
  return files(dir)
    .filter(wanted)
    .map((path) => readFileSync(path, "utf8"));
}

function components(dir: string): [string, string][] {
  return files(dir)
    .filter((path) => path.endsWith(".svelte"))
    .map((path) => [path.slice(dir.length + 1), readFileSync(path, "utf8")]);
}

/** Words between tags of a component, other than names that no language translates. */
function looseWords(component: string): string[] {
  const markup = component
    .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, "")
    .replace(/\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, "");
  const texts = [...markup.matchAll(/>([^<>]+)</g)].map((match) => (match[1] ?? "").trim());
  return texts.filter((text) => /\p{L}{2,}/u.test(text) && !["Outport", "MIT, Apache-2.0"].includes(text));
}
