// Small pictures of what is in view, a few at a time, the newest wish first; those of the last few screens are kept.
import type { Item } from "./model";

const SIDE = 168;
const AT_ONCE = 3;
const KEPT = 160;

type Wish = { item: Item; show: (bitmap: ImageBitmap | null) => void };

const kept = new Map<Item, ImageBitmap>();
const wishes: Wish[] = [];
let active = 0;

/** Shows an item's thumbnail as soon as there is one, null if it cannot be drawn; returns what calls it off. */
export function wishThumbnail(item: Item, show: Wish["show"]): () => void {
  const ready = kept.get(item);
  if (ready) {
    show(ready);
    return () => {};
  }
  const wish = { item, show };
  wishes.push(wish);
  work();
  return () => {
    const place = wishes.indexOf(wish);
    if (place >= 0) wishes.splice(place, 1);
    wish.show = () => {};
  };
}

export function forgetThumbnails(): void {
  for (const bitmap of kept.values()) bitmap.close();
  kept.clear();
}

function work(): void {
  while (active < AT_ONCE && wishes.length) {
    active += 1;
    const wish = wishes.pop()!;
    void draw(wish.item).then((bitmap) => {
      active -= 1;
      if (bitmap) keep(wish.item, bitmap);
      wish.show(bitmap);
      work();
    });
  }
}

async function draw(item: Item): Promise<ImageBitmap | null> {
  try {
    const size = item.isWide ? { resizeHeight: SIDE } : { resizeWidth: SIDE };
    return await createImageBitmap(await item.open(), { ...size, resizeQuality: "medium" });
  } catch {
    return null; // of a kind that browsers do not draw
  }
}

function keep(item: Item, bitmap: ImageBitmap): void {
  kept.set(item, bitmap);
  if (kept.size <= KEPT) return;
  const [oldest, old] = kept.entries().next().value!;
  old.close();
  kept.delete(oldest);
}
