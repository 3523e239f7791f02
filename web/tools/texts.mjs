// Every language says everything, with the same {places}, and plurals where the others have them.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

const ROOT = new URL("../src/texts/", import.meta.url);
const LANGUAGES = ["de", "zh-CN"];
const read = (language, file) => JSON.parse(readFileSync(new URL(`${language}/${file}`, ROOT), "utf8"));
const sentences = (text) => (typeof text === "string" ? [text] : Object.values(text));
const places = (text) => [...new Set(sentences(text).flatMap((one) => one.match(/\{\w+\}/g) ?? []))].sort().join(" ");

const problems = [];
for (const file of readdirSync(new URL("en/", ROOT)).filter((name) => name.endsWith(".json"))) {
  const english = read("en", file);
  const prefix = `${file.replace(".json", "")}.`;
  for (const key of Object.keys(english))
    if (!key.startsWith(prefix)) problems.push(`${file}: ${key} does not begin with ${prefix}`);
  for (const language of LANGUAGES) {
    const other = read(language, file);
    for (const key of new Set([...Object.keys(english), ...Object.keys(other)])) {
      if (!(key in other) || !(key in english))
        problems.push(`${language}/${file}: ${key} is only in ${key in other ? language : "en"}`);
      else if (places(english[key]) !== places(other[key]))
        problems.push(`${language}/${file}: ${key} has other places than en`);
      else if (!sentences(other[key]).every(Boolean)) problems.push(`${language}/${file}: ${key} says nothing`);
    }
  }
}
for (const problem of problems) console.error(problem);
process.exit(problems.length ? 1 : 0);
