import { look } from "./look";

/** Looks at one file after the other, away from the page. */
self.onmessage = async ({ data }: MessageEvent<{ id: number; file: Blob; largest: number }>) => {
  self.postMessage({ id: data.id, seen: await look(data.file, data.largest) });
};
