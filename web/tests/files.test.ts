import { readFileSync } from "node:fs";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";

import { ofFiles, ofPaste, unzipped, type Found } from "../src/files/collect";
import { cleanLabel, countLabels, namesToSend, rename } from "../src/files/labels";
import { kindOfName, numbered, withLabel } from "../src/files/names";
import { listZip } from "../src/files/zip";

const names = JSON.parse(readFileSync(new URL("names.json", import.meta.url), "utf8")) as Record<string, string[]>;

describe("names", () => {
  it.each(Object.entries(names))("are judged as the workshop judges them: %s", (kind, list) => {
    for (const name of list) expect([name, kindOfName(name)]).toEqual([name, kind]);
  });

  it("longer than a file system takes are refused, counted in bytes", () => {
    expect(kindOfName(`${"椅".repeat(84)}.p`)).toBe("image");
    expect(kindOfName(`${"椅".repeat(85)}.p`)).toBe("refused");
  });

  it("get a number before the ending", () => {
    expect([numbered("a/1.png", 2), numbered("a.b/1", 3), numbered(".x", 2)]).toEqual([
      "a/1 (2).png",
      "a.b/1 (3)",
      ".x (2)",
    ]);
  });

  it("keep what is below the label", () => {
    expect([withLabel("cats/a/1.png", "dogs"), withLabel("cats/a/1.png", "")]).toEqual(["dogs/a/1.png", "a/1.png"]);
  });
});

describe("labels", () => {
  const paths = ["cats/1.png", "cats/2.png", "kitten/1.png", "dogs/a/1.png", "loose.png"];

  it("are the outermost folders with their counts", () => {
    expect(countLabels(paths, {})).toEqual({
      labels: [
        { name: "cats", images: 2 },
        { name: "dogs", images: 1 },
        { name: "kitten", images: 1 },
      ],
      without: 1,
    });
  });

  it("put together under one name, and then renamed again, stay together", () => {
    const merged = rename({}, paths, "kitten", "cats");
    const renamed = rename(merged, paths, "cats", "Katzen");
    expect(countLabels(paths, renamed).labels).toEqual([
      { name: "Katzen", images: 3 },
      { name: "dogs", images: 1 },
    ]);
  });

  it("never give two files one name, and the same names at every time", () => {
    const merged = rename({}, paths, "kitten", "cats");
    const sent = namesToSend(paths, merged);
    expect(sent).toEqual(["cats/1.png", "cats/2.png", "cats/1 (2).png", "dogs/a/1.png", "loose.png"]);
    expect(namesToSend(paths, merged)).toEqual(sent);
  });

  it("taken away leave their files without", () => {
    expect(countLabels(paths, rename({}, paths, "dogs", ""))).toMatchObject({ without: 2 });
  });

  it("called like something of an object's, are labels all the same", () => {
    expect(countLabels(["constructor/1.png"], {}).labels).toEqual([{ name: "constructor", images: 1 }]);
  });

  it("are one folder whatever is typed", () => {
    expect([cleanLabel(" a/b\\c\n d "), cleanLabel("..x"), cleanLabel("e\u0301")]).toEqual(["a b c d", "x", "é"]);
  });
});

const given = (path: string, content: BlobPart = "x"): Found => {
  const blob = new Blob([content]);
  return { path, size: blob.size, open: async () => blob };
};
const zipOf = (files: Record<string, Uint8Array | string>): Uint8Array<ArrayBuffer> =>
  zipSync(
    Object.fromEntries(Object.entries(files).map(([n, c]) => [n, typeof c === "string" ? strToU8(c) : c])),
  ) as Uint8Array<ArrayBuffer>;
const pathsOf = (found: Found[]) => found.map(({ path }) => path);

describe("what was chosen", () => {
  const file = (path: string) => Object.assign(new File(["x"], path.split("/").pop()!), { webkitRelativePath: path });

  it("in one folder loses that folder, and keeps the sub-folders", () => {
    expect(pathsOf(ofFiles([file("pics/cats/1.png"), file("pics/2.png"), file(".DS_Store")]))).toEqual([
      "cats/1.png",
      "2.png",
      ".DS_Store",
    ]);
  });

  it("in two folders keeps both", () => {
    expect(pathsOf(ofFiles([file("cats/1.png"), file("dogs/1.png")]))).toEqual(["cats/1.png", "dogs/1.png"]);
  });

  it("is told apart by its time where it was pasted without a name of its own", () => {
    const pasted = [new File(["x"], "image.png"), new File(["x"], "chair.png")];
    const at = new Date("2026-11-28T03:50:07Z");
    expect(pathsOf(ofPaste(pasted, at))).toEqual(["image 2026-11-28 03-50-07.png", "chair.png"]);
  });

  it("comes in Unicode's composed form", () => {
    expect(pathsOf(ofFiles([new File(["x"], "e\u0301.png")]))).toEqual(["é.png"]);
  });
});

