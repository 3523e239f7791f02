import { useState } from "preact/hooks";

import type { Picture } from "../api/types";
import { t } from "../texts";
import { Button } from "../ui";
import { Icon } from "../ui/icons";
import { filmsOf, type Film } from "./groups";
import { Shot } from "./shot";
import type { Wall } from "./tile";

const isStillWanted = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Films({ pictures, wall }: { pictures: readonly Picture[]; wall: Wall }) {
  return (
    <ul class="films">
      {filmsOf(pictures).map((film) => (
        <li key={film.stem}>
          <FilmView film={film} wall={wall} />
        </li>
      ))}
    </ul>
  );
}

/** A film that plays by itself, without sound, where nothing speaks against things that move. */
function FilmView({ film, wall }: { film: Film; wall: Wall }) {
  const { mp4, webp } = film;
  const file = mp4 ?? webp;
  const [isPlayable, setPlayable] = useState(true);
  const [source, setSource] = useState(mp4?.url);
  const caption = film.label ?? t("result.kind.film");
  const failed = () => {
    if (source !== mp4?.url)
      setSource(mp4?.url); // its address had expired
    else if (webp) setPlayable(false);
    else wall.onFail();
  };
  return (
    <figure class="film">
      {mp4 && isPlayable ? (
        <video
          src={source}
          poster={mp4.thumbnail ?? webp?.thumbnail ?? undefined}
          width={mp4.width}
          height={mp4.height}
          aria-label={caption}
          muted
          loop
          playsInline
          controls
          autoplay={!isStillWanted()}
          preload="metadata"
          onError={failed}
        />
      ) : (
        webp && <Moving webp={webp} caption={caption} wall={wall} />
      )}
      <figcaption>
        <span dir="auto">{caption}</span>
        {file && (
          <Button
            look="quiet"
            aria-label={`${file === mp4 ? "MP4" : "WebP"}: ${t("result.download_one", { caption })}`}
            onClick={() => wall.onTake(file)}
          >
            <Icon name="download" />
            {file === mp4 ? "MP4" : "WebP"}
          </Button>
        )}
      </figcaption>
    </figure>
  );
}

/** An animated image cannot be stopped: where movement is unwelcome it begins at a button. */
function Moving({ webp, caption, wall }: { webp: Picture; caption: string; wall: Wall }) {
  const [isMoving, setMoving] = useState(!isStillWanted());
  const size = { width: webp.width, height: webp.height };
  if (isMoving) return <Shot url={webp.url} alt={caption} onFail={wall.onFail} {...size} />;
  return (
    <button
      type="button"
      class="film-start"
      aria-label={t("result.film.play", { caption })}
      onClick={() => setMoving(true)}
    >
      {webp.thumbnail && <Shot url={webp.thumbnail} alt="" onFail={wall.onFail} {...size} />}
      <Icon name="play" />
    </button>
  );
}
