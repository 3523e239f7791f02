import { useState } from "preact/hooks";

import type { ScreenOf } from ".";
import type { RunView } from "../api/types";
import { hrefOf } from "../router";
import { may } from "../session";
import { has, money, moment, number, t } from "../texts";
import { Card, Failed, Link, Loading, Meter, Notice, Title, type Tone } from "../ui";
import { useNow } from "../ui/use-now";
import { usePoll } from "../ui/use-poll";
import { Skipped } from "../parts/skipped";
import { Trail } from "../parts/trail";
import { TrainingCurve } from "../parts/training-curve";
import { StartAgain } from "../run/again";
import { Beginning } from "../run/beginning";
import { Ending } from "../run/ending";
import { useNews } from "../run/news";
import { doneAt, looks, timeLeft } from "../run/say";
import { Sheets } from "../run/sheets";
import { Steps } from "../run/steps";
import { isOver, progressOf, stageOf } from "../run/words";
import "../styles/parts.css";
import "../styles/run.css";

const POLL_SECONDS = 5;

export default function RunScreen({ me, dataset, run }: ScreenOf<"run">) {
  const [isFinal, setFinal] = useState(false);
  const {
    answer: view,
    error,
    reload,
    replace,
  } = usePoll("getRun", { path: { dataset, run } }, isFinal ? null : POLL_SECONDS);
  if (view && isOver(view) !== isFinal) setFinal(isOver(view));
  useNews(view);
  if (!view) {
    return (
      <>
        <Title text={t("run.title")} />
        {error ? <Failed error={error} again={reload} /> : <Loading />}
      </>
    );
  }
  const canStart = may(me, dataset, "drop");
  return (
    <>
      <Trail dataset={dataset} title={view.title} />
      <Title text={view.title}>{canStart && <Ending view={view} onAsked={replace} />}</Title>
      {error && <Failed error={error} again={reload} />}
      <Outcome view={view} canStart={canStart} canTake={may(me, dataset, "take")} />
      <div class="run">
        <div class="run-picture">
          {view.samples.length ? (
            <Sheets samples={view.samples} isGrowing={!isOver(view)} />
          ) : (
            !isOver(view) && <Beginning view={view} stage={stageOf(view)} />
          )}
        </div>
        <Now view={view} />
        {view.images && <Images images={view.images} />}
      </div>
    </>
  );
}

/** What has come of it, once something has. */
function Outcome({ view, canStart, canTake }: { view: RunView; canStart: boolean; canTake: boolean }) {
  const stage = stageOf(view);
  return (
    <>
      {(stage === "finishing" || stage === "stopping") && (
        <div class="outcome">
          <Notice tone="warning">
            <p>{t(`run.outcome.${stage}`)}</p>
          </Notice>
        </div>
      )}
      {view.has_pictures && (
        <div class="outcome">
          <Notice tone="good">
            <p class="outcome-text">{t("run.outcome.pictures")}</p>
            {canTake && (
              <Link look="primary" href={hrefOf({ screen: "result", dataset: view.dataset, run: view.run.id })}>
                {t("run.to_pictures")}
              </Link>
            )}
          </Notice>
        </div>
      )}
      {(stage === "failed" || stage === "stopped" || stage === "lost") && (
        <Unlucky view={view} stage={stage} canStart={canStart} />
      )}
    </>
  );
}