describe("a zip", () => {
  it("made by another program is unpacked byte for byte, without its wrapper and what macOS adds", async () => {
    const archive = zipOf({
      "pics/cats/1.png": "one",
      "pics/2.png": "2".repeat(100_000),
      "__MACOSX/pics/._2.png": "junk",
    });
    const found = await unzipped([given("pics.zip", archive)], false);
    expect(pathsOf(found)).toEqual(["cats/1.png", "2.png", "__MACOSX/pics/._2.png"]);
    expect(await (await found[1]!.open()).text()).toBe("2".repeat(100_000));
  });

  it("in a folder is unpacked at its place", async () => {
    expect(pathsOf(await unzipped([given("cats/more.zip", zipOf({ "1.png": "x", "a/2.png": "y" }))], false))).toEqual([
      "cats/1.png",
      "cats/a/2.png",
    ]);
  });

  it("in a zip, an empty one, and one that is none are told", async () => {
    const inner = zipOf({ "1.png": "x" });
    const found = await unzipped(
      [given("a.zip", zipOf({ "b.zip": inner, "1.png": "x" })), given("c.zip", zipOf({})), given("d.zip", "no zip")],
      false,
    );
    expect(found.map(({ path, reason }) => [path, reason])).toEqual([
      ["b.zip", "archive"],
      ["1.png", undefined],
      ["c.zip", "zip_empty"],
      ["d.zip", "zip_damaged"],
    ]);
  });

  it("with the slashes of Windows has folders", async () => {
    expect(pathsOf(await unzipped([given("a.zip", zipOf({ "cats\\1.png": "x", "dogs\\1.png": "y" }))], false))).toEqual(
      ["cats/1.png", "dogs/1.png"],
    );
  });

  it("that leads outside is refused by its names", async () => {
    const [found] = await unzipped([given("a.zip", zipOf({ "../../1.png": "x", "2.png": "y" }))], false);
    expect(kindOfName(found!.path)).toBe("refused");
  });

  it("with names of another age is read as this reader's Windows writes them", async () => {
    const archive = zipOf({ "ABCD.png": "x" });
    const bytes = Buffer.from(archive);
    const old = { chinese: [0xba, 0xec, 0xd2, 0xce], german: [0x84, 0x94, 0x81, 0xe1] };
    for (const [isChinese, raw, expected] of [
      [true, old.chinese, "红椅.png"],
      [false, old.german, "äöüß.png"],
    ] as const) {
      const changed = Buffer.from(bytes);
      for (let at = changed.indexOf("ABCD"); at >= 0; at = changed.indexOf("ABCD", at + 1)) changed.set(raw, at);
      expect((await listZip(new Blob([changed]), isChinese))[0]!.path).toBe(expected);
    }
  });

  const broken = async (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(zipOf({ "1.png": "hello ".repeat(50) }));
    change(bytes);
    return listZip(new Blob([bytes])).then((entries) => entries[0]!.open());
  };
  const listed = (bytes: Buffer) => bytes.indexOf("PK\x01\x02");

  it.each([
    ["encrypted", (bytes: Buffer) => bytes.writeUInt16LE(1, listed(bytes) + 8), "zip_encrypted"],
    ["packed in another way", (bytes: Buffer) => bytes.writeUInt16LE(12, listed(bytes) + 10), "zip_compression"],
    ["of another checksum", (bytes: Buffer) => bytes.writeUInt32LE(7, listed(bytes) + 16), "zip_damaged"],
    ["longer than it says", (bytes: Buffer) => bytes.writeUInt32LE(5, listed(bytes) + 24), "zip_damaged"],
    ["shorter than it says", (bytes: Buffer) => bytes.writeUInt32LE(5000, listed(bytes) + 24), "zip_damaged"],
    [
      "far larger than the archive",
      (bytes: Buffer) => bytes.writeUInt32LE(2_000_000_000, listed(bytes) + 24),
      "zip_too_much",
    ],
    ["beyond the archive's end", (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, listed(bytes) + 42), "zip_damaged"],
    ["damaged where it is packed", (bytes: Buffer) => bytes.fill(0xff, 36, 40), "zip_damaged"],
  ])("with a file that is %s says so", async (_, change, code) => {
    await expect(broken(change)).rejects.toMatchObject({ code });
  });

  it("cut off or changed anywhere gives its files or a reason, and nothing else", async () => {
    const whole = Buffer.from(zipOf({ "cats/1.png": "hello ".repeat(20), "2.png": "x" }));
    const spoilt = [
      ...Array.from({ length: whole.length }, (_, n) => whole.subarray(0, n)),
      ...Array.from({ length: whole.length }, (_, n) =>
        Buffer.concat([whole.subarray(0, n), Buffer.from([whole[n]! ^ 0xff]), whole.subarray(n + 1)]),
      ),
    ];
    for (const bytes of spoilt) {
      const entries = await listZip(new Blob([bytes])).catch((error: Error) => {
        expect(error.name).toBe("ZipProblem");
        return [];
      });
      for (const entry of entries) await entry.open().catch((error: Error) => expect(error.name).toBe("ZipProblem"));
    }
  });
});
