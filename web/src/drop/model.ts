// What was dropped for one dataset: looked at, put under labels, sent. No page in here.
import type { Api } from "../api/client";
import type { Folder } from "../api/types";
import { unzipped, type Found } from "../files/collect";
import { MOST_PIXELS, type Reason, type ReasonCode } from "../files/kinds";
import { cleanLabel, countLabels, labelFor, namesToSend, rename, type Label, type Renamed } from "../files/labels";
import { kindOfName } from "../files/names";
import type { Seen } from "../files/look";
import { UploadQueue, type Ports, type Progress } from "../queue";
import { currentLanguage } from "../texts";
import { transport } from "./transport";

export type ItemState = "looking" | "skipped" | "ready" | "there" | "queued" | "sent" | "failed";

export type Item = {
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly open: () => Promise<Blob>;
  state: ItemState;
  /** Why it is skipped. */
  reason: Reason | null;
  /** Why it could not be sent, as a sentence. */
  note: string;
  type: string;
  digest: string | null;
  /** Wider than high, or not known. */
  isWide: boolean;
  /** The name under which it is sent or was, which does not change any more. */
  name: string | null;
};

export type SkippedGroup = { code: ReasonCode; items: Item[] };

export type Summary = {
  counts: Record<ItemState, number>;
  /** What was left behind by systems and is not listed. */
  junk: number;
  skipped: SkippedGroup[];
  labels: Array<Label & { isFixed: boolean }>;
  without: number;
  /** Of what is ready to be sent. */
  bytes: number;
};

export type DropOptions = {
  api: Api;
  dataset: string;
  folder: Folder;
  largestFile: number;
  look: (file: Blob, largest: number) => Promise<Seen>;
  clock: Pick<Ports, "later" | "now" | "random" | "isOnline">;
  /** Labels that were renamed before, in the same browser. */
  memory: Pick<Storage, "getItem" | "setItem"> | null;
  onChange: () => void;
};

const LOOKS_AT_ONCE = 4;

/** The files that are to go into one folder of a dataset. */
export class Drop {
  readonly queue: UploadQueue;
  /** What is in the list, skipped files among it, in the order in which it came. */
  items: Item[] = [];
  renamed: Renamed;
  /** Whether it is known what is there already. */
  isListed = false;
  /** Folders and archives that are being read. */
  reading = 0;
  private junk = 0;
  private nextId = 1;
  private looking = 0;
  private toLook: Item[] = []; // the next one last
  private forgotten = 0;
  private byId = new Map<number, Item>();
  private owners = new Map<string, Item>();
  private there = new Map<string, number>();
  private names: Map<number, string> | null = null;

  constructor(private readonly options: DropOptions) {
    this.renamed = this.remembered();
    this.queue = new UploadQueue({
      ...transport(options.api, options.dataset, options.folder),
      ...options.clock,
      onSent: (task) => this.settle(task.id, "sent", ""),
      onFailed: (task, why) => this.settle(task.id, "failed", why),
      onChange: options.onChange,
    });
  }

  /** Fetches the names and sizes of what is there already, which is not sent again. */
  async loadThere(signal?: AbortSignal): Promise<void> {
    const { api, dataset, folder } = this.options;
    let after: string | undefined;
    do {
      const query = { folder, ...(after === undefined ? {} : { after }) };
      const page = await api.call("listFiles", { path: { dataset }, query, ...(signal ? { signal } : {}) });
      for (const [name, size] of page.files) this.there.set(name, size);
      after = page.next ?? undefined;
    } while (after !== undefined);
    this.isListed = true;
    this.restructured();
  }

  get thereCount(): number {
    return this.there.size;
  }

  /** Takes what was dropped into the list and looks at it. */
  async add(given: Found[] | Promise<Found[]>): Promise<number> {
    this.reading += 1;
    this.options.onChange();
    try {
      const found = await unzipped(await given, currentLanguage() === "zh-CN");
      const ordered = found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
      const taken = ordered.map((one) => this.take(one)).filter((item) => item !== null);
      this.toLook = [...taken.reverse(), ...this.toLook];
      return found.length;
    } finally {
      this.reading -= 1;
      this.restructured();
      this.lookOn();
    }
  }

