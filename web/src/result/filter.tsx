import type { PictureKind } from "../api/types";
import { number, t } from "../texts";

export type Filter = "all" | "favourites" | PictureKind;
export type FilterChoice = { filter: Filter; count: number };

/** Which pictures are shown. */
export function FilterRow({
  choices,
  filter,
  onFilter,
}: {
  choices: readonly FilterChoice[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
}) {
  return (
    <div class="filters" role="group" aria-label={t("result.filter")}>
      {choices.map((choice) => (
        <button
          key={choice.filter}
          type="button"
          class="pill"
          aria-pressed={choice.filter === filter}
          onClick={() => onFilter(choice.filter)}
        >
          {t(
            choice.filter === "all" || choice.filter === "favourites"
              ? `result.filter.${choice.filter}`
              : `result.kind.${choice.filter}`,
          )}{" "}
          <span class="pill-count">{number(choice.count)}</span>
        </button>
      ))}
    </div>
  );
}
