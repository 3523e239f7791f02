import type { RunView } from "../api/types";
import { hrefOf } from "../router";
import { t } from "../texts";
import { Card, Details, Link } from "../ui";
import { Skipped } from "../parts/skipped";
import { TrainingCurve } from "../parts/training-curve";

/** How the run went: the verdict in words, what was skipped, the curve for engineers. */
export function AboutRun({ view }: { view: RunView }) {
  const { training, images } = view;
  const skipped = images?.skipped.reduce((sum, group) => sum + group.count, 0) ?? 0;
  return (
    <Card title={t("result.about.title")} class="about">
      {training && (
        <div>
          <p class="verdict">{t(`run.verdict.${training.verdict}`)}</p>
          <p class="soft">{t(`result.verdict.${training.verdict}`)}</p>
        </div>
      )}
      {images && <p>{t("result.about.images", { n: images.good })}</p>}
      {skipped > 0 && (
        <Details summary={t("result.about.skipped", { n: skipped })}>
          <Skipped groups={images!.skipped} />
        </Details>
      )}
      {training && <TrainingCurve training={training} />}
      <Link look="quiet" href={hrefOf({ screen: "run", dataset: view.dataset, run: view.run.id })}>
        {t("result.about.run")}
      </Link>
    </Card>
  );
}
