import { useEffect, useRef, useState } from "preact/hooks";

import { api } from "../session";
import { t } from "../texts";
import { announce } from "../ui/announce";
import { Favourites } from "./favourites";

export type Hearts = { names: ReadonlySet<string>; toggle: (name: string) => void; error: Error | null };

/** The reader's favourites of a run; `told` is what the server said at first. */
export function useFavourites(dataset: string, run: string, told: readonly string[] | null): Hearts {
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<Error | null>(null);
  const kept = useRef<Favourites | null>(null);
  useEffect(() => {
    if (told === null || kept.current) return;
    const write = async (wanted: string[]) =>
      (await api.call("putFavourites", { path: { dataset, run }, body: { names: wanted } })).names;
    kept.current = new Favourites(new Set(told), write, (after, failure) => {
      setNames(after);
      setError(failure);
      if (failure) announce(t("result.favourites.undone"));
    });
    setNames(kept.current.names);
  }, [told]);
  return { names, error, toggle: (name) => kept.current?.toggle(name) };
}
