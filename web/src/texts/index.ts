// The words of the app, in the reader's language, and numbers and times as people there write them.
import type english from "./en";

export const LANGUAGES = { en: "English", "zh-CN": "中文", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;
export type Key = keyof typeof english;
type Text = string | { readonly one?: string; readonly other: string };
export type Texts = Readonly<Record<Key, Text>>;
/** What stands in a sentence's {places}; a number is written as the language does, and `n` chooses the plural. */
export type Values = Readonly<Record<string, string | number>>;

let language: Language = "en";
let texts: Readonly<Record<string, Text>> = {};

export const currentLanguage = (): Language => language;

/** From now on everything is said in this language. */
export function speak(chosen: Language, words: Texts): void {
  language = chosen;
  texts = words;
}

/** The first of the wanted languages that there is, by its tag or by its first part. */
export function choose(wanted: readonly string[]): Language {
  const known = Object.keys(LANGUAGES) as Language[];
  for (const tag of wanted) {
    const first = tag.toLowerCase().split("-")[0];
    const found = known.find((one) => one.toLowerCase().split("-")[0] === first);
    if (found) return found;
  }
  return "en";
}

/** Whether the catalogue has something for a key that is made while the program runs. */
export const has = (key: string): key is Key => Object.hasOwn(texts, key);

/** A sentence of the catalogue. */
export function t(key: Key, values: Values = {}): string {
  const text = texts[key];
  if (text === undefined) return key;
  const n = values.n;
  const plural = typeof n === "number" && new Intl.PluralRules(language).select(n) === "one";
  const sentence = typeof text === "string" ? text : plural && text.one !== undefined ? text.one : text.other;
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return value === undefined ? place : typeof value === "number" ? number(value) : value;
  });
}

export const number = (value: number, options?: Intl.NumberFormatOptions): string =>
  new Intl.NumberFormat(language, options).format(value);

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** A size, such as 3.4 MB. */
export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
  const digits = power > 1 ? 1 : 0;
  return number(value / 1000 ** power, { style: "unit", unit: UNITS[power]!, maximumFractionDigits: digits });
}

/** Dollars: cents matter below ten. */
export const money = (dollars: number): string =>
  number(dollars, { style: "currency", currency: "USD", maximumFractionDigits: dollars < 10 ? 2 : 0 });

const TIMES: ReadonlyArray<readonly [unit: string, seconds: number]> = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const largest = (seconds: number): number => {
  const found = TIMES.findIndex(([, size]) => seconds >= size);
  return found < 0 ? TIMES.length - 1 : found;
};

/** A length of time in its two largest units, such as 2 hr 5 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [, step] = TIMES[largest(whole) + 1] ?? TIMES.at(-1)!;
  let left = Math.round(whole / step) * step;
  const first = largest(left);
  const parts = TIMES.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count ? number(count, { style: "unit", unit, unitDisplay: "short" }) : "";
  });
  return parts.filter(Boolean).join(" ") || number(0, { style: "unit", unit: "second", unitDisplay: "short" });
}

/** A moment, given in seconds since 1970, by the reader's own clock. */
export const moment = (seconds: number, style: "short" | "medium" = "medium"): string =>
  new Intl.DateTimeFormat(language, { dateStyle: style, timeStyle: "short" }).format(seconds * 1000);

/** How long ago, or how far away, such as "3 days ago". */
export function ago(seconds: number, now = Date.now() / 1000): string {
  const away = seconds - now;
  const units: Array<[Intl.RelativeTimeFormatUnit, number]> = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, size] = units.find(([, length]) => Math.abs(away) >= length) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(away / size), unit);
}
