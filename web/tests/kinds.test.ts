import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { kindOf, MOST_PIXELS } from "../src/files/kinds";

const bytes = (...parts: Array<string | number[] | Uint8Array>): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : [...part])),
  );
const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

const chunk = (name: string, data: Uint8Array): Uint8Array => bytes(u32(data.length), name, data, [0, 0, 0, 0]);
const png = (width = 5, height = 3): Uint8Array =>
  bytes(
    "\x89PNG\r\n\x1a\n",
    chunk("IHDR", bytes(u32(width), u32(height), [8, 2, 0, 0, 0])),
    chunk("IDAT", deflateSync(new Uint8Array(100))),
    chunk("IEND", bytes()),
  );
const jpeg = (end: number[] = [0xff, 0xd9]): Uint8Array =>
  bytes(
    [0xff, 0xd8],
    [0xff, 0xe1, 0, 6],
    [0xff, 0xd9, 1, 2],
    [0xff, 0xc0, 0, 11, 8, 0, 3, 0, 5, 1, 0, 0, 0],
    [0xff, 0xda, 0, 8, 1, 2, 3, 4, 5, 6],
    new Uint8Array(50),
    end,
  );

describe("images are known by their first bytes", () => {
  it.each([
    ["image/png", png(), 5, 3],
    ["image/jpeg", jpeg(), 5, 3],
    ["image/jpeg", jpeg([0xff, 0xd9, 1, 2, 3]), 5, 3],
    ["image/gif", bytes("GIF89a", [5, 0, 3, 0, 0, 0, 0, 0]), 5, 3],
    ["image/webp", bytes("RIFF", [22, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 2, 0, 0]), 5, 3],
    ["image/bmp", bytes("BM", new Uint8Array(12), [40, 0, 0, 0, 5, 0, 0, 0, 0xfd, 0xff, 0xff, 0xff]), 5, 3],
    [
      "image/tiff",
      bytes("II*\0", [8, 0, 0, 0, 2, 0], [0, 1, 3, 0, 1, 0, 0, 0, 5, 0, 0, 0], [1, 1, 4, 0, 1, 0, 0, 0, 3, 0, 0, 0]),
      5,
      3,
    ],
  ])("%s", (type, content, width, height) => {
    expect(kindOf(content)).toEqual({ type, width, height });
  });
});

describe("what is cut off is damaged", () => {
  it.each([
    ["png", png()],
    ["jpeg", jpeg()],
  ] as const)("a %s at whatever place", (name, whole) => {
    const short = name === "png" ? whole.length - 12 : whole.length; // a PNG lives without its end mark
    for (let length = 8; length < short; length++)
      expect([length, kindOf(whole.subarray(0, length))]).toEqual([length, { reason: "damaged" }]);
  });

  it("a JPEG of which only the preview is whole", () => {
    expect(kindOf(jpeg([]))).toEqual({ reason: "damaged" });
  });
});

it("too many pixels are refused before anything is decoded", () => {
  expect(kindOf(png(10_000, 10_000))).toEqual({ reason: "too_many_pixels" });
  expect(kindOf(png(1, MOST_PIXELS))).toMatchObject({ type: "image/png" });
});

describe("what is no image is told by its content", () => {
  it.each([
    ["empty", ""],
    ["pdf", "%PDF-1.7"],
    ["heic", "\0\0\0\x18ftypheic"],
    ["avif", "\0\0\0\x18ftypavif"],
    ["video", "\0\0\0\x18ftypisom"],
    ["camera_raw", "\0\0\0\x18ftypcrx "],
    ["camera_raw", "II*\0\x10\0\0\0CR\x02"],
    ["photoshop", "8BPS\0"],
    ["archive", "PK\x03\x04"],
    ["svg", "<svg xmlns="],
    ["text", "<html><script>"],
    ["unreadable", "\xfe\xff\0\x80"],
  ])("%s", (reason, content) => {
    expect(kindOf(bytes(content))).toEqual({ reason });
  });
});

it("any bytes whatever are judged without an error", () => {
  const starts = [
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "\xff\xd8\xff",
    "RIFF\xff\xff\0\0WEBPVP8L",
    "II*\0",
    "MM\0*",
    "BM",
    "GIF8",
    "",
  ];
  let seed = 7;
  const random = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16) & 255;
  for (let n = 0; n < 4000; n++) {
    const content = bytes(starts[n % starts.length]!, Array.from({ length: n % 90 }, random));
    const kind = kindOf(content);
    expect("reason" in kind ? typeof kind.reason : kind.type.startsWith("image/")).toBeTruthy();
  }
});
