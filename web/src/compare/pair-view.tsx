import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../texts";
import { Shot } from "../result/shot";
import type { Pair } from "./pairs";

export const WAYS = ["slider", "beside", "blink"] as const;
export type Way = (typeof WAYS)[number];

/** Two pictures of one seed, compared in one of the ways. `isTurned`: in its turn, blinking shows the right one. */
export function PairView({
  pair,
  way,
  isTurned,
  onFail,
}: {
  pair: Pair;
  way: Way;
  isTurned: boolean;
  onFail: () => void;
}) {
  const seed = `${pair.seed}`;
  return (
    <figure class={`versus versus-${way}`}>
      {way === "slider" && <Slider pair={pair} seed={seed} onFail={onFail} />}
      {way === "blink" && <Blink pair={pair} seed={seed} isTurned={isTurned} onFail={onFail} />}
      {way === "beside" && (
        <div class="versus-two">
          <Side pair={pair} side="a" alt={t("compare.left", { seed })} onFail={onFail} />
          <Side pair={pair} side="b" alt={t("compare.right", { seed })} onFail={onFail} />
        </div>
      )}
      <figcaption dir="auto">
        {pair.class === null ? t("compare.pair", { seed }) : t("compare.pair_class", { seed, class: pair.class })}
      </figcaption>
    </figure>
  );
}

function Side({ pair, side, alt, onFail }: { pair: Pair; side: "a" | "b"; alt: string; onFail: () => void }) {
  const picture = pair[side];
  // The whole picture, not its thumbnail: differences are small.
  return <Shot url={picture.url} alt={alt} width={picture.width} height={picture.height} onFail={onFail} />;
}

/** The left picture lies over the right one; a slider draws it back. */
function Slider({ pair, seed, onFail }: { pair: Pair; seed: string; onFail: () => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(50);
  useEffect(() => frame.current?.style.setProperty("--share", `${share}%`), [share]);
  return (
    <div class="versus-frame" ref={frame}>
      <Side pair={pair} side="b" alt={t("compare.right", { seed })} onFail={onFail} />
      <div class="versus-over">
        <Side pair={pair} side="a" alt={t("compare.left", { seed })} onFail={onFail} />
      </div>
      <span class="versus-line" aria-hidden="true" />
      <input
        type="range"
        class="versus-range"
        min={0}
        max={100}
        value={share}
        aria-label={t("compare.slider", { seed })}
        onInput={(event) => setShare(Number(event.currentTarget.value))}
      />
    </div>
  );
}

/** One picture in the other's place; a press changes them. */
function Blink({ pair, seed, isTurned, onFail }: { pair: Pair; seed: string; isTurned: boolean; onFail: () => void }) {
  const [isPressed, setPressed] = useState(false);
  const isRight = isPressed !== isTurned;
  return (
    <div class={isRight ? "versus-frame versus-right" : "versus-frame"}>
      <button type="button" aria-label={t("compare.blink", { seed })} onClick={() => setPressed(!isPressed)}>
        <Side pair={pair} side="b" alt="" onFail={onFail} />
        <span class="versus-over">
          <Side pair={pair} side="a" alt="" onFail={onFail} />
        </span>
      </button>
      <span class="versus-tag" aria-hidden="true">
        {t(isRight ? "compare.b" : "compare.a")}
      </span>
    </div>
  );
}
