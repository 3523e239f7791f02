import type { Dataset, Estimate, Run, SettingField } from "../src/api/types";

const now = Math.floor(Date.now() / 1000);
const picture = (hue: number): string =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue} 60% 70%)"/><stop offset="1" stop-color="hsl(${hue + 40} 55% 35%)"/></linearGradient></defs><rect width="160" height="120" fill="url(#g)"/><circle cx="80" cy="66" r="30" fill="hsl(${hue + 180} 40% 85%)"/></svg>`,
  )}`;
const run = (status: Run["status"], hours: number): Run => ({
  id: "demo0",
  status,
  started: now - hours * 3600,
  ended: status === "running" ? null : now - (hours - 2) * 3600,
  makes_model: true,
  images: 987,
});
const base: Dataset = {
  dataset: "red-chairs",
  title: "Red chairs",
  rights: ["drop", "watch", "take"],
  images: 987,
  has_more: false,
  cover: picture(5),
  state: "idle",
  starts_at: null,
  problems: [],
  run: run("succeeded", 30),
  cost: 3.42,
};

export const DATASETS: Dataset[] = [
  base,
  {
    ...base,
    dataset: "hong-yi-zi",
    title: "红椅子",
    cover: picture(350),
    state: "running",
    run: run("running", 1),
    cost: null,
  },
  {
    ...base,
    dataset: "faience",
    title: "Fayence aus dem Museum für angewandte Kunst",
    cover: picture(215),
    state: "waiting",
    starts_at: now + 581,
    run: null,
    images: 1000,
    has_more: true,
    cost: null,
  },
  { ...base, dataset: "leaves", title: "Leaves", cover: null, state: "empty", images: 0, run: null, cost: null },
  {
    ...base,
    dataset: "portraits",
    title: "Portraits",
    cover: picture(30),
    state: "blocked",
    problems: ["The folder holds 3 images; at least 8 are needed."],
    images: 3,
    run: null,
    cost: null,
  },
];

export const ESTIMATE: Estimate = {
  problems: [],
  seconds: 7500,
  training_seconds: 7100,
  is_guess: false,
  cost: 3.1,
  cost_cap: 34,
};

const field = (key: string, kind: SettingField["kind"], more: Partial<SettingField> = {}): SettingField => ({
  key,
  kind,
  choices: [],
  low: null,
  high: null,
  default: "",
  value: null,
  allowed: "",
  ...more,
});

export const FIELDS: SettingField[] = [
  field("preset", "choice", { choices: ["laptop", "tiny", "sketch", "balanced", "best"], default: "balanced" }),
  field("kimg", "number", { low: 0.1, high: 25_000, default: "2000", allowed: "a number from 0.1 to 25000" }),
  field("mirror", "truth", { default: "false" }),
  field("aspect", "text", { allowed: "two whole numbers like 3:2" }),
  field("labels", "choice", { choices: ["none", "folders"], default: "none" }),
  field("max_hours", "number", { low: 0.01, high: 24, allowed: "a number from 0.01 to 24" }),
  field("language", "choice", { choices: ["en", "zh-CN", "de"], default: "en" }),
  field("seed", "whole", { low: 0, high: 4294967295, default: "0", allowed: "a whole number from 0 to 4294967295" }),
];
