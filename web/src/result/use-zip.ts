import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../texts";
import { announce } from "../ui/announce";
import { fileName, save, zipOf, type Progress } from "./zip";

export type ZipState = {
  /** Of what is being packed; null while nothing is. */
  progress: (Progress & { of: number }) | null;
  error: Error | null;
  /** Hands one picture over as it is, several as a zip of that name. */
  start: (names: readonly string[], zipName: string) => void;
  cancel: () => void;
};

/** Pictures as files for the reader, packed in the browser. */
export function useZip(fetchPicture: (name: string, signal: AbortSignal) => Promise<Blob>): ZipState {
  const [progress, setProgress] = useState<ZipState["progress"]>(null);
  const [error, setError] = useState<Error | null>(null);
  const stop = useRef<AbortController | null>(null);
  const cancel = () => {
    stop.current?.abort();
    setProgress(null);
  };
  useEffect(() => cancel, []);

  const start = (names: readonly string[], zipName: string) => {
    const { signal } = (stop.current = new AbortController());
    const of = names.length;
    setError(null);
    setProgress({ files: 0, bytes: 0, of });
    const [first] = names;
    const coming =
      of === 1 && first !== undefined
        ? fetchPicture(first, signal).then((blob) => save(blob, fileName(first)))
        : zipOf(
            names,
            (name) => fetchPicture(name, signal),
            (now) => !signal.aborted && setProgress({ ...now, of }),
          ).then((blob) => !signal.aborted && save(blob, zipName));
    coming.then(
      () => {
        if (signal.aborted) return;
        setProgress(null);
        announce(t("result.zip.done", { n: of }));
      },
      () => {
        if (signal.aborted) return;
        setProgress(null);
        setError(new Error(t("result.zip.failed")));
      },
    );
  };
  return { progress, error, start, cancel };
}
