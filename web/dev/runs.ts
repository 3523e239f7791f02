// Runs in every state, and what they have made. The id of a run says in which state it is.
import type { Mail, Picture, Pictures, Run, RunView, StepView } from "../src/api/types";
import { drawing } from "./drawings";

const HOUR = 3600;
const began = Math.floor(Date.now() / 1000);
const now = (): number => Math.floor(Date.now() / 1000);
/** New in every answer, as signed addresses are. */
const made = (path: string): string => `/objects/made/${path}?signed=${now()}`;

const STATES = [
  "begin",
  "machine",
  "running",
  "finishing",
  "stopping",
  "failed",
  "stopped",
  "lost",
  "more",
  "demo0",
  "demo1",
  "many",
] as const;
type State = (typeof STATES)[number];
const isState = (id: string): id is State => (STATES as readonly string[]).includes(id);

const STATUS: Partial<Record<State, Run["status"]>> = {
  stopping: "stopping",
  failed: "failed",
  stopped: "stopped",
  lost: "lost",
  demo0: "succeeded",
  demo1: "succeeded",
  many: "succeeded",
};
const asked = new Map<string, "finishing" | "stopping">();
const stateOf = (id: string): State | null => asked.get(id) ?? (isState(id) ? id : null);

function run(id: State, state: State): Run {
  const status = STATUS[state] ?? "running";
  const started = began - (STATES.indexOf(id) * 26 + 2) * HOUR;
  const live = status === "running" || status === "stopping";
  return {
    id,
    status,
    started: live ? began - 2 * HOUR : started,
    ended: live ? null : started + 2.4 * HOUR,
    makes_model: state !== "more",
    images: 987,
  };
}

/** Newest first. */
export const runs = (): Run[] =>
  (["running", "demo0", "more", "failed", "demo1", "stopped", "many", "lost"] as const)
    .map((id) => run(id, stateOf(id)!))
    .sort((a, b) => b.started - a.started);

const RUNNING_STEP: Partial<Record<State, number>> = {
  begin: 0,
  machine: 1,
  running: 1,
  finishing: 1,
  stopping: 1,
  more: 2,
  failed: 1,
  stopped: 1,
  lost: 1,
};

function steps(state: State, of: Run): StepView[] {
  const at = RUNNING_STEP[state] ?? 4;
  const lengths = [240, 6900, 420, 5];
  let from = of.started + 20;
  return (["Prepare", "Train", "Infer", "Notify"] as const).map((name, place) => {
    const started = from;
    from += lengths[place]!;
    if (place < at) return { name, status: "done", started, ended: from };
    if (place > at) return { name, status: "waiting", started: null, ended: null };
    if (state === "failed" || state === "stopped") return { name, status: state, started, ended: from };
    return { name, status: "running", started, ended: null };
  });
}

const curve = (kimg: number) =>
  Array.from({ length: Math.max(1, Math.floor(kimg / 60)) }, (_, tick) => ({
    kimg: (tick + 1) * 60,
    seconds: (tick + 1) * 210,
    score: 0.12 + 0.9 * Math.exp(-tick / 7) + 0.03 * Math.sin(tick * 1.7),
  }));

const SKIPPED = [
  {
    code: "duplicate",
    say: "The same image is there twice.",
    count: 7,
    names: ["chairs/IMG_0012 copy.jpg", "chairs/IMG_0040 (1).jpg", '"><img src=x onerror=alert(1)>.png'],
  },
  {
    code: "damaged",
    say: "The file is damaged and cannot be opened.",
    count: 2,
    names: ["stühle/rot_04.png", "红椅子/第二批/07.jpg"],
  },
  {
    code: "too_small",
    say: "It is smaller than 64 pixels.",
    count: 31,
    names: Array.from({ length: 31 }, (_, place) => `thumbnails/preview-${place}.jpg`),
  },
];

/** How a run goes: the running one moves on while one looks. */
export function runView(dataset: string, title: string, id: string): RunView | null {
  const state = stateOf(id);
  if (!isState(id) || state === null) return null;
  const of = run(id, state);
  const kimg = Math.min(1900, 1180 + (now() - began) * 1.5);
  const early = ["begin", "machine", "more", "lost"].includes(state);
  const ends = of.status === "running" ? (early ? began + 2.2 * HOUR : began + 4100) : null;
  const sheets = early
    ? []
    : Array.from({ length: Math.floor((of.status === "running" ? kimg : 2000) / 150) + 1 }, (_, place) => place * 150);
  return {
    dataset,
    title,
    run: of,
    steps: steps(state, of),
    ends_at: ends === null ? null : Math.floor(ends),
    training: early
      ? null
      : {
          kimg: of.ended === null ? kimg : state === "failed" ? 412 : 2000,
          wanted_kimg: 2000,
          written: now() - 20,
          ends_at: ends === null ? null : Math.floor(ends),
          verdict: state === "failed" ? "collapsed" : state === "stopped" ? "standing_still" : "improving",
          curve: curve(of.ended === null ? kimg : 2000),
        },
    samples: sheets.map((at) => ({ kimg: at, url: made(`sheet/${Math.round(Math.min(1, at / 1500) * 100)}`) })),
    images:
      state === "begin" || state === "lost"
        ? null
        : {
            found: 1027,
            good: 987,
            skipped: SKIPPED,
            classes:
              state === "many"
                ? [
                    { name: "armchairs", images: 512 },
                    { name: "Bürostühle", images: 475 },
                  ]
                : [],
          },
    cost: { so_far: state === "begin" ? 0.02 : 2.37, cap: 34 },
    failure:
      state !== "failed"
        ? null
        : {
            headline: "The training ran out of memory",
            reason:
              "The pictures are too large for the graphics card of this machine: at 1024 pixels it needs more memory than there is.",
            next: [
              "Choose a smaller picture size in the settings, such as 512.",
              "Or ask your admin for a larger machine.",
            ],
          },
    preset: "balanced",
    picture_size: "512 × 512",
    source: state === "more" ? "demo0" : null,
    may_finish: state === "running",
    may_cancel: of.status === "running",
    has_pictures: of.status === "succeeded",
    finish_asked: state === "finishing",
    now: now(),
  };
}

