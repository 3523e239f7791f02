import { downloadZip } from "client-zip";

/** How much of a zip is there. */
export type Progress = { files: number; bytes: number };

/** What a browser should have to keep in memory at most. */
export const MOST_BYTES = 500_000_000;

/** Whether the files together are likely to be too large for the browser, going by the zip of all of them. */
export const isTooLarge = (files: number, all: { files: number; bytes: number }): boolean =>
  all.files > 0 && (files / all.files) * all.bytes > MOST_BYTES;

/** The last part of a path: what a file is called. */
export const fileName = (path: string): string => path.split("/").at(-1) || "file";

/** Names for the zip: the server's, without the folders that all of them share, and none twice. */
export function entryNames(paths: readonly string[]): string[] {
  const folders = paths.map((path) => path.split("/").filter(isPlain).slice(0, -1));
  const [first = []] = folders;
  let shared = first.length;
  for (const one of folders)
    while (shared > 0 && !first.slice(0, shared).every((part, place) => one[place] === part)) shared -= 1;
  const taken = new Set<string>();
  return paths.map((path) => unused(path.split("/").filter(isPlain).slice(shared).join("/") || "file", taken));
}

const isPlain = (part: string): boolean => part !== "" && part !== "." && part !== "..";

function unused(name: string, taken: Set<string>): string {
  const [, stem = "", suffix = ""] = /^(.*?)(\.[^./]*)?$/.exec(name) ?? [];
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number += 1) free = `${stem}-${number}${suffix}`;
  taken.add(free.toLowerCase());
  return free;
}

/** Puts the files into a zip, one after the other. Throws what `fetchFile` throws. */
export async function zipOf(
  names: readonly string[],
  fetchFile: (name: string) => Promise<Blob>,
  onProgress: (progress: Progress) => void,
): Promise<Blob> {
  const entries = entryNames(names);
  const progress = { files: 0, bytes: 0 };
  async function* fetched() {
    for (const [place, name] of names.entries()) {
      const blob = await fetchFile(name);
      yield { name: entries[place]!, input: blob };
      progress.files += 1;
      progress.bytes += blob.size;
      onProgress({ ...progress });
    }
  }
  return downloadZip(fetched()).blob();
}

/** An object was refused: its address may have expired. */
export class ObjectError extends Error {
  override name = "ObjectError";
}

/** Gets an object from where its address is. Throws ObjectError, or TypeError where nothing answers. */
export async function fetchObject(url: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { credentials: "omit", signal });
  if (!response.ok) throw new ObjectError(`HTTP ${response.status}`);
  return response.blob();
}

/** Hands a file to the reader. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the blob over by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
