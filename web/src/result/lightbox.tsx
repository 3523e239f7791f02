import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Picture } from "../api/types";
import { number, t } from "../texts";
import { Icon } from "../ui/icons";
import { captionOf } from "./captions";
import { isStill } from "./groups";
import { useSwipe } from "./swipe";
import { fitted, halfOf, nextZoom, type Size } from "./zoom";
import { Heart, type Wall } from "./tile";

/** One picture at full size in front of the page; keys, swipes and buttons lead to the others. */
export function Lightbox({
  pictures,
  first,
  wall,
  onClose,
}: {
  pictures: readonly Picture[];
  /** Name of the one to begin with, which is among them. */
  first: string;
  wall: Wall;
  /** With the picture that was seen last: the focus goes to its tile. */
  onClose: (last: Picture) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const [name, setName] = useState(first);
  const [zoom, setZoom] = useState(1);
  const box = useSize(stage);
  const place = Math.max(
    0,
    pictures.findIndex((picture) => picture.name === name),
  );
  const picture = pictures[place]!;
  const caption = captionOf(picture);
  const isPair = picture.original !== null && zoom === 1;
  const size = fitted(picture, isPair ? halfOf(box) : box, zoom);

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
        <Tool
          name="minus"
          label={t("result.lightbox.smaller")}
          isOff={zoom === 1}
          onClick={() => setZoom(nextZoom(zoom, -1))}
        />
        <Tool
          name="plus"
          label={t("result.lightbox.larger")}
          isOff={zoom === nextZoom(zoom, 1)}
          onClick={() => setZoom(nextZoom(zoom, 1))}
        />
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
        {isPair && (
          <figure class="lightbox-picture">
            <img src={picture.original!} alt={t("result.recreated.original")} draggable={false} style={pixels(size)} />
            <figcaption>{t("result.recreated.original")}</figcaption>
          </figure>
        )}
        <Large
          key={picture.name}
          picture={picture}
          caption={caption}
          size={size}
          zoom={zoom}
          stage={stage}
          onZoom={setZoom}
          onFail={wall.onFail}
        >
          {isPair && <figcaption>{t("result.recreated.made")}</figcaption>}
        </Large>
      </div>
      <Tool
        name="left"
        class="lightbox-left"
        label={t("result.lightbox.previous")}
        isOff={place === 0}
        onClick={() => step(-1)}
      />
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

const pixels = ({ width, height }: Size) => ({ width: `${width}px`, height: `${height}px` });

/** How much room there is in it. */
function useSize(of: { current: HTMLElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => setSize(entry!.contentRect));
    watch.observe(of.current!);
    return () => watch.disconnect();
  }, []);
  return size;
}

function Tool({
  name,
  label,
  onClick,
  isOff,
  class: more,
}: {
  name: Parameters<typeof Icon>[0]["name"];
  label: string;
  onClick: () => void;
  isOff?: boolean;
  class?: string;
}) {
  // Not `disabled`: a button that goes off under the focus would lose it.
  return (
    <button
      type="button"
      class={more ? `tool ${more}` : "tool"}
      aria-label={label}
      aria-disabled={isOff || undefined}
      onClick={() => isOff || onClick()}
    >
      <Icon name={name} />
    </button>
  );
}

/** The picture itself; a click enlarges it there, another one ends that. */
function Large({
  picture,
  caption,
  size,
  zoom,
  stage,
  onZoom,
  onFail,
  children,
}: {
  picture: Picture;
  caption: string;
  size: Size;
  zoom: number;
  stage: { current: HTMLDivElement | null };
  onZoom: (zoom: number) => void;
  onFail: () => void;
  children?: ComponentChildren;
}) {
  const [src, setSrc] = useState(picture.url);
  const [isThere, setThere] = useState(false);
  const focus = useRef<[x: number, y: number]>([0.5, 0.5]);
  useEffect(() => {
    if (!isThere) setSrc(picture.url);
  }, [picture.url]);
  useLayoutEffect(() => {
    const box = stage.current;
    const [x, y] = focus.current;
    box?.scrollTo({
      left: x * box.scrollWidth - box.clientWidth / 2,
      top: y * box.scrollHeight - box.clientHeight / 2,
    });
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
        draggable={false}
        style={pixels(size)}
        onLoad={() => setThere(true)}
        onError={() => (src === picture.url ? onFail() : setSrc(picture.url))}
        onClick={click}
      />
      {children}
    </figure>
  );
}