  /** The item, if it is to be looked at. */
  private take(found: Found): Item | null {
    const kind = kindOfName(found.path);
    if (kind === "junk") {
      this.junk += 1;
      return null;
    }
    const { path, size, open } = found;
    const item: Item = {
      id: this.nextId++,
      path,
      size,
      open,
      state: "looking",
      reason: null,
      note: "",
      type: "",
      digest: null,
      isWide: true,
      name: null,
    };
    this.items.push(item);
    this.byId.set(item.id, item);
    const reason = found.reason ?? (kind === "refused" ? "name_unusable" : size === 0 ? "empty" : null);
    if (reason) this.skip(item, reason);
    return reason ? null : item;
  }

  private lookOn(): void {
    while (this.looking < LOOKS_AT_ONCE && this.toLook.length) void this.lookAt(this.toLook.pop()!);
  }

  private async lookAt(item: Item): Promise<void> {
    this.looking += 1;
    this.judge(item, await this.seen(item));
    this.looking -= 1;
    this.lookOn();
    if (!this.looking && this.forgotten) this.sweep();
    this.options.onChange();
  }

  private async seen(item: Item): Promise<Seen> {
    try {
      if (item.size > this.options.largestFile) return { reason: "too_large" };
      return await this.options.look(await item.open(), this.options.largestFile);
    } catch (error) {
      return { reason: isZipFault(error) ? error.code : "moved" };
    }
  }

  private judge(item: Item, seen: Seen): void {
    if (!this.byId.has(item.id)) return; // taken out of the list meanwhile
    if (seen.reason !== undefined) return this.skip(item, seen.reason);
    if (kindOfName(item.path) === "other") return this.skip(item, "named_otherwise");
    item.type = seen.type;
    item.digest = seen.digest;
    item.isWide = (seen.width ?? 1) >= (seen.height ?? 1);
    const owner = this.owners.get(seen.digest);
    if (!owner) return this.own(item);
    if (owner.path === item.path) return this.forget(item); // the same file, dropped twice
    const [first, second] = item.id < owner.id && owner.state === "ready" ? [item, owner] : [owner, item];
    this.own(first);
    this.skip(second, "duplicate", { other: first.path });
  }

  private own(item: Item): void {
    this.owners.set(item.digest!, item);
    if (item.state === "looking" || item.state === "skipped") item.state = this.isThere(item) ? "there" : "ready";
    item.reason = null;
  }

  private skip(item: Item, code: ReasonCode, values: Reason["values"] = {}): void {
    const bounds = { megabytes: Math.floor(this.options.largestFile / 1e6), megapixels: Math.floor(MOST_PIXELS / 1e6) };
    item.state = "skipped";
    item.reason = { code, values: { ...bounds, ...values } };
  }

  private forget(item: Item): void {
    this.byId.delete(item.id);
    this.forgotten += 1;
  }

  private sweep(): void {
    this.items = this.items.filter((item) => this.byId.has(item.id));
    this.forgotten = 0;
    this.restructured();
  }

  /** Takes files out of the list that are not sent; a duplicate of one takes its place. */
  remove(ids: Iterable<number>): void {
    const gone = [...ids].filter((id) => canRemove(this.byId.get(id)));
    const freed = new Set<string>();
    for (const id of gone) {
      const item = this.byId.get(id);
      this.byId.delete(id);
      if (!item?.digest || this.owners.get(item.digest) !== item) continue;
      this.owners.delete(item.digest);
      freed.add(item.digest);
    }
    this.sweep();
    for (const item of this.items)
      if (item.digest && freed.has(item.digest) && !this.owners.has(item.digest)) this.own(item);
    this.restructured();
  }

