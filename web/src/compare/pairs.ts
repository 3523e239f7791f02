import type { Picture, Run } from "../api/types";

/** The pictures of one seed in two runs. */
export type Pair = { seed: number; class: string | null; a: Picture; b: Picture };

/** Generated pictures that both have: of the same seed and, where there are classes, of the same class. */
export function pairsOf(a: readonly Picture[], b: readonly Picture[]): Pair[] {
  const others = new Map(b.filter(hasSeed).map((picture) => [keyOf(picture), picture]));
  return a.filter(hasSeed).flatMap((picture) => {
    const other = others.get(keyOf(picture));
    return other ? [{ seed: picture.seed, class: picture.class, a: picture, b: other }] : [];
  });
}

const keyOf = (picture: Picture): string => `${picture.seed} ${picture.class ?? ""}`;
const hasSeed = (picture: Picture): picture is Picture & { seed: number } =>
  picture.kind === "generated" && picture.seed !== null;

/** The two runs to begin with: those of the address, and for a missing one the newest other that has pictures. */
export function chosenRuns(runs: readonly Run[], a: string, b: string): { a: string; b: string } {
  const able = runs.filter((run) => run.status === "succeeded").map((run) => run.id);
  const left = a || able.find((id) => id !== b) || "";
  return { a: left, b: b || able.find((id) => id !== left) || "" };
}
