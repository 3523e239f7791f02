// Labels are the outermost folders. They can be renamed and put together before anything is sent.
import { labelOf, numbered, withLabel } from "./names";

/** From the label that a folder had to the one that it gets; "" is none. */
export type Renamed = Readonly<Record<string, string>>;
export type Label = { name: string; images: number };

/** What a label may be called, so that it is one folder; "" takes the label away. */
export const cleanLabel = (text: string): string =>
  text
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}/\\]/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^\.+/, "")
    .slice(0, 60)
    .trim();

/** The label under which a file with this path is sent. */
export function labelFor(path: string, renamed: Renamed): string {
  const label = labelOf(path);
  return label && (Object.hasOwn(renamed, label) ? renamed[label]! : label);
}

/** Every label with its number of files, most first, and how many files have none. */
export function countLabels(paths: Iterable<string>, renamed: Renamed): { labels: Label[]; without: number } {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const label = labelFor(path, renamed);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const without = counts.get("") ?? 0;
  counts.delete("");
  const labels = [...counts].map(([name, images]) => ({ name, images }));
  return { labels: labels.sort((a, b) => b.images - a.images || (a.name < b.name ? -1 : 1)), without };
}

/** Gives the label `from`, as it is now shown, the name `to`: that of another puts both together. */
export function rename(renamed: Renamed, paths: Iterable<string>, from: string, to: string): Renamed {
  const changed: Record<string, string> = { ...renamed };
  for (const path of paths) if (labelFor(path, renamed) === from && labelOf(path)) changed[labelOf(path)] = to;
  return changed;
}

/** The names under which files are sent: no two alike, the same at every time for the same paths in the same order. */
export function namesToSend(paths: readonly string[], renamed: Renamed): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const label = labelOf(path);
    const wanted = label ? withLabel(path, labelFor(path, renamed)) : path;
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = numbered(wanted, n);
    taken.add(name);
    return name;
  });
}
