import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Api } from "../api/client";
import type { Folder } from "../api/types";
import type { Seen } from "../files/look";
import { Drop } from "./model";

const REDRAW_MILLISECONDS = 150;

export type Looker = { look: (file: Blob, largest: number) => Promise<Seen>; close: () => void };

export const CLOCK = {
  later: (milliseconds: number, then: () => void) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
  random: Math.random,
  isOnline: () => navigator.onLine,
};

export type Dropped = { drop: Drop; error: Error | null; isListed: boolean; reload: () => void };

/** The drop of one folder for as long as the page shows it; renders again when it has changed, but not for every file. */
export function useDrop(
  api: Api,
  dataset: string,
  folder: Folder,
  largestFile: number,
  makeLooker: () => Looker,
): Dropped {
  const [, redraw] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const [isListed, setListed] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  const looker = useMemo(makeLooker, []);
  const drop = useMemo(() => {
    const onChange = () => {
      timer.current ??= window.setTimeout(() => {
        timer.current = undefined;
        redraw((n) => n + 1);
      }, REDRAW_MILLISECONDS);
    };
    const memory = folder === "images" ? localStorage : null;
    return new Drop({ api, dataset, folder, largestFile, look: looker.look, clock: CLOCK, memory, onChange });
  }, [api, dataset, folder]);

  const load = () => {
    setError(null);
    drop.loadThere().then(() => setListed(true), setError);
  };
  useEffect(() => {
    load();
    const back = () => drop.queue.wake();
    const leaving = (event: BeforeUnloadEvent) => {
      if (drop.progress.state !== "idle") event.preventDefault();
    };
    addEventListener("online", back);
    addEventListener("offline", back);
    addEventListener("beforeunload", leaving);
    return () => {
      removeEventListener("online", back);
      removeEventListener("offline", back);
      removeEventListener("beforeunload", leaving);
      clearTimeout(timer.current);
      drop.queue.cancel();
      looker.close();
    };
  }, [drop]);
  return { drop, error, isListed, reload: load };
}
