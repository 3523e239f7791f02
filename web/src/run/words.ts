// What the state of a run is called. Pure: the texts are elsewhere.
import type { RunView, TrainingView } from "../api/types";

/** Where a run stands, in one word for the reader. */
export type Stage =
  | "preparing"
  | "machine"
  | "learning"
  | "making"
  | "ending"
  | "finishing"
  | "stopping"
  | "succeeded"
  | "failed"
  | "stopped"
  | "lost";

export function stageOf(view: RunView): Stage {
  if (view.run.status !== "running") return view.run.status;
  const step = view.steps.find((one) => one.status === "running") ?? view.steps.find((one) => one.status === "waiting");
  if (step?.name === "Infer") return "making";
  if (step?.name === "Notify") return "ending";
  if (view.finish_asked) return "finishing";
  if (step?.name === "Train") return view.training ? "learning" : "machine";
  return "preparing";
}

export const isOver = (view: RunView): boolean =>
  view.run.ended !== null || !["running", "stopping"].includes(view.run.status);

/** How far the training is, 0 to 1. */
export const progressOf = (training: TrainingView): number =>
  training.wanted_kimg > 0 ? Math.min(1, training.kimg / training.wanted_kimg) : 0;

const MINUTE = 60;

/** An expected moment, no more exact than it can be: to five minutes where it is more than half an hour away. */
export function roundedEnd(ends: number, now: number): number {
  const step = ends - now > 30 * MINUTE ? 5 * MINUTE : MINUTE;
  return Math.ceil(ends / step) * step;
}

/** What is left, rounded as one would say it: to minutes below an hour, to five above. */
export function roundedRest(seconds: number): number {
  const step = seconds > 60 * MINUTE ? 5 * MINUTE : MINUTE;
  return Math.max(step, Math.round(seconds / step) * step);
}

/** How an expected moment is said: by the clock today, with the weekday within the week, else with the date. */
export function howToSay(moment: number, now: number): "time" | "weekday" | "date" {
  const [then, today] = [new Date(1000 * moment), new Date(1000 * now)];
  if (then.toDateString() === today.toDateString()) return "time";
  return moment - now < 6 * 86_400 ? "weekday" : "date";
}
