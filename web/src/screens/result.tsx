import { useMemo, useState } from "preact/hooks";

import type { ScreenOf } from ".";
import type { Picture, PictureKind, Pictures } from "../api/types";
import { hrefOf } from "../router";
import { may } from "../session";
import { moment, t } from "../texts";
import { Button, Empty, Failed, Link, Loading, Notice, Title } from "../ui";
import { Icon } from "../ui/icons";
import { usePoll } from "../ui/use-poll";
import { Trail } from "../parts/trail";
import { AboutRun } from "../result/about-run";
import { ChoosingBar, ZipProgress } from "../result/bar";
import { FilterRow, type Filter, type FilterChoice } from "../result/filter";
import { GroupView } from "../result/group-view";
import { groupsOf, isStill, sizeOf } from "../result/groups";
import { Lightbox } from "../result/lightbox";
import { choose, chooseAll, NOTHING } from "../result/selection";
import { Share } from "../result/share";
import { Take } from "../result/take";
import type { Wall } from "../result/tile";
import { useFavourites } from "../result/use-favourites";
import { useMaker, type Maker } from "../result/use-maker";
import { usePictures, type PicturesState } from "../result/use-pictures";
import { useZip } from "../result/use-zip";
import { isTooLarge } from "../result/zip";
import "../styles/parts.css";
import "../styles/result.css";
import "../styles/keep.css";
import "../styles/lightbox.css";
import "../styles/run.css";

export default function ResultScreen({ me, dataset, run }: ScreenOf<"result">) {
  const pictures = usePictures(dataset, run);
  const { answer, error, renew } = pictures;
  if (!answer) {
    return (
      <>
        <Title text={t("result.title")} />
        {error ? <Failed error={error} again={() => void renew()} /> : <Loading />}
      </>
    );
  }
  return <Gallery me={me} dataset={dataset} run={run} state={pictures} answer={answer} />;
}

type Props = ScreenOf<"result"> & { state: PicturesState; answer: Pictures };

function Gallery({ me, dataset, run, state, answer }: Props) {
  const { renew, fetchPicture } = state;
  const about = usePoll("getRun", { path: { dataset, run } }, null);
  const hearts = useFavourites(dataset, run, answer.favourites);
  const zip = useZip(fetchPicture);
  const maker = useMaker(dataset, run);
  const [filter, setFilter] = useState<Filter>("all");
  const [isChoosing, setChoosing] = useState(false);
  const [selection, setSelection] = useState(NOTHING);
  /** What is looked at large, and what stood around it then: taking a heart away takes nothing out of the row. */
  const [opened, setOpened] = useState<{ name: string; row: readonly string[] } | null>(null);
  const [isSharing, setSharing] = useState(false);

  const all = answer.pictures;
  const shown = useMemo(() => all.filter((one) => isShown(one, filter, hearts.names)), [all, filter, hearts.names]);
  const groups = useMemo(() => groupsOf(shown), [shown]);
  const stills = groups.flatMap((group) => group.pictures.filter(isStill));
  const order = stills.map((picture) => picture.name);
  const canMake = may(me, dataset, "drop");

  const open = ({ name, kind }: Picture) => {
    const row = groups.find((group) => group.kind === kind)?.pictures ?? [];
    setOpened({ name, row: order.includes(name) ? order : row.map((picture) => picture.name) });
  };
  const take = (names: readonly string[]) => {
    // Too much for the browser's memory: the zip that the run itself has made.
    if (answer.zip && isTooLarge(names.length, { files: all.length, bytes: answer.zip.bytes }))
      location.assign(answer.zip.url);
    else zip.start(names, `${dataset}.zip`);
  };
  const wall: Wall = {
    isChoosing,
    chosen: selection.chosen,
    favourites: hearts.names,
    onOpen: open,
    onChoose: (picture, isRange) => setSelection(choose(selection, picture.name, order, isRange)),
    onHeart: (picture) => hearts.toggle(picture.name),
    onTake: (picture) => take([picture.name]),
    onFail: () => void renew(),
  };
  const close = (last: Picture) => {
    setOpened(null);
    document.querySelector<HTMLElement>(`[data-picture="${CSS.escape(last.name)}"]`)?.focus();
  };
  const endChoosing = () => {
    setChoosing(false);
    setSelection(NOTHING);
  };
  const chosenStills = stills.filter((picture) => selection.chosen.has(picture.name));
  const mix = (two: readonly Picture[]) => {
    const seeds = two.flatMap((picture) =>
      picture.kind === "generated" && picture.seed !== null ? [picture.seed] : [],
    );
    const isPossible = two.length === 2 && seeds.length === 2 && seeds[0] !== seeds[1];
    return { isPossible, isBusy: maker.isBusy, start: () => maker.make({ kind: "mix", of: seeds }) };
  };
  const favourites = all.filter((picture) => hearts.names.has(picture.name));
  const mixed = mix(favourites);
  const row = useMemo(
    () => opened?.row.flatMap((name) => all.find((picture) => picture.name === name) ?? []) ?? [],
    [opened, all],
  );

  return (
    <>
      <Trail dataset={dataset} title={answer.title} />
      <Head
        answer={answer}
        maker={canMake ? maker : null}
        onTakeAll={() => take(all.map((picture) => picture.name))}
        onShare={() => setSharing(true)}
      />
      {state.error && <Failed error={state.error} again={() => void renew()} />}
      {hearts.error && (
        <Notice tone="warning">
          <p>{t("result.favourites.undone")}</p>
        </Notice>
      )}
      {maker.error && <Failed error={maker.error} />}
      {maker.said && (
        <Notice>
          <p>{maker.said}</p>
        </Notice>
      )}
      <div class="gallery" onKeyDown={(event) => event.key === "Escape" && isChoosing && endChoosing()}>
        <div class="toolbar">
          <FilterRow choices={choicesOf(all, favourites.length)} filter={filter} onFilter={setFilter} />
          <div class="toolbar-actions">
            {filter === "favourites" && favourites.length > 0 && !isChoosing && (
              <>
                {canMake && (
                  <Button look="quiet" disabled={!mixed.isPossible || maker.isBusy} onClick={mixed.start}>
                    {t("result.mix")}
                  </Button>
                )}
                <Button look="quiet" onClick={() => take(favourites.map((picture) => picture.name))}>
                  {t("result.download_favourites")}
                </Button>
              </>
            )}
            <Button
              look="quiet"
              aria-pressed={isChoosing}
              onClick={() => (isChoosing ? endChoosing() : setChoosing(true))}
            >
              {t(isChoosing ? "result.choose.done" : "result.choose")}
            </Button>
          </div>
        </div>
        {isChoosing && <p class="soft choose-hint">{t("result.choose.hint")}</p>}
        {filter === "favourites" && canMake && !mixed.isPossible && favourites.length > 0 && (
          <p class="soft choose-hint">{t("result.mix.hint")}</p>
        )}
        {!groups.length && (
          <Empty
            title={t(filter === "favourites" ? "result.favourites.none" : "result.none.title")}
            text={t(filter === "favourites" ? "result.favourites.how" : "result.none.text")}
          />
        )}
        {groups.map((group) => (
          <GroupView
            key={group.id}
            group={group}
            all={all}
            wall={wall}
            onChooseAll={() =>
              setSelection(
                chooseAll(
                  selection,
                  group.pictures.map((picture) => picture.name),
                ),
              )
            }
          />
        ))}
      </div>
      <div class="result-below">
        <Take answer={answer} />
        {about.answer && <AboutRun view={about.answer} />}
      </div>
      <p class="result-compare">
        <Link href={hrefOf({ screen: "compare", dataset, a: run, b: "" })}>{t("result.compare")}</Link>
      </p>
      {isChoosing && !zip.progress && (
        <ChoosingBar
          count={chosenStills.length}
          mix={canMake ? mix(chosenStills) : null}
          onAll={() => setSelection(chooseAll(selection, order))}
          onTake={() => take(chosenStills.map((picture) => picture.name))}
          onDone={endChoosing}
        />
      )}
      <ZipProgress zip={zip} />
      {opened && row.length > 0 && <Lightbox pictures={row} first={opened.name} wall={wall} onClose={close} />}
      <Share me={me} dataset={dataset} open={isSharing} onClose={() => setSharing(false)} />
    </>
  );
}