/** Why it has ended before it was done, and what to do next. */
function Unlucky({
  view,
  stage,
  canStart,
}: {
  view: RunView;
  stage: "failed" | "stopped" | "lost";
  canStart: boolean;
}) {
  const { failure } = view;
  return (
    <section class={`card outcome outcome-${stage}`}>
      <h2>{failure?.headline || t(`run.stage.${stage}`)}</h2>
      <p>{failure?.reason || t(`run.outcome.${stage}`)}</p>
      {!!failure?.next.length && (
        <>
          <h3>{t("run.next")}</h3>
          <ul>
            {failure.next.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </>
      )}
      {canStart && (
        <div class="buttons">
          <StartAgain dataset={view.dataset} />
          <Link look="quiet" href={hrefOf({ screen: "drop", dataset: view.dataset })}>
            {t("run.to_images")}
          </Link>
        </div>
      )}
    </section>
  );
}

function presetName(preset: string): string {
  const key = `drop.choice.preset.${preset}`;
  return has(key) ? t(key) : preset;
}

const TONES: Partial<Record<NonNullable<RunView["training"]>["verdict"], Tone>> = {
  improving: "good",
  standing_still: "warning",
  collapsed: "bad",
  not_finite: "bad",
};

/** Where it stands: words first, then the numbers. */
function Now({ view }: { view: RunView }) {
  const now = useNow(view.now);
  const { training, cost } = view;
  const stage = stageOf(view);
  const isRunning = view.run.status === "running";
  return (
    <Card class="run-now">
      <h2 class="run-stage">{t(`run.stage.${stage}`)}</h2>
      {isRunning && view.ends_at !== null && (
        <p class="run-end">
          {doneAt(view.ends_at, now)}
          {view.ends_at > now + 60 && <span class="soft">{timeLeft(view.ends_at, now)}</span>}
        </p>
      )}
      {!isRunning && view.run.ended !== null && <p class="soft">{moment(view.run.ended)}</p>}
      {training && (
        <div class="run-training">
          <p class="run-length">
            <span>{t("run.length")}</span>
            <span>{number(progressOf(training), { style: "percent" })}</span>
          </p>
          <Meter
            label={t("run.length")}
            value={progressOf(training)}
            text={t("run.length_of", { images: looks(training.kimg), wanted: looks(training.wanted_kimg) })}
          />
          <p class="hint">
            {t("run.length_of", { images: looks(training.kimg), wanted: looks(training.wanted_kimg) })}
          </p>
          <p class={`verdict verdict-${TONES[training.verdict] ?? "info"}`}>{t(`run.verdict.${training.verdict}`)}</p>
          <p class="hint">
            {t(isOver(view) ? `result.verdict.${training.verdict}` : `run.verdict.${training.verdict}.means`)}
          </p>
        </div>
      )}
      <Steps view={view} now={view.run.ended ?? now} />
      <dl class="facts">
        {cost.so_far !== null && (
          <div>
            <dt>{t("run.cost")}</dt>
            <dd>
              {cost.cap === null
                ? money(cost.so_far)
                : t("run.cost_of", { cost: money(cost.so_far), cap: money(cost.cap) })}
            </dd>
          </div>
        )}
        <div>
          <dt>{t("run.started")}</dt>
          <dd>{moment(view.run.started)}</dd>
        </div>
        {view.picture_size && (
          <div>
            <dt>{t("run.size")}</dt>
            <dd>{view.picture_size}</dd>
          </div>
        )}
        {view.preset && (
          <div>
            <dt>{t("run.preset")}</dt>
            <dd>{presetName(view.preset)}</dd>
          </div>
        )}
      </dl>
      {training && <TrainingCurve training={training} />}
    </Card>
  );
}

function Images({ images }: { images: NonNullable<RunView["images"]> }) {
  const skipped = images.skipped.reduce((sum, group) => sum + group.count, 0);
  return (
    <Card title={t("run.images.title")} class="run-images">
      <p>{t("run.images.good", { n: images.good })}</p>
      <p>{skipped > 0 ? t("run.images.skipped", { n: skipped }) : t("run.images.all_good")}</p>
      {images.classes.length > 0 && (
        <ul class="chips" aria-label={t("run.images.classes")}>
          {images.classes.map((one) => (
            <li key={one.name} class="chip">
              <span dir="auto">{one.name}</span> <span class="soft">{number(one.images)}</span>
            </li>
          ))}
        </ul>
      )}
      <Skipped groups={images.skipped} />
    </Card>
  );
}
