import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { decided } from "../api/decided";
import type { Dataset, Folder, Me, StartAnswer } from "../api/types";
import type { Found } from "../files/collect";
import { lookInWorkers } from "../files/looker";
import { go, hrefOf } from "../router";
import { api, may } from "../session";
import { t } from "../texts";
import { announce } from "../ui/announce";
import { Button, Card, Failed, Link, Loading, Notice, Title } from "../ui";
import { usePoll } from "../ui/use-poll";
import { Labels } from "./labels";
import { Sending } from "./sending";
import { SettingsForm } from "./settings-form";
import { FailedFiles, Skipped } from "./skipped";
import { Start } from "./start";
import { forgetThumbnails } from "./thumbnails";
import { Tiles } from "./tiles";
import { useDrop } from "./use-drop";
import { useSettings } from "./use-settings";
import { DropZone } from "./zone";
import "../styles/drop.css";

const POLL_SECONDS = 8;

/** Screen 2: images into a dataset, settings, start; for the folder `find`, images to look for in its model. */
export function DropScreen({ me, name, folder }: { me: Me; name: string; folder: Folder }) {
  const polled = usePoll("getDataset", { path: { dataset: name } }, POLL_SECONDS);
  if (isForbidden(polled.error) && may(me, name, "drop"))
    return <Dropping me={me} dataset={unseen(name)} folder={folder} reload={polled.reload} />;
  if (!polled.answer) return polled.error ? <Failed error={polled.error} again={polled.reload} /> : <Loading />;
  if (!polled.answer.rights.includes("drop")) return <Watching dataset={polled.answer} />;
  return <Dropping me={me} dataset={polled.answer} folder={folder} reload={polled.reload} />;
}

const isForbidden = (error: Error | null): boolean => error instanceof ApiError && error.status === 403;

/** A dataset into which one may drop, and see nothing of it. */
const unseen = (name: string): Dataset => ({
  dataset: name,
  title: name,
  rights: ["drop"],
  images: 0,
  has_more: false,
  cover: null,
  state: "idle",
  starts_at: null,
  problems: [],
  run: null,
  cost: null,
});

function Watching({ dataset }: { dataset: Dataset }) {
  return (
    <>
      <Title text={dataset.title}>
        <Places dataset={dataset} folder="images" />
      </Title>
      <Notice>{t("drop.readonly")}</Notice>
    </>
  );
}

function Dropping({ me, dataset, folder, reload }: { me: Me; dataset: Dataset; folder: Folder; reload: () => void }) {
  const {
    drop,
    error,
    reload: list,
  } = useDrop({
    api,
    dataset: dataset.dataset,
    folder,
    largestFile: me.limits.bytes_a_file,
    makeLooker: lookInWorkers,
    isKept: true,
  });
  useEffect(() => forgetThumbnails, []);
  const summary = drop.summary;
  const { counts } = summary;
  const isFinding = folder === "find";
  const images = drop.thereCount + counts.ready + counts.queued;
  const settings = useSettings(dataset.dataset, images, !isFinding);
  const shown = drop.items.filter((item) => item.state !== "skipped");
  const isSending = drop.progress.state !== "idle";
  useFocusNear(isSending ? ".send h2" : ".start h2");
  const hasLabels = settings.values.labels === "folders";
  const offersLabels = settings.fields.some(({ key, choices }) => key === "labels" && choices.includes("folders"));

  const take = (found: Found[] | Promise<Found[]>) =>
    void drop.add(found).then(
      (n) => announce(t("drop.added", { n })),
      () => announce(t("shell.wrong")),
    );
  const labels = !isFinding && (
    <Labels
      drop={drop}
      summary={summary}
      isUsed={hasLabels}
      onUse={offersLabels ? (use) => settings.set("labels", use ? "folders" : null) : null}
    />
  );
  return (
    <>
      <Title text={isFinding ? t("drop.find.title", { title: dataset.title }) : dataset.title}>
        <Places dataset={dataset} folder={folder} />
      </Title>
      <div class="drop">
        <div class="drop-main">
          {error && <Failed error={error} again={list} />}
          <DropZone area={window} small={shown.length > 0} busy={drop.reading > 0} onTaken={take} />
          {counts.looking > 0 && <p class="soft looking">{t("drop.looking", { n: counts.looking })}</p>}
          <FailedFiles drop={drop} />
          {shown.length > 0 && <Tiles drop={drop} items={shown} />}
          <Counts counts={counts} />
          <Skipped summary={summary} />
        </div>
        <aside class="drop-side">
          {(isSending || counts.ready > 0) && (
            <Card title={t("drop.send.title")} class="send">
              <Sending drop={drop} summary={summary} />
            </Card>
          )}
          {counts.ready > 0 && labels}
          {isFinding ? (
            <Find dataset={dataset.dataset} images={drop.thereCount} isSending={isSending || counts.ready > 0} />
          ) : (
            <Start
              dataset={dataset}
              estimate={settings.estimate}
              unsent={counts.ready}
              images={drop.thereCount}
              isSending={isSending}
              onStarted={reload}
            />
          )}
          {counts.ready === 0 && labels}
          {!isFinding && <SettingsForm settings={settings} />}
        </aside>
      </div>
    </>
  );
}