/** Whose pictures these are, and what can be done with all of them. */
function Head({
  answer,
  maker,
  onTakeAll,
  onShare,
}: {
  answer: Pictures;
  /** null: no more can be made from here. */
  maker: Maker | null;
  onTakeAll: () => void;
  onShare: () => void;
}) {
  const all = (
    <>
      <Icon name="download" />
      {t("result.download_all")}
    </>
  );
  return (
    <>
      <Title text={`${answer.title} · ${t("result.title")}`}>
        <div class="buttons">
          {maker && (
            <Button
              busy={maker.isBusy}
              disabled={maker.isBusy}
              onClick={() => maker.make({ kind: "pictures", of: [] })}
            >
              <Icon name="plus" />
              {t("result.more")}
            </Button>
          )}
          <Button onClick={onShare}>
            <Icon name="share" />
            {t("result.share")}
          </Button>
          {answer.zip ? (
            <Link look="primary" href={answer.zip.url} download={answer.zip.name} rel="noopener noreferrer">
              {all}
            </Link>
          ) : (
            <Button look="primary" onClick={onTakeAll}>
              {all}
            </Button>
          )}
        </div>
      </Title>
      <p class="soft result-lead">
        {answer.run.ended !== null && `${moment(answer.run.ended)} · `}
        {t("result.machine_made")}
      </p>
    </>
  );
}

const isShown = (picture: Picture, filter: Filter, favourites: ReadonlySet<string>): boolean =>
  filter === "all" || (filter === "favourites" ? favourites.has(picture.name) : picture.kind === filter);

/** What there is to choose from, in the order in which the groups stand. */
function choicesOf(all: readonly Picture[], favourites: number): FilterChoice[] {
  const kinds = new Map<PictureKind, number>();
  for (const group of groupsOf(all)) kinds.set(group.kind, (kinds.get(group.kind) ?? 0) + sizeOf(group));
  return [
    { filter: "all", count: [...kinds.values()].reduce((sum, count) => sum + count, 0) },
    { filter: "favourites", count: favourites },
    ...[...kinds].map(([filter, count]) => ({ filter, count })),
  ];
}