  /** Gives a label another name; "" takes it away. */
  renameLabel(from: string, to: string): void {
    const paths = this.items.map((item) => item.path);
    this.renamed = rename(this.renamed, paths, from, cleanLabel(to));
    this.options.memory?.setItem(this.memoryKey, JSON.stringify(this.renamed));
    this.restructured();
  }

  private get memoryKey(): string {
    return `workshop-labels-${this.options.dataset}`;
  }

  private remembered(): Renamed {
    try {
      const kept: unknown = JSON.parse(this.options.memory?.getItem(this.memoryKey) ?? "{}");
      const pairs = Object.entries(kept ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === "string");
      return Object.fromEntries(pairs.map(([from, to]) => [from, cleanLabel(to)]));
    } catch {
      return {};
    }
  }

  /** The name under which an item is sent. */
  nameOf(item: Item): string {
    if (item.name !== null) return item.name;
    if (!this.names) {
      const names = namesToSend(
        this.items.map((one) => one.path),
        this.renamed,
      );
      this.names = new Map(this.items.map((one, place) => [one.id, names[place]!]));
    }
    return this.names.get(item.id) ?? item.path;
  }

  private isThere(item: Item): boolean {
    return this.there.get(this.nameOf(item)) === item.size;
  }

  /** Names have changed, or what is known to be there. */
  private restructured(): void {
    this.names = null;
    for (const item of this.items)
      if (item.state === "ready" || item.state === "there") item.state = this.isThere(item) ? "there" : "ready";
    this.options.onChange();
  }

  /** Sends everything that is ready. */
  send(): void {
    const ready = this.items.filter((item) => item.state === "ready");
    const tasks = ready.map((item) => ({ ...item, name: this.nameOf(item) }));
    ready.forEach((item, place) => Object.assign(item, { state: "queued", name: tasks[place]!.name }));
    this.queue.add(tasks);
  }

  sendFailedAgain(): void {
    for (const task of this.queue.failed) this.settle(task.id, "queued", "");
    this.queue.retryFailed();
  }

  /** Stops sending; what is not sent is ready again. */
  stopSending(): void {
    this.queue.cancel();
    for (const item of this.items)
      if (item.state === "queued" || item.state === "failed") Object.assign(item, { state: "ready", name: null });
    this.restructured();
  }

  private settle(id: number, state: ItemState, note: string): void {
    const item = this.byId.get(id);
    if (!item) return;
    Object.assign(item, { state, note });
    if (state === "sent") this.there.set(this.nameOf(item), item.size);
  }

  get progress(): Progress {
    return this.queue.progress;
  }

  get summary(): Summary {
    const counts: Summary["counts"] = { looking: 0, skipped: 0, ready: 0, there: 0, queued: 0, sent: 0, failed: 0 };
    const groups = new Map<ReasonCode, Item[]>();
    const used: string[] = [];
    const fixed = new Set<string>(); // some of it lies under that name already
    let bytes = 0;
    for (const item of this.items) {
      counts[item.state] += 1;
      if (item.state === "ready") bytes += item.size;
      if (item.state === "there" || item.state === "sent" || item.state === "queued")
        fixed.add(labelFor(item.path, this.renamed));
      if (!item.reason) used.push(item.path);
      else if (!groups.get(item.reason.code)?.push(item)) groups.set(item.reason.code, [item]);
    }
    const skipped = [...groups]
      .map(([code, items]) => ({ code, items }))
      .sort((a, b) => b.items.length - a.items.length);
    const { labels, without } = countLabels(used, this.renamed);
    const marked = labels.map((label) => ({ ...label, isFixed: fixed.has(label.name) }));
    return { counts, junk: this.junk, skipped, bytes, labels: marked, without };
  }
}

/** What is at the workshop already stays there, and so in the list. */
export const canRemove = (item: Item | undefined): boolean =>
  item !== undefined && !["queued", "sent", "there"].includes(item.state);

function isZipFault(error: unknown): error is { code: ReasonCode } {
  return error instanceof Error && error.name === "ZipProblem";
}
