import { describe, expect, it } from "vitest";

import { piecesOf } from "../src/inbox/links";

const OWN = "http://127.0.0.1:8111";
const links = (text: string) => piecesOf(text, OWN).filter((piece) => piece.href !== undefined);

describe("piecesOf", () => {
  it("keeps every character of the text", () => {
    for (const text of [
      "",
      "plain",
      `See ${OWN}/#t=a.b&go=/x.`,
      "(https://example.org/a_(b)) and http://[bad",
      "a\nhttps://x.y\n\nb",
      "<b>&amp;</b>",
    ]) {
      expect(
        piecesOf(text, OWN)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }
  });
  it("finds the app's own addresses and those of others", () =>
    expect(links(`${OWN}/#/chairs then https://example.org/guide`).map((piece) => piece.isOwn)).toEqual([true, false]));
  it("leaves a sentence's end outside of the address", () =>
    expect(links(`Look at ${OWN}/#/chairs. Or (https://example.org)!`).map((piece) => piece.text)).toEqual([
      `${OWN}/#/chairs`,
      "https://example.org",
    ]));
  it("keeps brackets that were opened in it", () =>
    expect(links("https://example.org/a_(b)")[0]!.text).toBe("https://example.org/a_(b)"));
  it("stops at the full stop of a Chinese sentence", () =>
    expect(links(`请打开 ${OWN}/#/chairs。谢谢`)[0]!.text).toBe(`${OWN}/#/chairs`));
  it("makes no link of anything but http and https", () => {
    for (const text of [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "ftp://x.y",
      "JAVASCRIPT://%0aalert(1)",
    ])
      expect(links(text)).toEqual([]);
  });
  it("makes no link of an address that hides its host behind a name", () =>
    expect(links("http://127.0.0.1:8111@evil.example/")).toEqual([]));
  it("takes a longer host for another's", () =>
    expect(links("http://127.0.0.1:81110/ http://127.0.0.1:8111.evil.example/").some((piece) => piece.isOwn)).toBe(
      false,
    ));
});
