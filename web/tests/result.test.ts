import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Picture, Run } from "../src/api/types";
import { chosenRuns, pairsOf } from "../src/compare/pairs";
import { Favourites } from "../src/result/favourites";
import { filmsOf, groupsOf, nearness, ofSeeds, sizeOf } from "../src/result/groups";
import { choose, chooseAll, NOTHING } from "../src/result/selection";
import { seldom } from "../src/result/seldom";
import { entryNames, fileName, isTooLarge, zipOf } from "../src/result/zip";
import { fitted, halfOf, nextZoom } from "../src/result/zoom";

const picture = (name: string, more: Partial<Picture> = {}): Picture => ({
  name,
  kind: "generated",
  url: `https://objects/${name}`,
  thumbnail: null,
  width: 64,
  height: 64,
  seed: null,
  class: null,
  mixed_of: [],
  original: null,
  distance: null,
  label: null,
  ...more,
});

describe("groupsOf", () => {
  it("puts kinds into the order in which they are looked at, and classes apart", () => {
    const groups = groupsOf([
      picture("s", { kind: "sheet" }),
      picture("m", { kind: "mixed" }),
      picture("b1", { class: "stools" }),
      picture("a1", { class: "chairs" }),
      picture("b2", { class: "stools" }),
      picture("p", { kind: "projected" }),
    ]);
    expect(groups.map((group) => [group.kind, group.class, group.pictures.map((one) => one.name)])).toEqual([
      ["generated", "stools", ["b1", "b2"]],
      ["generated", "chairs", ["a1"]],
      ["mixed", null, ["m"]],
      ["projected", null, ["p"]],
      ["sheet", null, ["s"]],
    ]);
  });
  it("loses no picture and shows none twice", () => {
    const all = Array.from({ length: 50 }, (_, n) =>
      picture(`${n}`, {
        kind: (["generated", "mixed", "projected", "film"] as const)[n % 4]!,
        class: n % 3 ? `${n % 3}` : null,
      }),
    );
    const shown = groupsOf(all).flatMap((group) => group.pictures.map((one) => one.name));
    expect([...shown].sort()).toEqual(all.map((one) => one.name).sort());
  });
  it("begins with the nearest of the recreated images; one without a distance comes last", () => {
    const group = groupsOf(
      [
        [0.4, "far"],
        [null, "unknown"],
        [0.1, "near"],
      ].map(([distance, name]) => picture(name as string, { kind: "projected", distance: distance as number | null })),
    )[0]!;
    expect(group.pictures.map((one) => one.name)).toEqual(["near", "far", "unknown"]);
  });
});

describe("nearness", () => {
  const all = [0.1, 0.3, 0.31, 0.9].map((distance, n) => picture(`${n}`, { distance }));
  it("tells one from the others of its run", () =>
    expect(all.map((one) => nearness(one.distance, all))).toEqual(["nearer", "alike", "alike", "farther"]));
  it("says nothing where there is nothing to compare with", () => {
    expect(nearness(0.1, all.slice(0, 2))).toBeNull();
    expect(nearness(null, all)).toBeNull();
  });
});

describe("filmsOf", () => {
  const files = [
    picture("film/a.mp4", { kind: "film", label: "A" }),
    picture("film/a.webp", { kind: "film", label: "A" }),
    picture("film/b.webp", { kind: "film" }),
  ];
  it("takes the files of one film together", () =>
    expect(filmsOf(files).map((film) => [film.mp4?.name, film.webp?.name])).toEqual([
      ["film/a.mp4", "film/a.webp"],
      [undefined, "film/b.webp"],
    ]));
  it("counts as one film in a group", () => expect(sizeOf(groupsOf(files)[0]!)).toBe(2));
});

it("finds what a mix is made of, as far as it is there", () =>
  expect(
    ofSeeds(
      [picture("a", { seed: 3 }), picture("b", { seed: 3, kind: "mixed" }), picture("c", { seed: 8 })],
      [8, 3, 5],
    ).map((one) => one.name),
  ).toEqual(["c", "a"]));

