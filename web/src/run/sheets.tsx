import { useEffect, useRef, useState } from "preact/hooks";

import type { Sheet } from "../api/types";
import { t } from "../texts";
import { Button } from "../ui";
import { Icon } from "../ui/icons";
import { sheetText } from "./say";
import { Loader } from "./loader";

const PLAY_MILLISECONDS = 450;

/** The sheets of samples: the newest large, a slider back to the first. They are aligned, so that what stands at one
 * place is one picture that gets better. */
export function Sheets({ samples, isGrowing }: { samples: readonly Sheet[]; isGrowing: boolean }) {
  const last = samples.length - 1;
  const [chosen, setChosen] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const place = chosen === null ? last : Math.min(chosen, last);
  const sheet = samples[place]!;
  const shown = useLoaded(samples, place);
  const text = sheetText(sheet.kimg);

  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => {
      if (place >= last) setPlaying(false);
      else setChosen(place + 1 === last ? null : place + 1);
    }, PLAY_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [isPlaying, place, last]);

  const goTo = (wanted: number) => {
    setPlaying(false);
    setChosen(wanted >= last ? null : Math.max(0, wanted));
  };
  const play = () => {
    if (!isPlaying && place === last) setChosen(0);
    setPlaying(!isPlaying);
  };
  return (
    <figure class="sheets">
      <a
        class="sheet-stage"
        href={sheet.url}
        target="_blank"
        rel="noopener noreferrer"
        aria-label={t("run.sheet.full", { text })}
      >
        {shown && <img src={shown} alt="" />}
      </a>
      <figcaption>
        <p class="sheet-text">
          {text} {place === last && isGrowing && <span class="chip chip-running">{t("run.sheet.newest")}</span>}
        </p>
        {last > 0 && (
          <div class="sheet-controls">
            <Button class="round" aria-label={t(isPlaying ? "run.sheet.pause" : "run.sheet.play")} onClick={play}>
              <Icon name={isPlaying ? "pause" : "play"} />
            </Button>
            <input
              type="range"
              class="slider"
              min={0}
              max={last}
              step={1}
              value={place}
              aria-label={t("run.sheet.slider")}
              aria-valuetext={text}
              onInput={(event) => goTo(Number(event.currentTarget.value))}
            />
            {place < last && (
              <Button look="quiet" onClick={() => goTo(last)}>
                {t("run.sheet.newest")}
              </Button>
            )}
          </div>
        )}
      </figcaption>
    </figure>
  );
}

/** The address of the sheet at that place once its image is there, until then that of the one before: no flicker.
 * Neighbours are loaded ahead. */
function useLoaded(samples: readonly Sheet[], place: number): string | null {
  const loader = useRef(new Loader()).current;
  const [shown, setShown] = useState<string | null>(null);
  const sheet = samples[place]!;
  useEffect(() => {
    let isWanted = true;
    void loader.load(sheet).then((address) => {
      if (!isWanted) return;
      if (address) setShown(address);
      for (const near of [samples[place + 1], samples[place - 1], samples[place + 2]]) if (near) void loader.load(near);
    });
    return () => void (isWanted = false);
  }, [sheet.kimg, sheet.url]);
  return shown;
}
