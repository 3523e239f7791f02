import type { Picture } from "../api/types";
import { t } from "../texts";
import { Icon } from "../ui/icons";
import { captionOf } from "./captions";
import { Shot } from "./shot";

/** What all tiles of the gallery share. */
export type Wall = {
  isChoosing: boolean;
  chosen: ReadonlySet<string>;
  favourites: ReadonlySet<string>;
  onOpen: (picture: Picture) => void;
  onChoose: (picture: Picture, isRange: boolean) => void;
  onHeart: (picture: Picture) => void;
  onTake: (picture: Picture) => void;
  onFail: () => void;
};

/** One picture of the gallery: opens it, or chooses it while one chooses. */
export function Tile({ picture, wall }: { picture: Picture; wall: Wall }) {
  const { isChoosing } = wall;
  const isChosen = wall.chosen.has(picture.name);
  const caption = captionOf(picture);
  return (
    <li class={isChosen ? "snap snap-chosen" : "snap"}>
      <button
        type="button"
        class="snap-open"
        data-picture={picture.name}
        aria-pressed={isChoosing ? isChosen : undefined}
        onClick={(event) => (isChoosing ? wall.onChoose(picture, event.shiftKey) : wall.onOpen(picture))}
      >
        <Shot
          url={picture.thumbnail ?? picture.url}
          alt={caption}
          width={picture.width}
          height={picture.height}
          onFail={wall.onFail}
        />
        {isChoosing && <span class="snap-check">{isChosen && <Icon name="check" />}</span>}
      </button>
      {!isChoosing && (
        <Heart isOn={wall.favourites.has(picture.name)} caption={caption} onClick={() => wall.onHeart(picture)} />
      )}
    </li>
  );
}

export function Heart({ isOn, caption, onClick }: { isOn: boolean; caption: string; onClick: () => void }) {
  return (
    <button
      type="button"
      class="heart"
      aria-pressed={isOn}
      aria-label={t("result.favourite", { caption })}
      onClick={onClick}
    >
      <Icon name="heart" />
    </button>
  );
}
