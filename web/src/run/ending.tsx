import { useEffect, useState } from "preact/hooks";

import type { RunView } from "../api/types";
import { api } from "../session";
import { money, t } from "../texts";
import { Button, Dialog, Failed } from "../ui";
import { announce } from "../ui/announce";
import { looks } from "./say";

type Way = "finish" | "cancel";
const OPERATIONS = { finish: "finishRun", cancel: "cancelRun" } as const;

/** The two ways to end a run before its time. Each asks once more and says what it means. */
export function Ending({ view, onAsked }: { view: RunView; onAsked: (view: RunView) => void }) {
  const [way, setWay] = useState<Way | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    // The button that had the focus is gone.
    if (asked) document.querySelector<HTMLElement>("main h1")?.focus();
  }, [asked]);
  if (!view.may_finish && !view.may_cancel) return null;
  return (
    <div class="buttons">
      {view.may_finish && !view.finish_asked && (
        <Button look="primary" onClick={() => setWay("finish")}>
          {t("run.finish")}
        </Button>
      )}
      {view.may_cancel && (
        <Button look="danger" onClick={() => setWay("cancel")}>
          {t("run.cancel")}
        </Button>
      )}
      <Dialog title={way ? t(`run.${way}.title`) : ""} open={way !== null} onClose={() => setWay(null)}>
        {way && (
          <Question
            key={way}
            way={way}
            view={view}
            onClose={() => setWay(null)}
            onAsked={(answer) => {
              setWay(null);
              setAsked(asked + 1);
              onAsked(answer);
              announce(t(`run.${way}.asked`));
            }}
          />
        )}
      </Dialog>
    </div>
  );
}

function Question({
  way,
  view,
  onClose,
  onAsked,
}: {
  way: Way;
  view: RunView;
  onClose: () => void;
  onAsked: (view: RunView) => void;
}) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const ask = () => {
    setBusy(true);
    setError(null);
    api.call(OPERATIONS[way], { path: { dataset: view.dataset, run: view.run.id } }).then(onAsked, (failure: Error) => {
      setBusy(false);
      setError(failure);
    });
  };
  const { training, cost } = view;
  return (
    <div class="question">
      <p>{t(`run.${way}.means`)}</p>
      <ul>
        {training && (
          <li>{t("run.ending.learned", { images: looks(training.kimg), wanted: looks(training.wanted_kimg) })}</li>
        )}
        {cost.so_far !== null && <li>{t("run.ending.cost", { cost: money(cost.so_far) })}</li>}
        <li>{t(`run.${way}.after`)}</li>
      </ul>
      {error && <Failed error={error} />}
      <div class="buttons buttons-end">
        <Button autofocus onClick={onClose}>
          {t("run.ending.back")}
        </Button>
        <Button look={way === "finish" ? "primary" : "danger"} busy={isBusy} disabled={isBusy} onClick={ask}>
          {t(`run.${way}.yes`)}
        </Button>
      </div>
    </div>
  );
}
