/** Asks no more often than that: what is asked for sooner waits its time, and all who wait get one answer. After a
 * failure it may be asked again at once. */
export function seldom<T>(ask: () => Promise<T>, milliseconds: number): () => Promise<T> {
  let last: { at: number; coming: Promise<T> } | null = null;
  return () => {
    const pause = last ? last.at + milliseconds - Date.now() : 0;
    if (last && pause > milliseconds) return last.coming;
    const coming = pause > 0 ? new Promise((resolve) => setTimeout(resolve, pause)).then(ask) : ask();
    const mine = { at: Date.now() + Math.max(0, pause), coming };
    last = mine;
    coming.catch(() => {
      if (last === mine) last = null;
    });
    return coming;
  };
}