export function end(id: string, how: "finishing" | "stopping"): void {
  asked.set(id, how);
}

const still = (name: string, url: string, more: Partial<Picture>): Picture => ({
  name: `inference/${name}`,
  kind: "generated",
  url,
  thumbnail: url,
  width: 512,
  height: 512,
  seed: null,
  class: null,
  mixed_of: [],
  original: null,
  distance: null,
  label: null,
  ...more,
});
const generated = (seed: number, of: string | null, hue: string): Picture =>
  still(
    `generated/${of === null ? "" : `${of}-`}seed${String(seed).padStart(4, "0")}.png`,
    made(`chair/${seed}${hue}`),
    { seed, class: of },
  );

function picturesOf(id: State): Picture[] {
  if (id === "many") {
    return ["armchairs", "Bürostühle"].flatMap((of, place) =>
      Array.from({ length: 260 }, (_, seed) => generated(seed, of, `/${(seed * 7 + place * 180) % 360}`)),
    );
  }
  const hue = (seed: number) => (id === "demo1" ? `/${(seed * 53) % 360}` : "");
  const mixes = [
    [3, 8],
    [12, 5],
    [20, 1],
    [7, 31],
  ] as const;
  const found = [
    [0.62, "Erbstück"],
    [0.31, "red-chair"],
    [0.35, "stool"],
    [0.33, "第二批"],
  ] as const;
  return [
    ...Array.from({ length: 48 }, (_, seed) => generated(seed, null, hue(seed))),
    ...mixes.map(([one, other]) =>
      still(`mixed/${one}-${other}.png`, made(`chair/${one}/${(other * 77) % 360}`), {
        kind: "mixed",
        mixed_of: [one, other],
      }),
    ),
    ...found.map(([distance, name], place) =>
      still(`projected/${String(place).padStart(2, "0")}-${name}-drawn.png`, made(`chair/${60 + place}`), {
        kind: "projected",
        distance,
        original: made(`chair/${60 + place}/${(place * 83 + 10) % 360}`),
      }),
    ),
    ...["Direction 1", "Direction 2"].map((label, place) =>
      still(`directions/${place + 1}.png`, made(`row/${place + 3}`), {
        kind: "directions",
        label,
        width: 2048,
        height: 256,
      }),
    ),
    still("film/walk.mp4", made("none"), {
      kind: "film",
      label: "Walk through 8 pictures",
      thumbnail: made("chair/7"),
    }),
    still("film/walk.webp", made("film"), {
      kind: "film",
      label: "Walk through 8 pictures",
      thumbnail: made("chair/7"),
    }),
    still("generated/sheet.png", made("sheet/100"), { kind: "sheet", width: 2048, height: 1024 }),
  ];
}

const favourites = new Map<string, string[]>();
const PAGE = 400;

export function pictures(dataset: string, title: string, id: string, after: string | null): Pictures | null {
  if (!isState(id) || stateOf(id) === null) return null;
  const all = picturesOf(id);
  const from = after === null ? 0 : all.findIndex((picture) => picture.name === after) + 1;
  const page = all.slice(from, from + PAGE);
  const download = (name: string, bytes: number) => ({ url: made(`chair/1/${name.length}`), bytes, name });
  return {
    dataset,
    title,
    run: run(id, id),
    pictures: page,
    next: from + PAGE < all.length ? page.at(-1)!.name : null,
    favourites: favourites.get(id) ?? (id === "demo0" ? [all[2]!.name, all[9]!.name] : []),
    zip: download(`${dataset}-pictures.zip`, 61_400_000),
    page: download(`${dataset}.html`, 4_100_000),
    model: download("model.tar.gz", 312_000_000),
    model_licence: "It has learned from your 987 images only. What may be done with it is what may be done with them.",
    expires: now() + 900,
  };
}

export const setFavourites = (id: string, names: string[]): string[] => {
  favourites.set(id, names);
  return names;
};

export const MAILS: Mail[] = [
  {
    subject: "red-chairs: your pictures are ready",
    dataset: "red-chairs",
    kind: "succeeded",
    sent: began - 1800,
    body: "Your pictures are ready.\n\n48 pictures were made from 987 images.\n\nSee them here (the link works for 30 days):\nhttp://127.0.0.1:5173/#t=abcdef0123456789&go=/red-chairs/runs/demo0/pictures\n\nIt took 2 h 24 min and cost USD 2.37 of at most USD 34.\n\nQuestions? See https://example.org/guide (in English).",
  },
  {
    subject: "red-chairs: a run has started",
    dataset: "red-chairs",
    kind: "started",
    sent: began - 10_800,
    body: "A run has started with 987 images.\n\nWatch it: http://127.0.0.1:5173/#/red-chairs/runs/running",
  },
  {
    subject: "红椅子:需要您处理",
    dataset: "hong-yi-zi",
    kind: "attention",
    sent: began - 90_000,
    body: "只找到 3 张图片,至少需要 8 张。\n\n请添加更多图片:http://127.0.0.1:5173/#/hong-yi-zi。",
  },
];

export { drawing };
