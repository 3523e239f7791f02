import { useState } from "preact/hooks";

import type { ScreenOf } from ".";
import type { Run } from "../api/types";
import { go, hrefOf } from "../router";
import { may } from "../session";
import { duration, moment, t } from "../texts";
import { Button, Empty, Failed, Link, Loading, Title } from "../ui";
import { usePoll } from "../ui/use-poll";
import { Trail } from "../parts/trail";
import "../styles/parts.css";
import "../styles/run.css";

const POLL_SECONDS = 30;

export default function RunsScreen({ me, dataset }: ScreenOf<"runs">) {
  const about = usePoll("getDataset", { path: { dataset } }, null);
  const { answer, error, reload } = usePoll("listRuns", { path: { dataset } }, POLL_SECONDS);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const title = about.answer?.title ?? dataset;
  const canCompare = may(me, dataset, "take") && (answer?.runs.filter(hasPictures).length ?? 0) > 1;
  const choose = (run: string, isChosen: boolean) =>
    setChosen((before) => (isChosen ? [...before.slice(-1), run] : before.filter((one) => one !== run)));
  return (
    <>
      <Trail dataset={dataset} title={title} runs={false} />
      <Title text={t("runs.title")}>
        {canCompare && (
          <Button
            disabled={chosen.length !== 2}
            onClick={() => go({ screen: "compare", dataset, a: chosen[0]!, b: chosen[1]! })}
          >
            {t("runs.compare")}
          </Button>
        )}
      </Title>
      {error && <Failed error={error} again={reload} />}
      {!answer && !error && <Loading />}
      {answer?.runs.length === 0 && (
        <Empty title={t("runs.none.title")} text={t("runs.none.text")}>
          <Link look="primary" href={hrefOf({ screen: "drop", dataset })}>
            {t("run.to_images")}
          </Link>
        </Empty>
      )}
      {canCompare && <p class="soft runs-hint">{t("runs.compare_hint")}</p>}
      <ul class="runs">
        {answer?.runs.map((run) => (
          <Row
            key={run.id}
            dataset={dataset}
            run={run}
            canTake={may(me, dataset, "take")}
            {...(canCompare && hasPictures(run) ? { chosen: chosen.includes(run.id), onChoose: choose } : {})}
          />
        ))}
      </ul>
    </>
  );
}

const hasPictures = (run: Run): boolean => run.status === "succeeded";

function Row({
  dataset,
  run,
  canTake,
  chosen,
  onChoose,
}: {
  dataset: string;
  run: Run;
  canTake: boolean;
  chosen?: boolean;
  onChoose?: (run: string, isChosen: boolean) => void;
}) {
  const when = moment(run.started);
  return (
    <li class="runs-row">
      {onChoose && (
        <input
          type="checkbox"
          class="check"
          checked={chosen ?? false}
          aria-label={t("runs.choose", { when })}
          onChange={(event) => onChoose(run.id, event.currentTarget.checked)}
        />
      )}
      <div class="runs-what">
        <a class="runs-when" href={hrefOf({ screen: "run", dataset, run: run.id })}>
          {when}
        </a>
        <p class="soft">
          {run.makes_model ? t("runs.images", { n: run.images }) : t("runs.more")}
          {run.ended !== null && ` · ${t("runs.took", { time: duration(run.ended - run.started) })}`}
        </p>
      </div>
      <span class={`chip chip-${run.status}`}>{t(`runs.status.${run.status}`)}</span>
      {canTake && hasPictures(run) && (
        <Link
          look="quiet"
          href={hrefOf({ screen: "result", dataset, run: run.id })}
          aria-label={t("runs.pictures_of", { when })}
        >
          {t("runs.pictures")}
        </Link>
      )}
    </li>
  );
}
