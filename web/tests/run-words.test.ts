import { describe, expect, it } from "vitest";

import type { RunView, StepView } from "../src/api/types";
import { ticks } from "../src/parts/ticks";
import { Loader } from "../src/run/loader";
import { howToSay, progressOf, roundedEnd, roundedRest, stageOf } from "../src/run/words";

const NAMES = ["Prepare", "Train", "Infer", "Notify"] as const;
const TRAINING = { kimg: 500, wanted_kimg: 2000, written: 0, ends_at: null, verdict: "improving", curve: [] } as const;

/** A run whose step number `at` is under way. */
function viewAt(at: number, more: Partial<RunView> = {}, status: RunView["run"]["status"] = "running"): RunView {
  const steps = NAMES.map((name, place): StepView => ({
    name,
    status: place < at ? "done" : place === at ? "running" : "waiting",
    started: null,
    ended: null,
  }));
  return {
    dataset: "chairs",
    title: "Chairs",
    run: { id: "r1", status, started: 0, ended: null, makes_model: true, images: 9 },
    steps,
    ends_at: null,
    training: null,
    samples: [],
    images: null,
    cost: { so_far: null, cap: null },
    failure: null,
    preset: "",
    picture_size: "",
    source: null,
    may_finish: false,
    may_cancel: true,
    has_pictures: false,
    finish_asked: false,
    now: 0,
    ...more,
  };
}

describe("stageOf", () => {
  it("goes through the steps in their order", () => {
    const training = { ...TRAINING, curve: [] };
    expect(NAMES.map((_, at) => stageOf(viewAt(at, { training })))).toEqual([
      "preparing",
      "learning",
      "making",
      "ending",
    ]);
  });
  it("waits for the machine until the training has told something", () => expect(stageOf(viewAt(1))).toBe("machine"));
  it("is finishing once that was asked, until pictures are made", () => {
    expect(stageOf(viewAt(1, { finish_asked: true }))).toBe("finishing");
    expect(stageOf(viewAt(2, { finish_asked: true }))).toBe("making");
  });
  it("is the run's own state where that is not running", () => {
    for (const status of ["stopping", "succeeded", "failed", "stopped", "lost"] as const)
      expect(stageOf(viewAt(1, {}, status))).toBe(status);
  });
  it("is between two steps what comes next", () => {
    const view = viewAt(1);
    view.steps = view.steps.map((step) => (step.name === "Train" ? { ...step, status: "waiting" } : step));
    expect(stageOf(view)).toBe("machine");
  });
});

describe("times to come", () => {
  const noon = new Date(2026, 10, 27, 12, 0, 0).getTime() / 1000;
  it("are told to five minutes while they are far, to the minute when near", () => {
    expect(roundedEnd(noon + 3 * 3600 + 61, noon)).toBe(noon + 3 * 3600 + 300);
    expect(roundedEnd(noon + 601, noon)).toBe(noon + 660);
  });
  it("are never earlier than expected", () => {
    for (let ahead = 1; ahead < 9000; ahead += 37)
      expect(roundedEnd(noon + ahead, noon)).toBeGreaterThanOrEqual(noon + ahead);
  });
  it("leave a minute at least", () => {
    expect(roundedRest(5)).toBe(60);
    expect(roundedRest(3000)).toBe(3000);
    expect(roundedRest(7300)).toBe(7200);
  });
  it("are said by the clock today, by the weekday within the week, else by the date", () => {
    expect(howToSay(noon + 3600, noon)).toBe("time");
    expect(howToSay(noon + 86_400, noon)).toBe("weekday");
    expect(howToSay(noon + 8 * 86_400, noon)).toBe("date");
  });
});

describe("progressOf", () => {
  it("is a share of the training's length, at most all of it", () => {
    expect(progressOf({ ...TRAINING, curve: [] })).toBe(0.25);
    expect(progressOf({ ...TRAINING, curve: [], kimg: 2100 })).toBe(1);
    expect(progressOf({ ...TRAINING, curve: [], wanted_kimg: 0 })).toBe(0);
  });
});

describe("ticks", () => {
  it("are round numbers around what is shown", () => expect(ticks(0, 1900, 6)).toEqual([0, 500, 1000, 1500, 2000]));
  it("are at least two, also for one value", () => {
    expect(ticks(3, 3, 4).length).toBeGreaterThanOrEqual(2);
    expect(ticks(0, 0, 4).length).toBeGreaterThanOrEqual(2);
  });
  it("hold everything between the first and the last", () => {
    for (const [low, high] of [
      [0.12, 1.04],
      [-3, 7],
      [1e-6, 2e-6],
      [99.5, 100.5],
      [0, 25_000],
    ] as const) {
      const found = ticks(low, high, 4);
      expect(found[0]!).toBeLessThanOrEqual(low);
      expect(found.at(-1)!).toBeGreaterThanOrEqual(high);
      expect(found.length).toBeLessThan(12);
    }
  });
});

describe("Loader", () => {
  it("loads a sheet once, though its address is new in every answer", async () => {
    const asked: string[] = [];
    const loader = new Loader(async (address) => void asked.push(address));
    expect(await loader.load({ kimg: 150, url: "one" })).toBe("one");
    expect(await loader.load({ kimg: 150, url: "two" })).toBe("one");
    expect(asked).toEqual(["one"]);
  });
  it("tries a sheet again that could not be loaded", async () => {
    const loader = new Loader(async (address) => {
      if (address === "expired") throw new Error();
    });
    expect(await loader.load({ kimg: 150, url: "expired" })).toBeNull();
    expect(await loader.load({ kimg: 150, url: "new" })).toBe("new");
  });
});