describe("choosing", () => {
  const order = ["a", "b", "c", "d", "e"];
  const names = (selection: { chosen: ReadonlySet<string> }) => [...selection.chosen].sort().join("");
  it("adds one and takes it away again", () => {
    const one = choose(NOTHING, "b", order, false);
    expect(names(one)).toBe("b");
    expect(names(choose(one, "b", order, false))).toBe("");
  });
  it("reaches from the last one to this one, in either direction", () => {
    expect(names(choose(choose(NOTHING, "b", order, false), "d", order, true))).toBe("bcd");
    expect(names(choose(choose(NOTHING, "d", order, false), "b", order, true))).toBe("bcd");
  });
  it("takes a range away after one was taken away", () => {
    const all = chooseAll(NOTHING, order);
    const less = choose(all, "b", order, false);
    expect(names(choose(less, "d", order, true))).toBe("ae");
  });
  it("chooses one alone where the last one is no longer shown", () =>
    expect(names(choose({ chosen: new Set(["gone"]), anchor: "gone" }, "c", order, true))).toBe("cgone"));
  it("chooses all of a group, and none once all are chosen", () => {
    const all = chooseAll(choose(NOTHING, "a", order, false), ["a", "b"]);
    expect(names(all)).toBe("ab");
    expect(names(chooseAll(all, ["a", "b"]))).toBe("");
  });
});

describe("names in a zip", () => {
  it("are the server's without the folders that all share", () =>
    expect(entryNames(["inference/generated/seed0001.png", "inference/mixed/1-2.png"])).toEqual([
      "generated/seed0001.png",
      "mixed/1-2.png",
    ]));
  it("are file names where all lie in one folder", () =>
    expect(entryNames(["inference/generated/a.png", "inference/generated/b.png"])).toEqual(["a.png", "b.png"]));
  it("are never there twice, also where case does not count", () =>
    expect(entryNames(["x/a.png", "x/A.png", "x/a.png", "x/a-2.png"])).toEqual([
      "a.png",
      "A-2.png",
      "a-3.png",
      "a-2-2.png",
    ]));
  it("lead nowhere else", () => {
    for (const name of entryNames(["../../etc/passwd", "/a//b/./c.png", "..", "a/../b.png", ""])) {
      expect(name).not.toMatch(/(^|\/)\.{0,2}(\/|$)/);
    }
  });
  it("keep what a language calls a thing", () =>
    expect(entryNames(["inference/红椅子 1.png"])).toEqual(["红椅子 1.png"]));
  it("end a path", () =>
    expect([fileName("a/b.png"), fileName("b.png"), fileName("a/")]).toEqual(["b.png", "b.png", "file"]));
});

it("leaves to the run's own zip what is too large for a browser", () => {
  expect(isTooLarge(50, { files: 100, bytes: 1_200_000_000 })).toBe(true);
  expect(isTooLarge(5, { files: 100, bytes: 1_200_000_000 })).toBe(false);
  expect(isTooLarge(5, { files: 0, bytes: 1_200_000_000 })).toBe(false);
});

describe("zipOf", () => {
  it("tells how far it is and holds every file", async () => {
    const seen: number[] = [];
    const zip = await zipOf(
      ["r/a.txt", "r/b.txt"],
      async (name) => new Blob([name]),
      (progress) => seen.push(progress.files),
    );
    expect(seen).toEqual([1, 2]);
    const text = await zip.text();
    for (const held of ["r/a.txt", "r/b.txt", "a.txt"]) expect(text).toContain(held);
  });
  it("fails with what fetching a file has failed with", async () => {
    const failing = zipOf(
      ["a"],
      () => Promise.reject(new Error("gone")),
      () => {},
    );
    await expect(failing).rejects.toThrow("gone");
  });
});

describe("Favourites", () => {
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
  it("shows a change at once and writes it", async () => {
    const write = vi.fn(async (names: string[]) => names);
    const favourites = new Favourites(new Set(["a"]), write, () => {});
    favourites.toggle("b");
    expect([...favourites.names].sort()).toEqual(["a", "b"]);
    await settled();
    expect(write.mock.calls).toEqual([[["a", "b"]]]);
  });
  it("writes one after the other, and only the last of what came meanwhile", async () => {
    let answer = () => {};
    const write = vi.fn((names: string[]) => new Promise<string[]>((resolve) => (answer = () => resolve(names))));
    const favourites = new Favourites(new Set(), write, () => {});
    for (const name of ["a", "b", "c"]) favourites.toggle(name);
    answer();
    await settled();
    answer();
    await settled();
    expect(write.mock.calls.map(([names]) => names.join(""))).toEqual(["a", "abc"]);
  });
  it("undoes what could not be written, and says so", async () => {
    const told: Array<[string, string | undefined]> = [];
    const write = vi
      .fn(async (names: string[]) => names)
      .mockResolvedValueOnce(["a"])
      .mockRejectedValueOnce(new Error("no"));
    const favourites = new Favourites(new Set(), write, (names, error) =>
      told.push([[...names].join(""), error?.message]),
    );
    favourites.toggle("a");
    await settled();
    favourites.toggle("b");
    await settled();
    expect(told).toEqual([
      ["a", undefined],
      ["ab", undefined],
      ["a", "no"],
    ]);
    expect([...favourites.names]).toEqual(["a"]);
  });
  it("can be changed again after a failure", async () => {
    const write = vi.fn(async (names: string[]) => names).mockRejectedValueOnce(new Error("no"));
    const favourites = new Favourites(new Set(), write, () => {});
    favourites.toggle("a");
    await settled();
    favourites.toggle("a");
    await settled();
    expect([...favourites.names]).toEqual(["a"]);
    expect(write).toHaveBeenCalledTimes(2);
  });
});

