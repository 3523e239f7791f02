import { useEffect, useState } from "preact/hooks";

import type { ScreenOf } from ".";
import type { Run } from "../api/types";
import { hrefOf } from "../router";
import { moment, t } from "../texts";
import { Button, Empty, Failed, Field, Loading, Title } from "../ui";
import { usePoll } from "../ui/use-poll";
import { Trail } from "../parts/trail";
import { PairView, WAYS, type Way } from "../compare/pair-view";
import { chosenRuns, pairsOf } from "../compare/pairs";
import { usePictures } from "../result/use-pictures";
import "../styles/parts.css";
import "../styles/compare.css";

const AT_ONCE = 48;

export default function CompareScreen({ dataset, a, b }: ScreenOf<"compare">) {
  const about = usePoll("getDataset", { path: { dataset } }, null);
  const { answer, error, reload } = usePoll("listRuns", { path: { dataset } }, null);
  const runs = answer?.runs.filter((run) => run.status === "succeeded") ?? [];
  const chosen = chosenRuns(runs, a, b);
  return (
    <>
      <Trail dataset={dataset} title={about.answer?.title ?? dataset} />
      <Title text={t("compare.title")} />
      {error && <Failed error={error} again={reload} />}
      {!answer && !error && <Loading />}
      {answer && (
        <>
          <div class="compare-runs">
            <Chooser label={t("compare.a")} runs={runs} run={chosen.a} onRun={(run) => move(dataset, run, chosen.b)} />
            <Chooser label={t("compare.b")} runs={runs} run={chosen.b} onRun={(run) => move(dataset, chosen.a, run)} />
          </div>
          {chosen.a && chosen.b ? (
            <Pairs key={`${chosen.a} ${chosen.b}`} dataset={dataset} a={chosen.a} b={chosen.b} />
          ) : (
            <Empty title={t("compare.need.title")} text={t("compare.need.text")} />
          )}
        </>
      )}
    </>
  );
}

const move = (dataset: string, a: string, b: string): void =>
  location.replace(hrefOf({ screen: "compare", dataset, a, b }));

function Chooser({
  label,
  runs,
  run,
  onRun,
}: {
  label: string;
  runs: readonly Run[];
  run: string;
  onRun: (run: string) => void;
}) {
  const isKnown = runs.some((one) => one.id === run);
  return (
    <Field
      label={label}
      control={(ids) => (
        <select {...ids} value={isKnown ? run : ""} onChange={(event) => onRun(event.currentTarget.value)}>
          {!isKnown && <option value="">{t("compare.choose")}</option>}
          {runs.map((one) => (
            <option key={one.id} value={one.id}>
              {moment(one.started)} · {one.makes_model ? t("runs.images", { n: one.images }) : t("runs.more")}
            </option>
          ))}
        </select>
      )}
    />
  );
}

function Pairs({ dataset, a, b }: { dataset: string; a: string; b: string }) {
  const [left, right] = [usePictures(dataset, a), usePictures(dataset, b)];
  const [way, setWay] = useState<Way>("slider");
  const [limit, setLimit] = useState(AT_ONCE);
  const isTurned = useBlink(way === "blink");
  const error = left.error ?? right.error;
  const renew = () => void Promise.all([left.renew(), right.renew()]);
  if (error) return <Failed error={error} again={renew} />;
  if (!left.answer || !right.answer) return <Loading />;
  const pairs = pairsOf(left.answer.pictures, right.answer.pictures);
  if (!pairs.length) return <Empty title={t("compare.none.title")} text={t("compare.none.text")} />;
  return (
    <>
      <div class="toolbar">
        <div class="filters" role="group" aria-label={t("compare.way")}>
          {WAYS.map((one) => (
            <button key={one} type="button" class="pill" aria-pressed={one === way} onClick={() => setWay(one)}>
              {t(`compare.way.${one}`)}
            </button>
          ))}
        </div>
        <p class="soft">{t("compare.pairs", { n: pairs.length })}</p>
      </div>
      {way !== "beside" && <p class="soft choose-hint">{t(way === "slider" ? "compare.hint" : "compare.blinking")}</p>}
      <div class={`pairs pairs-${way}`}>
        {pairs.slice(0, limit).map((pair) => (
          <PairView key={`${pair.seed} ${pair.class}`} pair={pair} way={way} isTurned={isTurned} onFail={renew} />
        ))}
      </div>
      {limit < pairs.length && (
        <div class="group-more">
          <Button onClick={() => setLimit(limit + AT_ONCE)}>
            {t("compare.show_more", { n: Math.min(AT_ONCE, pairs.length - limit) })}
          </Button>
        </div>
      )}
    </>
  );
}

/** Turns every second; not at all for who wants no movement: they press. */
function useBlink(isOn: boolean): boolean {
  const [isTurned, setTurned] = useState(false);
  useEffect(() => {
    if (!isOn || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const timer = setInterval(() => setTurned((before) => !before), 1000);
    return () => clearInterval(timer);
  }, [isOn]);
  return isTurned;
}
