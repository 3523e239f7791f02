import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { Answer, Asked, Operation } from "../api/client";
import { api } from "../session";
import { Poll } from "./poll";

export type Polled<T> = {
  answer: T | null;
  /** Of the last try; what was answered before stays. */
  error: Error | null;
  /** Asks at once. */
  reload: () => void;
  /** Shows what another call has answered. */
  replace: (answer: T) => void;
};

/** Asks again every few seconds while the page is seen, seldom while it is not or while nothing answers, and at once
 * when the page comes back or the network does. `seconds` null: only once. */
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
    const poll = new Poll(async (signal) => {
      try {
        const fresh = await api.fresh(operation, { ...asked, signal }, etag.current);
        if (fresh) etag.current = fresh.etag;
        setState((before) =>
          fresh ? { answer: fresh.answer, error: null } : before.error ? { ...before, error: null } : before,
        );
      } catch (error) {
        if (!signal.aborted) setState((before) => ({ ...before, error: error as Error }));
        throw error;
      }
    }, seconds);
    const wake = () => poll.wake();
    poll.start();
    document.addEventListener("visibilitychange", wake);
    addEventListener("online", wake);
    return () => {
      poll.stop();
      document.removeEventListener("visibilitychange", wake);
      removeEventListener("online", wake);
    };
  }, [operation, key, seconds, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const replace = useCallback((answer: Answer<K>) => {
    etag.current = null;
    setState({ answer, error: null });
  }, []);
  return { ...state, reload, replace };
}