describe("seldom", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  it("lets those who ask too soon wait for one answer", async () => {
    const ask = vi.fn(async () => ask.mock.calls.length);
    const asking = seldom(ask, 10_000);
    expect(await asking()).toBe(1);
    const waiting = [asking(), asking(), asking()];
    await vi.advanceTimersByTimeAsync(9_900);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(await Promise.all(waiting)).toEqual([2, 2, 2]);
  });
  it("asks at once when its time has passed", async () => {
    const ask = vi.fn(async () => 0);
    const asking = seldom(ask, 10_000);
    await asking();
    await vi.advanceTimersByTimeAsync(10_000);
    void asking();
    expect(ask).toHaveBeenCalledTimes(2);
  });
  it("asks at once after a failure", async () => {
    const ask = vi.fn(async () => 1).mockRejectedValueOnce(new Error("no"));
    const asking = seldom(ask, 10_000);
    await expect(asking()).rejects.toThrow("no");
    expect(await asking()).toBe(1);
  });
});

describe("zoom", () => {
  it("goes up and down by steps and stays at the ends", () => {
    expect([nextZoom(1, 1), nextZoom(2, -1), nextZoom(1, -1), nextZoom(8, 1)]).toEqual([1.5, 1.5, 1, 8]);
  });
  it("fits a picture into its room in its own shape, small ones enlarged up to three times", () => {
    expect(fitted({ width: 1024, height: 512 }, { width: 512, height: 512 }, 1)).toEqual({ width: 512, height: 256 });
    expect(fitted({ width: 32, height: 32 }, { width: 800, height: 600 }, 1)).toEqual({ width: 96, height: 96 });
    expect(fitted({ width: 1024, height: 512 }, { width: 512, height: 512 }, 4)).toEqual({ width: 2048, height: 1024 });
  });
  it("puts two beside each other where it is wide, else one below the other", () => {
    expect(halfOf({ width: 1012, height: 500 }).width).toBe(500);
    expect(halfOf({ width: 400, height: 812 })).toEqual({ width: 400, height: 368 });
  });
});

describe("comparing", () => {
  it("pairs pictures of one seed, and of one class where there are classes", () => {
    const a = [
      picture("a1", { seed: 1 }),
      picture("a2", { seed: 2, class: "x" }),
      picture("a3", { seed: 3 }),
      picture("am", { seed: 1, kind: "mixed" }),
    ];
    const b = [picture("b2", { seed: 2, class: "y" }), picture("b3", { seed: 3 }), picture("b1", { seed: 1 })];
    expect(pairsOf(a, b).map((pair) => [pair.seed, pair.a.name, pair.b.name])).toEqual([
      [1, "a1", "b1"],
      [3, "a3", "b3"],
    ]);
  });
  it("begins with the newest two that have pictures where none are chosen", () => {
    const runs = (["running", "succeeded", "failed", "succeeded"] as const).map((status, n): Run => ({
      id: `r${n}`,
      status,
      started: 0,
      ended: 0,
      makes_model: true,
      images: 1,
    }));
    expect(chosenRuns(runs, "", "")).toEqual({ a: "r1", b: "r3" });
    expect(chosenRuns(runs, "r3", "")).toEqual({ a: "r3", b: "r1" });
    expect(chosenRuns(runs, "", "r1")).toEqual({ a: "r3", b: "r1" });
    expect(chosenRuns(runs.slice(0, 2), "", "")).toEqual({ a: "r1", b: "" });
  });
});
