import { en } from "./en";
import { fr } from "./fr";

/** The languages that the screens speak. */
export type Language = "en" | "fr";

/** A text, or its two forms when it counts `{n}` things. */
export type Message = string | { readonly one: string; readonly other: string };

export type Key = keyof typeof en;

type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<M> = M extends string
  ? Names<M>
  : M extends { readonly one: infer One; readonly other: infer Other }
    ? "n" | Names<One> | Names<Other>
    : never;
type Args<K extends Key> = [NamesOf<(typeof en)[K]>] extends [never]
  ? []
  : [Record<NamesOf<(typeof en)[K]>, string | number>];

/** The keys of messages without arguments, for tables of labels. */
export type PlainKey = { [K in Key]: [NamesOf<(typeof en)[K]>] extends [never] ? K : never }[Key];

const catalogues: Record<Language, Record<Key, Message>> = { en, fr };

class I18n {
  language: Language = $state("en");
  /** BCP 47, with the region of the system where it speaks the same language. */
  locale: string = $state("en");

  use(language: Language, systemLocale: string): void {
    this.language = language;
    this.locale =
      systemLocale.toLowerCase().startsWith(language) && isLocale(systemLocale) ? systemLocale : language;
    if (typeof document !== "undefined") document.documentElement.lang = language;
  }
}

/** Systems name locales that Intl does not take, like `en_US.UTF-8`. */
function isLocale(name: string): boolean {
  try {
    return 0 < Intl.getCanonicalLocales(name).length;
  } catch {
    return false;
  }
}

/** The language in use; screens follow it live. */
export const i18n = new I18n();

/** The text of a message in the language in use. */
export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const values: Record<string, string | number> = args[0] ?? {};
  const message = catalogues[i18n.language][key];
  return fill(typeset(typeof message === "string" ? message : plural(message, values["n"])), values);
}

/** French keeps its high punctuation on the line of the word before. */
export function typeset(template: string): string {
  return i18n.language === "fr" ? template.replace(/ (?=[:;?!»])/g, "\u00a0") : template;
}

/** Puts arguments in the place of `{name}`; numbers take the form of the locale. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? "?");
  });
}

/** A number as the locale writes it. */
export function number(value: number): string {
  return cached(numbers, i18n.locale, () => new Intl.NumberFormat(i18n.locale)).format(value);
}

function plural(message: { one: string; other: string }, n: string | number | undefined): string {
  const rules = cached(plurals, i18n.language, () => new Intl.PluralRules(i18n.language));
  return rules.select(Number(n)) === "one" ? message.one : message.other;
}

/** Takes an Intl object out of its cache: they are slow to make and needed for every row. */
export function cached<T>(cache: Map<string, T>, name: string, make: () => T): T {
  let value = cache.get(name);
  if (value === undefined) {
    value = make();
    cache.set(name, value);
  }
  return value;
}

const numbers = new Map<string, Intl.NumberFormat>();
const plurals = new Map<string, Intl.PluralRules>();
