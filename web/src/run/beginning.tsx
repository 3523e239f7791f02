import type { RunView } from "../api/types";
import { t } from "../texts";
import type { Stage } from "./words";

const CELLS = Array.from({ length: 24 }, (_, cell) => cell);

/** Before there is anything to see: what happens now, and when the first samples come. */
export function Beginning({ view, stage }: { view: RunView; stage: Stage }) {
  const told = !view.run.makes_model ? "making" : stage === "machine" || stage === "learning" ? stage : "preparing";
  return (
    <div class="beginning">
      <div class="beginning-cells" aria-hidden="true">
        {CELLS.map((cell) => (
          <span key={cell} />
        ))}
      </div>
      <div class="beginning-text">
        <h2>{t(`run.beginning.${told}.title`)}</h2>
        <p>{t(`run.beginning.${told}.text`)}</p>
        {view.run.makes_model && <p class="soft">{t("run.beginning.leave")}</p>}
      </div>
    </div>
  );
}
