import { useEffect, useRef, useState } from "preact/hooks";

import type { Picture } from "../api/types";
import { number, t } from "../texts";
import { Icon } from "../ui/icons";
import { captionOf } from "./captions";
import { isStill } from "./groups";
import { useSwipe } from "./swipe";
import { fitted, nextZoom } from "./zoom";
import { Heart, type Wall } from "./tile";

/** One picture at full size in front of the page; keys, swipes and buttons lead to the others. */
export function Lightbox({ pictures, first, wall, onClose }: {
  pictures: readonly Picture[];
  first: Picture;
  wall: Wall;
  /** With the picture that was seen last: the focus goes to its tile. */
  onClose: (last: Picture) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const [name, setName] = useState(first.name);
  const [zoom, setZoom] = useState(1);
  const place = Math.max(0, pictures.findIndex((picture) => picture.name === name));
  const picture = pictures[place] ?? first;
  const caption = captionOf(picture);

  useEffect(() => {
    dialog.current?.showModal();
    stage.current?.focus();
  }, []);
  useEffect(() => {
    for (const near of [pictures[place + 1], pictures[place - 1]]) if (near) new Image().src = near.url;
  }, [place]);

  const step = (by: number) => {
    const next = pictures[place + by];
    if (!next) return;
    setZoom(1);
    setName(next.name);
  };
  const keys: Record<string, () => void> = {
    "+": () => setZoom(nextZoom(zoom, 1)),
    "=": () => setZoom(nextZoom(zoom, 1)),
    "-": () => setZoom(nextZoom(zoom, -1)),
    "0": () => setZoom(1),
    Home: () => step(-place),
    End: () => step(pictures.length - 1 - place),
    // While it is zoomed in, the arrows move the picture.
    ...(zoom === 1 && { ArrowLeft: () => step(-1), ArrowRight: () => step(1) }),
    ...(isStill(picture) && { " ": () => wall.onHeart(picture) }),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = keys[event.key];
    const isPressing = event.key === " " && event.target instanceof HTMLButtonElement;
    if (!act || isPressing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const close = () => dialog.current?.close();
  const swipe = useSwipe({ isOn: zoom === 1, onLeft: () => step(1), onRight: () => step(-1), onDown: close });
  return (
    <dialog
      ref={dialog}
      class="lightbox"
      aria-label={t("result.lightbox")}
      onClose={() => onClose(picture)}
      onKeyDown={onKeyDown}
    >
      <header class="lightbox-bar">
        <p class="lightbox-caption" aria-live="polite">
          <span dir="auto">{caption}</span>
          <span class="lightbox-count">{t("result.lightbox.of", { place: place + 1, count: pictures.length })}</span>
        </p>
        {isStill(picture) && (
          <Heart isOn={wall.favourites.has(picture.name)} caption={caption} onClick={() => wall.onHeart(picture)} />
        )}
        <Tool name="minus" label={t("result.lightbox.smaller")} isOff={zoom === 1} onClick={() => setZoom(nextZoom(zoom, -1))} />
        <Tool name="plus" label={t("result.lightbox.larger")} isOff={zoom === nextZoom(zoom, 1)} onClick={() => setZoom(nextZoom(zoom, 1))} />
        <Tool name="download" label={t("result.download_one", { caption })} onClick={() => wall.onTake(picture)} />
        <Tool name="cross" label={t("shell.close")} onClick={close} />
      </header>
      <div
        ref={stage}
        class={zoom === 1 ? "lightbox-stage" : "lightbox-stage lightbox-zoomed"}
        tabIndex={0}
        role="group"
        aria-label={t("result.lightbox.stage", { caption })}
        {...swipe}
      >
        {picture.original && zoom === 1 && (
          <figure class="lightbox-original">
            <img src={picture.original} alt={t("result.recreated.original")} draggable={false} />
            <figcaption>{t("result.recreated.original")}</figcaption>
          </figure>
        )}
        <Large key={picture.name} picture={picture} caption={caption} zoom={zoom} stage={stage} onZoom={setZoom} onFail={wall.onFail} />
      </div>
      <Tool name="left" class="lightbox-left" label={t("result.lightbox.previous")} isOff={place === 0} onClick={() => step(-1)} />
      <Tool
        name="right"
        class="lightbox-right"
        label={t("result.lightbox.next")}
        isOff={place === pictures.length - 1}
        onClick={() => step(1)}
      />
      <p class="lightbox-meta">
        {t("result.lightbox.size", { width: picture.width, height: picture.height })}
        {zoom > 1 && ` · ${number(zoom, { style: "percent" })}`}
        <span class="lightbox-keys"> · {t("result.lightbox.keys")}</span>
      </p>
    </dialog>
  );
}

function Tool({ name, label, onClick, isOff, class: more }: {
  name: Parameters<typeof Icon>[0]["name"];
  label: string;
  onClick: () => void;
  isOff?: boolean;
  class?: string;
}) {
  // Not `disabled`: a button that goes off under the focus would lose it.
  return (
    <button type="button" class={more ? `tool ${more}` : "tool"} aria-label={label} aria-disabled={isOff || undefined} onClick={() => isOff || onClick()}>
      <Icon name={name} />
    </button>
  );
}

/** The picture itself; a click enlarges it there, another one ends that. */
function Large({ picture, caption, zoom, stage, onZoom, onFail }: {
  picture: Picture;
  caption: string;
  zoom: number;
  stage: { current: HTMLDivElement | null };
  onZoom: (zoom: number) => void;
  onFail: () => void;
}) {
  const [src, setSrc] = useState(picture.url);
  const [isThere, setThere] = useState(false);
  const focus = useRef<[x: number, y: number]>([0.5, 0.5]);
  const box = stage.current;
  const size = box ? fitted(picture, { width: box.clientWidth, height: box.clientHeight }) : picture;
  useEffect(() => {
    if (!isThere) setSrc(picture.url);
  }, [picture.url]);
  useEffect(() => {
    if (!box || zoom === 1) return;
    const [x, y] = focus.current;
    box.scrollTo({ left: x * box.scrollWidth - box.clientWidth / 2, top: y * box.scrollHeight - box.clientHeight / 2 });
  }, [zoom]);
  const click = (event: MouseEvent) => {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    focus.current = [(event.clientX - left) / width, (event.clientY - top) / height];
    onZoom(zoom === 1 ? 2 : 1);
  };
  return (
    <figure class="lightbox-picture">
      <img
        src={src}
        alt={caption}
        width={picture.width}
        height={picture.height}
        draggable={false}
        class={isThere ? "is-there" : undefined}
        style={zoom === 1 ? undefined : { width: `${size.width * zoom}px`, height: `${size.height * zoom}px` }}
        onLoad={() => setThere(true)}
        onError={() => (src === picture.url ? onFail() : setSrc(picture.url))}
        onClick={click}
      />
      {picture.original && zoom === 1 && <figcaption>{t("result.recreated.made")}</figcaption>}
    </figure>
  );
}
