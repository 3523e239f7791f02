import type { Seen } from "./look";

const WORKERS = 2;

/** Files are looked at by two workers; `close` ends them. */
export function lookInWorkers(): { look: (file: Blob, largest: number) => Promise<Seen>; close: () => void } {
  const waiting = new Map<number, (seen: Seen) => void>();
  const workers = Array.from({ length: WORKERS }, () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<{ id: number; seen: Seen }>) => {
      waiting.get(data.id)?.(data.seen);
      waiting.delete(data.id);
    };
    return worker;
  });
  let next = 0;
  return {
    look: (file, largest) =>
      new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        workers[id % WORKERS]!.postMessage({ id, file, largest });
      }),
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}
