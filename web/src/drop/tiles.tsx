import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { t } from "../texts";
import { announce } from "../ui/announce";
import { labelFor } from "../files/labels";
import { canRemove, type Drop, type Item } from "./model";
import { wishThumbnail } from "./thumbnails";

const SMALLEST_TILE = 104;
const GAP = 12;
const CAPTION = 26;
const ROWS_AROUND = 2;

type Place = { columns: number; tile: number; row: number };

function placeFor(width: number): Place {
  const columns = Math.max(2, Math.floor((width + GAP) / (SMALLEST_TILE + GAP)));
  const tile = Math.floor((width - GAP * (columns - 1)) / columns);
  return { columns, tile, row: tile + CAPTION + GAP };
}

/** The images in the list. However many there are, only the rows in view are drawn. */
export function Tiles({ drop, items }: { drop: Drop; items: readonly Item[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, width: 0 });
  const [active, setActive] = useState(0);
  const { columns, tile, row } = placeFor(view.width);
  const rows = Math.ceil(items.length / columns);
  const current = Math.min(active, items.length - 1);

  useLayoutEffect(() => {
    const box = scroller.current!;
    const measure = () => setView({ top: box.scrollTop, height: box.clientHeight, width: box.clientWidth });
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    box.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", measure);
    };
  }, []);

  const moveTo = (place: number) => {
    const next = Math.max(0, Math.min(items.length - 1, place));
    setActive(next);
    const box = scroller.current!;
    const top = Math.floor(next / columns) * row;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + row > box.scrollTop + box.clientHeight) box.scrollTop = top + row - box.clientHeight;
  };
  const remove = (item: Item) => {
    if (!canRemove(item)) return;
    drop.remove([item.id]);
    announce(t("drop.removed", { name: item.path }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = columns * Math.max(1, Math.floor(view.height / row));
    const steps: Record<string, number> = {
      ArrowLeft: current - 1,
      ArrowRight: current + 1,
      ArrowUp: current - columns,
      ArrowDown: current + columns,
      PageUp: current - page,
      PageDown: current + page,
      Home: 0,
      End: items.length - 1,
    };
    const item = items[current];
    if (event.key in steps) moveTo(steps[event.key]!);
    else if ((event.key === "Delete" || event.key === "Backspace") && item) remove(item);
    else return;
    event.preventDefault();
  };

  const first = Math.max(0, Math.floor(view.top / row) - ROWS_AROUND);
  const last = Math.min(rows, Math.ceil((view.top + view.height) / row) + ROWS_AROUND);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, n) => first + n);
  return (
    <div
      ref={scroller}
      class="tiles"
      role="grid"
      tabIndex={0}
      aria-label={`${t("drop.tiles")}. ${t("drop.tiles.help")}`}
      aria-rowcount={rows}
      aria-colcount={columns}
      aria-activedescendant={items[current] ? `tile-${items[current].id}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" class="tiles-all" style={{ height: `${Math.max(0, rows * row - GAP)}px` }}>
        {shown.map((n) => (
          <div key={n} role="row" aria-rowindex={n + 1} class="tiles-row" style={{ top: `${n * row}px` }}>
            {items.slice(n * columns, (n + 1) * columns).map((item, column) => (
              <Tile
                key={item.id}
                item={item}
                label={labelFor(item.path, drop.renamed)}
                side={tile}
                column={column + 1}
                isActive={n * columns + column === current}
                onRemove={() => remove(item)}
                onPick={() => setActive(n * columns + column)}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Tile({
  item,
  label,
  side,
  column,
  isActive,
  onRemove,
  onPick,
}: {
  item: Item;
  label: string;
  side: number;
  column: number;
  isActive: boolean;
  onRemove: () => void;
  onPick: () => void;
}) {
  const name = item.path.slice(item.path.lastIndexOf("/") + 1);
  const state = t(`drop.state.${item.state}`);
  return (
    <div
      id={`tile-${item.id}`}
      role="gridcell"
      aria-colindex={column}
      aria-label={[name, label, state].filter(Boolean).join(", ")}
      class={`tile tile-${item.state}${isActive ? " tile-active" : ""}`}
      style={{ width: `${side}px` }}
      onClick={onPick}
    >
      <Thumbnail item={item} side={side} />
      <span class="tile-mark" title={state} />
      {canRemove(item) && (
        <button type="button" class="tile-remove" tabIndex={-1} aria-label={t("drop.tiles.remove")} onClick={onRemove}>
          ×
        </button>
      )}
      <span class="tile-name" dir="auto" title={item.path}>
        {name}
      </span>
    </div>
  );
}

function Thumbnail({ item, side }: { item: Item; side: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isMissing, setMissing] = useState(false);
  useEffect(
    () =>
      wishThumbnail(item, (bitmap) => {
        const { current } = canvas;
        if (!bitmap) return setMissing(true);
        if (!current) return;
        current.width = bitmap.width;
        current.height = bitmap.height;
        current.getContext("2d")?.drawImage(bitmap, 0, 0);
      }),
    [item.id],
  );
  const box = { width: `${side}px`, height: `${side}px` };
  if (isMissing)
    return (
      <div class="thumb thumb-none" style={box}>
        {item.path.split(".").pop()}
      </div>
    );
  return <canvas ref={canvas} class="thumb" width={1} height={1} style={box} aria-hidden="true" />;
}
