import { useEffect, useState } from "preact/hooks";

import { decided } from "../api/decided";
import type { Dataset, Estimate, StartAnswer } from "../api/types";
import { go, hrefOf } from "../router";
import { api } from "../session";
import { currentLanguage, duration, money, t } from "../texts";
import { announce } from "../ui/announce";
import { Button, Card, Dialog, Failed, Link, Notice } from "../ui";

/** What a run would take and cost, when it starts by itself, and the button that does not wait. */
export function Start({
  dataset,
  estimate,
  unsent,
  images,
  isSending,
  onStarted,
}: {
  dataset: Dataset;
  estimate: Estimate | null;
  unsent: number;
  images: number;
  isSending: boolean;
  onStarted: () => void;
}) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<StartAnswer | null>(null);
  const [error, setError] = useState<Error | null>(null);

  const start = async (again: boolean) => {
    setAsking(false);
    setBusy(true);
    setError(null);
    try {
      const ask = () => api.call("startRun", { path: { dataset: dataset.dataset }, body: { again } });
      const given = await decided(ask, setAnswer);
      setAnswer(given);
      announce(given.say);
      const isUnderWay = given.outcome === "started" || given.outcome === "active";
      if (given.run && isUnderWay) go({ screen: "run", dataset: dataset.dataset, run: given.run });
      else onStarted();
    } catch (failure) {
      setError(failure as Error);
    }
    setBusy(false);
  };
  const isRunning = dataset.state === "running";
  return (
    <Card title={t("drop.start.title")} class="start">
      {dataset.problems.map((problem) => (
        <Notice key={problem} tone="warning">
          {problem}
        </Notice>
      ))}
      <Expected estimate={estimate} />
      {dataset.state === "waiting" && dataset.starts_at !== null && <Countdown to={dataset.starts_at} />}
      {unsent > 0 && <p class="hint">{t("drop.start.unsent", { n: unsent })}</p>}
      {isRunning && dataset.run && (
        <Notice>
          <p>{t("drop.start.running")}</p>
          <Link href={hrefOf({ screen: "run", dataset: dataset.dataset, run: dataset.run.id })}>
            {t("drop.start.watch")}
          </Link>
        </Notice>
      )}
      {answer && <Notice>{answer.say}</Notice>}
      {error && <Failed error={error} />}
      {images > 0 && !isRunning && (
        <Button
          look={unsent || isSending ? "quiet" : "primary"}
          busy={isBusy}
          disabled={isSending || isBusy}
          onClick={() => setAsking(true)}
        >
          {answer?.outcome === "nothing" ? t("drop.start.again") : t("drop.start.button")}
        </Button>
      )}
      {!images && !unsent && <p class="soft">{t("drop.start.empty")}</p>}
      <Dialog title={t("drop.start.ask")} open={isAsking} onClose={() => setAsking(false)}>
        <Expected estimate={estimate} />
        <div class="buttons">
          <Button look="primary" onClick={() => void start(answer?.outcome === "nothing")}>
            {t("drop.start.confirm")}
          </Button>
          <Button look="quiet" onClick={() => setAsking(false)}>
            {t("shell.cancel")}
          </Button>
        </div>
      </Dialog>
    </Card>
  );
}

function Expected({ estimate }: { estimate: Estimate | null }) {
  if (!estimate || estimate.seconds === null) return null;
  const time = duration(estimate.seconds);
  const sentences = [
    estimate.cost === null
      ? t("drop.start.estimate_time", { time })
      : t("drop.start.estimate", { time, cost: money(estimate.cost) }),
    estimate.cost_cap !== null && t("drop.start.cap", { cap: money(estimate.cost_cap) }),
    estimate.is_guess && t("drop.start.guess"),
  ];
  return <p class="expected">{sentences.filter(Boolean).join(currentLanguage() === "zh-CN" ? "" : " ")}</p>;
}

/** "It starts by itself in 9:41", second by second. */
function Countdown({ to }: { to: number }) {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.ceil(to - now);
  if (left <= 0) return <p class="countdown">{t("drop.start.soon")}</p>;
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return <p class="countdown">{t("drop.start.countdown", { time })}</p>;
}
