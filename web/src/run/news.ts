import { useEffect, useRef } from "preact/hooks";

import type { RunView } from "../api/types";
import { t } from "../texts";
import { announce } from "../ui/announce";
import { looks } from "./say";
import { stageOf } from "./words";

/** Says changes aloud: where the run stands, the verdict, new samples; nothing where a poll has found only time. */
export function useNews(view: RunView | null): void {
  const known = useRef<RunView | null>(null);
  useEffect(() => {
    if (!view) return;
    const said = known.current ? newsOf(known.current, view) : null;
    known.current = view;
    if (said) announce(said);
  }, [view]);
}

function newsOf(before: RunView, after: RunView): string | null {
  if (stageOf(after) !== stageOf(before)) return t(`run.stage.${stageOf(after)}`);
  if (after.training && after.training.verdict !== before.training?.verdict)
    return t(`run.verdict.${after.training.verdict}`);
  const [newest, known] = [after.samples.at(-1), before.samples.at(-1)];
  if (newest && newest.kimg !== known?.kimg) return t("run.sheet.new", { images: looks(newest.kimg) });
  return null;
}
