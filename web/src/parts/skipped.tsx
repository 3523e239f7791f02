import type { SkippedGroup } from "../api/types";
import { t } from "../texts";
import { Details } from "../ui";

const NAMED = 200;

/** Images that were not used: one line a reason, the most frequent first; the names on demand. */
export function Skipped({ groups }: { groups: readonly SkippedGroup[] }) {
  return (
    <ul class="skipped">
      {[...groups]
        .sort((one, other) => other.count - one.count)
        .map((group) => (
          <li key={group.code}>
            <Details
              summary={
                <>
                  <span class="skipped-count">{t("run.images.some", { n: group.count })}</span>{" "}
                  <span class="skipped-say">{group.say}</span>
                </>
              }
            >
              <div class="skipped-names" tabIndex={0} role="region" aria-label={group.say}>
                <ul>
                  {group.names.slice(0, NAMED).map((name) => (
                    <li key={name} dir="auto">
                      {name}
                    </li>
                  ))}
                </ul>
              </div>
              {group.count > Math.min(NAMED, group.names.length) && (
                <p class="hint">{t("run.images.and_more", { n: group.count - Math.min(NAMED, group.names.length) })}</p>
              )}
            </Details>
          </li>
        ))}
    </ul>
  );
}
