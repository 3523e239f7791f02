import { t } from "../texts";
import { Button, Details, Notice } from "../ui";
import type { Drop, Item, Summary } from "./model";

const MOST_NAMES = 50;

/** What is not used, in one line; opened, it says why, reason by reason. */
export function Skipped({ summary }: { summary: Summary }) {
  const n = summary.counts.skipped;
  if (!n) return null;
  return (
    <Details summary={t("drop.skipped", { n })}>
      {summary.skipped.map(({ reason, items }) => (
        <section key={reason} class="skipped-group">
          <h3>{t(`reasons.${reason}`)}</h3>
          <Names items={items} say={(item) => (item.note ? t("drop.skipped.same", { name: item.path, other: item.note }) : item.path)} />
        </section>
      ))}
    </Details>
  );
}

/** What could not be sent, file by file. */
export function FailedFiles({ drop }: { drop: Drop }) {
  const items = drop.items.filter((item) => item.state === "failed");
  if (!items.length) return null;
  return (
    <Notice tone="bad">
      <div class="failed">
        <strong>{t("drop.failed", { n: items.length })}</strong>
        <Names items={items} say={(item) => `${item.path}: ${item.note}`} />
      </div>
      <Button onClick={() => drop.sendFailedAgain()}>{t("drop.failed.again")}</Button>
    </Notice>
  );
}

function Names({ items, say }: { items: readonly Item[]; say: (item: Item) => string }) {
  return (
    <ul class="names">
      {items.slice(0, MOST_NAMES).map((item) => (
        <li key={item.id} dir="auto">
          {say(item)}
        </li>
      ))}
      {items.length > MOST_NAMES && <li>{t("drop.skipped.more", { n: items.length - MOST_NAMES })}</li>}
    </ul>
  );
}
