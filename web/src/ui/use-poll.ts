import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { Answer, Asked, Operation } from "../api/client";
import { api } from "../session";

const HIDDEN_SECONDS = 30;

export type Polled<T> = {
  answer: T | null;
  /** Of the last try; what was answered before stays. */
  error: Error | null;
  /** Asks at once. */
  reload: () => void;
  /** Shows what another call has answered. */
  replace: (answer: T) => void;
};

/** Asks again every few seconds while the page is seen, seldom while it is not, and at once when it comes back or the
 * network does. `seconds` null: only once. */
export function usePoll<K extends Operation>(operation: K, asked: Asked<K>, seconds: number | null): Polled<Answer<K>> {
  const [state, setState] = useState<{ answer: Answer<K> | null; error: Error | null }>({ answer: null, error: null });
  const [turn, setTurn] = useState(0);
  const etag = useRef<string | null>(null);
  const key = JSON.stringify(asked);

  useEffect(() => {
    etag.current = null;
    setState({ answer: null, error: null });
  }, [operation, key]);

  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      clearTimeout(timer);
      try {
        const fresh = await api.fresh(operation, { ...asked, signal: stop.signal }, etag.current);
        if (fresh) etag.current = fresh.etag;
        setState((before) =>
          fresh ? { answer: fresh.answer, error: null } : before.error ? { ...before, error: null } : before,
        );
      } catch (error) {
        if (stop.signal.aborted) return;
        setState((before) => ({ ...before, error: error as Error }));
      }
      plan();
    };
    const plan = () => {
      clearTimeout(timer);
      if (seconds === null || stop.signal.aborted) return;
      timer = window.setTimeout(
        () => void ask(),
        1000 * (document.hidden ? Math.max(seconds, HIDDEN_SECONDS) : seconds),
      );
    };
    const back = () => {
      if (!document.hidden) void ask();
    };
    void ask();
    document.addEventListener("visibilitychange", back);
    addEventListener("online", back);
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", back);
      removeEventListener("online", back);
    };
  }, [operation, key, seconds, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const replace = useCallback((answer: Answer<K>) => {
    etag.current = null;
    setState({ answer, error: null });
  }, []);
  return { ...state, reload, replace };
}
