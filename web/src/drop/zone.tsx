import { useEffect, useRef, useState } from "preact/hooks";

import { ofDrop, ofFiles, ofPaste, type Found } from "../files/collect";
import { t } from "../texts";
import { Button } from "../ui";

type Taken = (found: Found[] | Promise<Found[]>) => void;

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

/** Where files are dropped, chosen or pasted. The whole of `area` takes drops; the zone shows that it does. */
export function DropZone({
  area,
  small,
  busy,
  onTaken,
}: {
  area: EventTarget;
  small: boolean;
  busy: boolean;
  onTaken: Taken;
}) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const isOver = useDropArea(area, onTaken);

  const chosen = (input: HTMLInputElement) => {
    const found = ofFiles(input.files ?? []);
    input.value = ""; // so that the same can be chosen again
    if (found.length) onTaken(found);
  };
  return (
    <section class={`zone${small ? " zone-small" : ""}${isOver ? " zone-over" : ""}`} aria-labelledby="zone-title">
      {!small && <Stack />}
      <h2 id="zone-title">{small ? t("drop.zone.more") : t("drop.zone.title")}</h2>
      {!small && <p class="soft">{t("drop.zone.text")}</p>}
      <div class="zone-buttons">
        <Button look={small ? "quiet" : "primary"} busy={busy} onClick={() => files.current?.click()}>
          {busy ? t("drop.zone.reading") : t("drop.zone.files")}
        </Button>
        <Button {...(small ? { look: "quiet" as const } : {})} onClick={() => folder.current?.click()}>
          {t("drop.zone.folder")}
        </Button>
      </div>
      <input ref={files} id="files" type="file" multiple hidden onChange={(event) => chosen(event.currentTarget)} />
      <input
        ref={folder}
        id="folder"
        type="file"
        hidden
        {...{ webkitdirectory: true }}
        onChange={(event) => chosen(event.currentTarget)}
      />
    </section>
  );
}

/** Takes what is dropped or pasted in an area; whether something is held over it just now. */
function useDropArea(area: EventTarget, onTaken: Taken): boolean {
  const [depth, setDepth] = useState(0);
  const taken = useRef(onTaken);
  taken.current = onTaken;
  useEffect(() => {
    const stop = new AbortController();
    const on = <E extends Event>(name: string, act: (event: E) => void) =>
      area.addEventListener(name, act as EventListener, { signal: stop.signal });
    on<DragEvent>("dragenter", (event) => hasFiles(event) && setDepth((n) => n + 1));
    on<DragEvent>("dragleave", (event) => hasFiles(event) && setDepth((n) => Math.max(0, n - 1)));
    on<DragEvent>("dragover", (event) => hasFiles(event) && event.preventDefault());
    on<DragEvent>("drop", (event) => {
      setDepth(0);
      if (!event.dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      taken.current(ofDrop(event.dataTransfer));
    });
    on<ClipboardEvent>("paste", (event) => {
      const files = event.clipboardData?.files;
      if (files?.length) taken.current(ofPaste(files, new Date()));
    });
    return () => stop.abort();
  }, [area]);
  return depth > 0;
}

function Stack() {
  return (
    <svg class="zone-picture" viewBox="0 0 120 84" width="120" height="84" aria-hidden="true">
      <rect class="sheet back" x="14" y="16" width="52" height="52" rx="9" transform="rotate(-10 40 42)" />
      <rect class="sheet back" x="54" y="16" width="52" height="52" rx="9" transform="rotate(9 80 42)" />
      <rect class="sheet" x="34" y="12" width="54" height="54" rx="9" />
      <circle class="sun" cx="72" cy="28" r="6" />
      <path class="hill" d="M34 57l14-17 11 12 8-8 21 19v-6a9 9 0 0 1-9 9H43a9 9 0 0 1-9-9z" />
    </svg>
  );
}