/** The button that had the focus is gone, and others have come in its place: the focus goes there. */
function useFocusNear(place: string) {
  const before = useRef(place);
  useEffect(() => {
    if (place === before.current) return;
    before.current = place;
    if (document.activeElement === document.body)
      document.querySelector<HTMLElement>(place)?.focus({ preventScroll: true });
  }, [place]);
}

function Counts({ counts }: { counts: { ready: number; there: number; sent: number } }) {
  const said = (["ready", "there", "sent"] as const)
    .filter((state) => counts[state])
    .map((state) => t(`drop.count.${state}`, { n: counts[state] }));
  return said.length ? <p class="soft counts">{said.join(" · ")}</p> : null;
}

/** Where else one may go from here. */
function Places({ dataset, folder }: { dataset: Dataset; folder: Folder }) {
  const { run } = dataset;
  const name = dataset.dataset;
  if (folder === "find") return <Link href={hrefOf({ screen: "drop", dataset: name })}>{t("drop.back")}</Link>;
  return (
    <p class="places">
      {dataset.images > 0 && (
        <span class="soft">
          {t(dataset.has_more ? "datasets.images_more" : "drop.images_there", { n: dataset.images })}
        </span>
      )}
      {run && <Link href={hrefOf({ screen: "run", dataset: name, run: run.id })}>{t("drop.last_run")}</Link>}
      {run?.status === "succeeded" && dataset.rights.includes("take") && (
        <Link href={hrefOf({ screen: "result", dataset: name, run: run.id })}>{t("drop.pictures")}</Link>
      )}
      {run && <Link href={hrefOf({ screen: "runs", dataset: name })}>{t("runs.all")}</Link>}
      {run && dataset.rights.includes("drop") && (
        <Link href={hrefOf({ screen: "find", dataset: name })}>{t("drop.find_link")}</Link>
      )}
    </p>
  );
}

/** Looks for the images that were sent in the last model. */
function Find({ dataset, images, isSending }: { dataset: string; images: number; isSending: boolean }) {
  const [answer, setAnswer] = useState<StartAnswer | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const find = async () => {
    setBusy(true);
    setError(null);
    try {
      const given = await decided(() => api.call("findImages", { path: { dataset } }), setAnswer);
      setAnswer(given);
      announce(given.say);
      if (given.run && given.outcome === "started") go({ screen: "run", dataset, run: given.run });
    } catch (failure) {
      setError(failure as Error);
    }
    setBusy(false);
  };
  return (
    <Card title={t("drop.find.start")} class="start">
      <p class="soft">{t("drop.find.text")}</p>
      {images > 0 && <p>{t("drop.find.there", { n: images })}</p>}
      {answer && <Notice>{answer.say}</Notice>}
      {error && <Failed error={error} />}
      <Button look="primary" busy={isBusy} disabled={!images || isSending || isBusy} onClick={() => void find()}>
        {t("drop.find.start")}
      </Button>
    </Card>
  );
}
