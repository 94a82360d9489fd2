import type { Fact, FactCode } from "../platform/types";
import catalogue from "./facts.json";
import { type Language, fill, i18n, typeset } from "./i18n.svelte";

/** What a check found, in the language in use. The texts come from the catalogue of problems and facts. */
export function factText(fact: Fact): string {
  return fill(typeset(TEXTS[fact.code][i18n.language]), fact.args);
}

const TEXTS: Record<FactCode, Record<Language, string>> = catalogue;
