import { hrefOf } from "../router";
import { t } from "../texts";

/** Where the screen belongs: its dataset, and the dataset's runs. */
export function Trail({ dataset, title, runs = true }: { dataset: string; title: string; runs?: boolean }) {
  return (
    <nav class="trail" aria-label={t("runs.trail")}>
      <a href={hrefOf({ screen: "drop", dataset })} dir="auto">
        {title}
      </a>
      {runs && <a href={hrefOf({ screen: "runs", dataset })}>{t("runs.all")}</a>}
    </nav>
  );
}
