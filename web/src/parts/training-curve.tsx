import type { TrainingView } from "../api/types";
import { duration, number, t } from "../texts";
import { Details } from "../ui";
import { looks } from "../run/say";
import { Curve } from "./curve";
import type { Point } from "./ticks";

/** How the score went, for engineers: folded, as a line and as a table. */
export function TrainingCurve({ training }: { training: TrainingView }) {
  const scored = training.curve.filter((point) => point.score !== null);
  const points = scored.map(({ kimg, score }): Point => [kimg, score!]);
  if (points.length < 2) return null;
  return (
    <Details summary={t("run.curve.title")}>
      <p class="hint">{t("run.curve.hint")}</p>
      <Curve
        points={points}
        name={t("run.curve.name", { n: points.length })}
        xName={t("run.curve.kimg")}
        yName={t("run.curve.score")}
      />
      <Details summary={t("run.curve.table")}>
        <div class="scroller" tabIndex={0} role="region" aria-label={t("run.curve.table")}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("run.curve.shown")}</th>
                <th scope="col">{t("run.curve.score")}</th>
                <th scope="col">{t("run.curve.time")}</th>
              </tr>
            </thead>
            <tbody>
              {scored.map((point) => (
                <tr key={point.kimg}>
                  <td>{looks(point.kimg)}</td>
                  <td>{number(point.score!, { maximumSignificantDigits: 4 })}</td>
                  <td>{duration(point.seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Details>
    </Details>
  );
}
