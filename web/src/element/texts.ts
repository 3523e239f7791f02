// What the element says, in every language: its page loads one file only.
import germanCatalogue from "../../../layers/workshop/contract/reasons/de.json";
import germanDrop from "../texts/de/drop.json";
import germanReasons from "../texts/de/reasons.json";
import germanShell from "../texts/de/shell.json";
import englishCatalogue from "../../../layers/workshop/contract/reasons/en.json";
import englishDrop from "../texts/en/drop.json";
import englishReasons from "../texts/en/reasons.json";
import englishShell from "../texts/en/shell.json";
import { choose, speak, type Language, type Texts } from "../texts";
import { asReasons } from "../texts/reasons";
import chineseCatalogue from "../../../layers/workshop/contract/reasons/zh-CN.json";
import chineseDrop from "../texts/zh-CN/drop.json";
import chineseReasons from "../texts/zh-CN/reasons.json";
import chineseShell from "../texts/zh-CN/shell.json";

const WORDS: Record<Language, Partial<Texts>> = {
  en: { ...asReasons(englishCatalogue), ...englishReasons, ...englishShell, ...englishDrop },
  de: { ...asReasons(germanCatalogue), ...germanReasons, ...germanShell, ...germanDrop },
  "zh-CN": { ...asReasons(chineseCatalogue), ...chineseReasons, ...chineseShell, ...chineseDrop },
};

/** Speaks the wanted language, or else the first of the browser's that there is. */
export function speakLanguage(wanted: string | null): void {
  const language = choose(wanted ? [wanted] : navigator.languages);
  speak(language, WORDS[language] as Texts);
}
