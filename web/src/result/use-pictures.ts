import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Pictures } from "../api/types";
import { api } from "../session";
import { seldom } from "./seldom";
import { fetchObject } from "./zip";

const AHEAD_SECONDS = 30;
const SELDOM_MILLISECONDS = 10_000;

export type PicturesState = {
  /** All pages as one; null until the first is there. */
  answer: Pictures | null;
  error: Error | null;
  /** Asks for the list again, as its addresses have expired or an image has failed; seldom, however often it is called. */
  renew: () => Promise<Pictures | null>;
  /** Gets a picture's bytes; with a new address if the known one has expired. */
  fetchPicture: (name: string, signal: AbortSignal) => Promise<Blob>;
};

/** What a run has made, with addresses that work. */
export function usePictures(dataset: string, run: string): PicturesState {
  const [answer, setAnswer] = useState<Pictures | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const latest = useRef<Pictures | null>(null);
  const ask = useMemo(() => {
    // While pages come, those of the time before stay, so that nothing that is shown goes away.
    const showFirst = (pictures: Pictures) => latest.current === null && setAnswer(pictures);
    return seldom(() => allPages(dataset, run, showFirst), SELDOM_MILLISECONDS);
  }, [dataset, run]);
  const renew = useCallback(async () => {
    try {
      const pictures = await ask();
      latest.current = pictures;
      setAnswer(pictures);
      setError(null);
      return pictures;
    } catch (failure) {
      setError(failure as Error);
      return null;
    }
  }, [ask]);

  useEffect(() => void renew(), [renew]);
  useEffect(() => {
    if (!answer) return;
    const isDue = () => Date.now() / 1000 > answer.expires - AHEAD_SECONDS;
    const look = () => {
      if (!document.hidden && isDue()) void renew();
    };
    const timer = setInterval(look, 1000 * AHEAD_SECONDS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [answer, renew]);

  const fetchPicture = useCallback(
    async (name: string, signal: AbortSignal) => {
      const urlIn = (pictures: Pictures | null) => pictures?.pictures.find((one) => one.name === name)?.url;
      const url = urlIn(latest.current);
      try {
        if (url) return await fetchObject(url, signal);
      } catch (failure) {
        if (signal.aborted) throw failure;
      }
      const fresh = urlIn(await renew());
      return fetchObject(fresh ?? url ?? "", signal);
    },
    [renew],
  );
  return { answer, error, renew, fetchPicture };
}

async function allPages(dataset: string, run: string, onPage: (pictures: Pictures) => void): Promise<Pictures> {
  const path = { dataset, run };
  let all = await api.call("listPictures", { path, query: {} });
  while (all.next !== null) {
    onPage(all);
    const page = await api.call("listPictures", { path, query: { after: all.next } });
    all = { ...page, pictures: [...all.pictures, ...page.pictures], expires: Math.min(all.expires, page.expires) };
  }
  return all;
}
