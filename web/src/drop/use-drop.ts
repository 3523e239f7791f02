import { useEffect, useMemo, useState } from "preact/hooks";

import type { Api } from "../api/client";
import type { Folder } from "../api/types";
import type { Seen } from "../files/look";
import { Drop } from "./model";

const REDRAW_MILLISECONDS = 150;

export type Looker = { look: (file: Blob, largest: number) => Promise<Seen>; close: () => void };

const CLOCK = {
  later: (milliseconds: number, then: () => void) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
  random: Math.random,
  isOnline: () => navigator.onLine,
};

/** Where the files of a drop go, and how they are looked at. */
export type Target = {
  api: Api;
  dataset: string;
  folder: Folder;
  largestFile: number;
  makeLooker: () => Looker;
  /** Whether it goes on while the reader is elsewhere in the app. */
  isKept: boolean;
};

/** A drop, and who shows it. */
type Held = { drop: Drop; show: (() => void) | null; close: () => void };

const kept = new Map<string, Held>();

function hold({ api, dataset, folder, largestFile, makeLooker }: Target): Held {
  const looker = makeLooker();
  let timer: number | undefined;
  const onChange = () => {
    timer ??= window.setTimeout(() => {
      timer = undefined;
      held.show?.();
    }, REDRAW_MILLISECONDS);
  };
  const memory = folder === "images" ? localStorage : null;
  const drop = new Drop({ api, dataset, folder, largestFile, look: looker.look, clock: CLOCK, memory, onChange });
  const stop = new AbortController();
  const leaving = (event: BeforeUnloadEvent) => {
    if (drop.progress.state !== "idle") event.preventDefault();
  };
  addEventListener("online", () => drop.queue.wake(), { signal: stop.signal });
  addEventListener("offline", onChange, { signal: stop.signal });
  addEventListener("beforeunload", leaving, { signal: stop.signal });
  const close = () => {
    stop.abort();
    drop.queue.cancel();
    looker.close();
  };
  const held: Held = { drop, show: null, close };
  return held;
}

function heldFor(target: Target): Held {
  const key = `${target.dataset}/${target.folder}`;
  const held = (target.isKept && kept.get(key)) || hold(target);
  if (target.isKept) kept.set(key, held);
  return held;
}

/** The drop of one folder; renders again when it has changed, but not for every file. */
export function useDrop(target: Target): { drop: Drop; error: Error | null; reload: () => void } {
  const [, redraw] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const held = useMemo(() => heldFor(target), [target.api, target.dataset, target.folder]);
  const load = () => {
    setError(null);
    held.drop.loadThere().catch(setError);
  };
  useEffect(() => {
    held.show = () => redraw((n) => n + 1);
    load();
    return () => {
      held.show = null;
      if (!target.isKept) held.close();
    };
  }, [held]);
  return { drop: held.drop, error, reload: load };
}
