import { t } from "../texts";
import { announce } from "../ui/announce";
import { Button, Card, Typed } from "../ui";
import { cleanLabel } from "../files/labels";
import type { Drop, Summary } from "./model";

/** The labels found, each with its number of images; they can be renamed and put together until they are sent. */
export function Labels({
  drop,
  summary,
  isUsed,
  onUse,
}: {
  drop: Drop;
  summary: Summary;
  isUsed: boolean;
  onUse: ((use: boolean) => void) | null;
}) {
  const { labels, without } = summary;
  if (!labels.length) return null;
  const change = (from: string, typed: string) => {
    const to = cleanLabel(typed);
    if (to === from) return;
    const other = labels.find((label) => label.name === to);
    const n = (other?.images ?? 0) + (labels.find((label) => label.name === from)?.images ?? 0);
    drop.renameLabel(from, to);
    announce(other ? t("drop.labels.merged", { name: to, n }) : t("drop.labels.renamed", { name: to }));
  };
  return (
    <Card title={t("drop.labels.title")} class="labels">
      <p class="hint">{t("drop.labels.text")}</p>
      <ul>
        {labels.map(({ name, images, isFixed }) => (
          <li key={name}>
            <Typed
              aria-label={t("drop.labels.name", { name })}
              dir="auto"
              value={name}
              maxLength={60}
              disabled={isFixed}
              onCommit={(typed) => change(name, typed)}
            />
            <span class="soft">{t("drop.labels.images", { n: images })}</span>
          </li>
        ))}
      </ul>
      {without > 0 && <p class="soft">{t("drop.labels.without", { n: without })}</p>}
      {onUse && (labels.length > 1 || isUsed) && (
        <div class="labels-use">
          <p>{isUsed ? t("drop.labels.used") : t("drop.labels.offer")}</p>
          <Button {...(isUsed ? { look: "quiet" as const } : {})} onClick={() => onUse(!isUsed)}>
            {isUsed ? t("drop.labels.drop") : t("drop.labels.use")}
          </Button>
        </div>
      )}
    </Card>
  );
}
