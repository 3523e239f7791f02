import { bytes, t } from "../texts";
import { Button, Failed, Meter } from "../ui";
import { Icon } from "../ui/icons";
import type { ZipState } from "./use-zip";

/** What can be done with the chosen pictures; stays in sight while one chooses. */
export function ChoosingBar({
  count,
  mix,
  onAll,
  onTake,
  onDone,
}: {
  count: number;
  /** null where two cannot be mixed. */
  mix: { isPossible: boolean; isBusy: boolean; start: () => void } | null;
  onAll: () => void;
  onTake: () => void;
  onDone: () => void;
}) {
  return (
    <section class="bar" aria-label={t("result.choose.bar")}>
      <p class="bar-count" role="status">
        {t("result.choose.count", { n: count })}
      </p>
      <div class="bar-actions">
        <Button look="quiet" onClick={onAll}>
          {t("result.choose.all")}
        </Button>
        {mix && (
          <Button
            disabled={!mix.isPossible || mix.isBusy}
            busy={mix.isBusy}
            onClick={mix.start}
            title={t("result.mix.hint")}
          >
            {t("result.mix")}
          </Button>
        )}
        <Button look="primary" disabled={count === 0} onClick={onTake}>
          <Icon name="download" />
          {t("result.download")}
        </Button>
        <Button look="quiet" onClick={onDone}>
          {t("result.choose.done")}
        </Button>
      </div>
    </section>
  );
}

/** How far a zip is. */
export function ZipProgress({ zip }: { zip: ZipState }) {
  if (zip.error) return <Failed error={zip.error} />;
  const { progress } = zip;
  if (!progress) return null;
  const text = t("result.zip.progress", { files: progress.files, of: progress.of, size: bytes(progress.bytes) });
  return (
    <section class="bar bar-zip" aria-label={t("result.zip.title")}>
      <div class="bar-meter">
        <p>{text}</p>
        <Meter label={t("result.zip.title")} value={progress.files / progress.of} text={text} />
      </div>
      <Button look="quiet" onClick={zip.cancel}>
        {t("shell.cancel")}
      </Button>
    </section>
  );
}
