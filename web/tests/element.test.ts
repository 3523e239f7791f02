import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { ATTRIBUTES, EVENTS } from "../src/element/interface";

const guide = readFileSync(new URL("../../docs/embedding.md", import.meta.url), "utf8");
const example = /```html\n(.*?)```/s.exec(guide)![1]!;
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

it("is described with all its attributes and events, and no others", () => {
  expect(matches(guide, /^\| `(\w+)` \|/gm)).toEqual([...ATTRIBUTES, ...EVENTS]);
});

it("stands in an example of 30 lines that says and hears nothing else", () => {
  const said = [
    ...matches(/<workshop-drop ([^>]*)>/.exec(example)![1]!, /(\w+)=/g),
    ...matches(example, /setAttribute\("(\w+)"/g),
  ];
  expect([...said].sort()).toEqual([...ATTRIBUTES].sort());
  expect(matches(example, /addEventListener\("(\w+)"/g)).toEqual([...EVENTS]);
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(30);
});
