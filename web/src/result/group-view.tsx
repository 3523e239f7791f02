import { useState } from "preact/hooks";

import type { Picture } from "../api/types";
import { number, t } from "../texts";
import { Button, Details } from "../ui";
import { captionOf } from "./captions";
import { Films } from "./films";
import { isStill, nearness, ofSeeds, sizeOf, type Group } from "./groups";
import { Shot } from "./shot";
import { Tile, type Wall } from "./tile";

/** Tiles drawn at first; more at a button, so that a page of thousands stays quick. */
const AT_ONCE = 240;

export function GroupView({
  group,
  all,
  wall,
  onChooseAll,
}: {
  group: Group;
  /** Every picture of the run, to find those that others are made of. */
  all: readonly Picture[];
  wall: Wall;
  onChooseAll: () => void;
}) {
  const [limit, setLimit] = useState(AT_ONCE);
  const shown = group.pictures.slice(0, limit);
  const isAllChosen = group.pictures.every((picture) => wall.chosen.has(picture.name));
  if (group.kind === "sheet") {
    return (
      <Details summary={t("result.group.sheet", { n: group.pictures.length })}>
        <Strips pictures={shown} wall={wall} />
      </Details>
    );
  }
  return (
    <section class="group" aria-label={titleOf(group)}>
      <header class="group-head">
        <h2>
          {titleOf(group)} <span class="soft">{number(sizeOf(group))}</span>
        </h2>
        {wall.isChoosing && isStill(group.pictures[0]!) && (
          <Button look="quiet" aria-pressed={isAllChosen} onClick={onChooseAll}>
            {t(isAllChosen ? "result.choose.none_of_group" : "result.choose.group")}
          </Button>
        )}
      </header>
      {group.kind !== "generated" && <p class="soft group-hint">{t(`result.group.${group.kind}.hint`)}</p>}
      <Body group={group} shown={shown} all={all} wall={wall} />
      {shown.length < group.pictures.length && (
        <div class="group-more">
          <Button onClick={() => setLimit(limit + AT_ONCE)}>
            {t("result.show_more", { n: Math.min(AT_ONCE, group.pictures.length - limit) })}
          </Button>
        </div>
      )}
    </section>
  );
}

const titleOf = (group: Group): string =>
  group.kind === "generated" && group.class !== null ? group.class : t(`result.kind.${group.kind}`);

function Body({
  group,
  shown,
  all,
  wall,
}: {
  group: Group;
  shown: readonly Picture[];
  all: readonly Picture[];
  wall: Wall;
}) {
  switch (group.kind) {
    case "film":
      return <Films pictures={shown} wall={wall} />;
    case "directions":
      return <Strips pictures={shown} wall={wall} />;
    case "projected":
      return <Recreated pictures={shown} group={group.pictures} wall={wall} />;
    case "mixed":
      return (
        <ul class="wall wall-mixed">
          {shown.map((picture) => (
            <Mixed key={picture.name} picture={picture} all={all} wall={wall} />
          ))}
        </ul>
      );
    default:
      return (
        <ul class="wall">
          {shown.map((picture) => (
            <Tile key={picture.name} picture={picture} wall={wall} />
          ))}
        </ul>
      );
  }
}

/** A mix, with the two that it is made of. */
function Mixed({ picture, all, wall }: { picture: Picture; all: readonly Picture[]; wall: Wall }) {
  return (
    <li class="mixed">
      <ul class="mixed-whole">
        <Tile picture={picture} wall={wall} />
      </ul>
      <p class="mixed-of">
        {ofSeeds(all, picture.mixed_of).map((one) => (
          <Shot key={one.name} url={one.thumbnail ?? one.url} alt="" onFail={wall.onFail} />
        ))}
        <span>{captionOf(picture)}</span>
      </p>
    </li>
  );
}

/** Images of the artist beside what the model makes of them. */
function Recreated({ pictures, group, wall }: { pictures: readonly Picture[]; group: readonly Picture[]; wall: Wall }) {
  return (
    <ul class="recreated">
      {pictures.map((picture) => {
        const near = nearness(picture.distance, group);
        return (
          <li key={picture.name} class="pair">
            {picture.original && (
              <figure>
                <Shot
                  url={picture.original}
                  alt={t("result.recreated.original")}
                  width={picture.width}
                  height={picture.height}
                  onFail={wall.onFail}
                />
                <figcaption>{t("result.recreated.original")}</figcaption>
              </figure>
            )}
            <figure>
              <ul class="pair-tile">
                <Tile picture={picture} wall={wall} />
              </ul>
              <figcaption>{t("result.recreated.made")}</figcaption>
            </figure>
            <p class="pair-text">
              <strong dir="auto">{captionOf(picture)}</strong>
              {near && <span>{t(`result.recreated.${near}`)}</span>}
              {picture.distance !== null && (
                <span class="soft">
                  {t("result.recreated.distance", {
                    distance: number(picture.distance, { maximumSignificantDigits: 2 }),
                  })}
                </span>
              )}
            </p>
          </li>
        );
      })}
    </ul>
  );
}

/** Wide sheets, one below the other. */
function Strips({ pictures, wall }: { pictures: readonly Picture[]; wall: Wall }) {
  return (
    <ul class="strips">
      {pictures.map((picture) => (
        <li key={picture.name}>
          <button type="button" class="strip" data-picture={picture.name} onClick={() => wall.onOpen(picture)}>
            <Shot
              url={picture.thumbnail ?? picture.url}
              alt={captionOf(picture)}
              width={picture.width}
              height={picture.height}
              onFail={wall.onFail}
            />
          </button>
          <p dir="auto">{captionOf(picture)}</p>
        </li>
      ))}
    </ul>
  );
}
