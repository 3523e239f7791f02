import { choose, LANGUAGES, speak, type Language } from "./index";

const KEPT = "workshop-language";
const CATALOGUES = { en: () => import("./en"), de: () => import("./de"), "zh-CN": () => import("./zh-CN") };

/** What the reader chose here before, else the browser's. */
export function wantedLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  return kept !== null && kept in LANGUAGES ? (kept as Language) : choose(navigator.languages);
}

/** Everything is said in this language, now and at the next visit. */
export async function setLanguage(language: Language, keep: boolean): Promise<void> {
  speak(language, (await CATALOGUES[language]()).default);
  document.documentElement.lang = language;
  if (keep) localStorage.setItem(KEPT, language);
}
