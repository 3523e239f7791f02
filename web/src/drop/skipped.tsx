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
      {summary.skipped.map(({ code, items }) => (
        <section key={code} class="skipped-group">
          {code === "duplicate" ? (
            <Names
              title={t("drop.skipped.duplicates", { n: items.length })}
              items={items}
              say={(item) => `${item.path}: ${why(item)}`}
            />
          ) : (
            <Names title={why(items[0]!)} items={items} say={(item) => item.path} />
          )}
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
        <Names
          title={t("drop.failed", { n: items.length })}
          items={items}
          say={(item) => `${item.path}: ${item.note}`}
        />
      </div>
      <Button onClick={() => drop.sendFailedAgain()}>{t("drop.failed.again")}</Button>
    </Notice>
  );
}

const why = ({ reason }: Item): string => (reason ? t(`reasons.${reason.code}`, reason.values) : "");

/** The list scrolls, and so takes the focus: keys scroll it, too. */
function Names({ title, items, say }: { title: string; items: readonly Item[]; say: (item: Item) => string }) {
  return (
    <>
      <h3>{title}</h3>
      <ul class="names" tabIndex={0} aria-label={title}>
        {items.slice(0, MOST_NAMES).map((item) => (
          <li key={item.id} dir="auto">
            {say(item)}
          </li>
        ))}
        {items.length > MOST_NAMES && <li>{t("drop.skipped.more", { n: items.length - MOST_NAMES })}</li>}
      </ul>
    </>
  );
}
