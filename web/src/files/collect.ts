// What was dropped, chosen or pasted, as a flat list of files with their paths.
import { kindOfName } from "./names";
import { listZip, ZipProblem, type ZipEntry } from "./zip";
import type { ReasonCode } from "./kinds";

/** A file that somebody gave: its path with / between the parts, in Unicode's NFC, and how to read it. */
export type Found = { path: string; size: number; open: () => Promise<Blob>; reason?: ReasonCode };

/** Of a drop. The browser forgets what was dropped as soon as the event is over: what there is of it is taken before
 * this function waits for anything. */
export function ofDrop(transfer: DataTransfer): Promise<Found[]> {
  const entries: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) entries.push(entry);
    else if (file) loose.push(file);
  }
  return walk(entries, loose);
}

/** Of a chooser. */
export const ofFiles = (files: Iterable<File>): Found[] =>
  withoutWrapper([...files].map((file) => found(file.webkitRelativePath || file.name, file)));

/** Of the clipboard, in which every image is called the same: the time tells them apart. */
export const ofPaste = (files: Iterable<File>, now: Date): Found[] =>
  ofFiles(files).map((one) => ({ ...one, path: one.path.replace(/^image(?=\.\w+$)/, `image ${stamp(now)}`) }));

const stamp = (now: Date): string => now.toISOString().slice(0, 19).replaceAll(":", "-").replace("T", " ");

async function walk(entries: FileSystemEntry[], loose: File[]): Promise<Found[]> {
  const lists = [loose.map((file) => found(file.name, file))];
  const waiting = [entries];
  while (waiting.length) {
    const level = waiting.pop()!;
    const files = level.filter((entry) => !entry.isDirectory) as FileSystemFileEntry[];
    lists.push(await Promise.all(files.map(fileOf)));
    for (const entry of level) if (entry.isDirectory) waiting.push(await childrenOf(entry as FileSystemDirectoryEntry));
  }
  return withoutWrapper(lists.flat());
}

/** A browser gives a folder in pages, the last of which is empty. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const page = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!page.length) return children;
    children.push(...page);
  }
}

async function fileOf(entry: FileSystemFileEntry): Promise<Found> {
  const path = entry.fullPath.replace(/^\//, "");
  return new Promise((resolve) =>
    entry.file(
      (file) => resolve(found(path, file)),
      () => resolve({ path: tidy(path), size: 0, open: () => Promise.reject(new Error(path)), reason: "moved" }),
    ),
  );
}

const tidy = (path: string): string => path.normalize("NFC");
const found = (path: string, file: File): Found => ({
  path: tidy(path),
  size: file.size,
  open: () => Promise.resolve(file),
});

/** If all that is meant lies in one folder, that folder is only what it came in; its sub-folders are labels. */
function withoutWrapper(all: Found[]): Found[] {
  const first = all.find(isMeant)?.path.split("/");
  if (!first || first.length < 2) return all;
  const wrapper = `${first[0]}/`;
  if (!all.every((one) => !isMeant(one) || one.path.startsWith(wrapper))) return all;
  return all.map((one) => (one.path.startsWith(wrapper) ? { ...one, path: one.path.slice(wrapper.length) } : one));
}

const isMeant = (one: Found): boolean => kindOfName(one.path) !== "junk";
const isZip = (path: string): boolean => /\.zip$/i.test(path);

/** Replaces each archive by what is in it: one that was given alone by its files, one beside others by a folder at its
 * place. What cannot be unpacked stays, with the reason. */
export async function unzipped(all: Found[], isChinese: boolean): Promise<Found[]> {
  const lists = await Promise.all(all.map((one) => (isZip(one.path) && isMeant(one) ? unzip(one, isChinese) : [one])));
  return lists.flat();
}

async function unzip(archive: Found, isChinese: boolean): Promise<Found[]> {
  const parent = archive.path.slice(0, archive.path.lastIndexOf("/") + 1);
  try {
    const entries = withoutWrapper((await listZip(await archive.open(), isChinese)).map(ofEntry));
    const files = entries.map((one) => ({ ...one, path: parent + one.path }));
    return files.some(isMeant) ? files : [{ ...archive, reason: "zip_empty" }];
  } catch (error) {
    return [{ ...archive, reason: error instanceof ZipProblem ? error.code : "moved" }];
  }
}

function ofEntry(entry: ZipEntry): Found {
  const path = tidy(entry.path.replace(/^\/+/, ""));
  const one = { path, size: entry.size, open: entry.open };
  return isZip(path) ? { ...one, reason: "archive" } : one;
}
