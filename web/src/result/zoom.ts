export type Size = { width: number; height: number };

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];
/** Small pictures are enlarged so much and no more: beyond that one sees pixels rather than the picture. */
export const MOST_ENLARGED = 3;

/** The next step nearer or farther; the last one stays. */
export function nextZoom(zoom: number, direction: 1 | -1): number {
  const steps = direction > 0 ? ZOOMS.find((one) => one > zoom) : ZOOMS.findLast((one) => one < zoom);
  return steps ?? zoom;
}

/** As large as it fits into the box, in its own shape; and that so many times. */
export function fitted({ width, height }: Size, box: Size, zoom: number): Size {
  const scale = zoom * Math.min(box.width / width, box.height / height, MOST_ENLARGED);
  return { width: width * scale, height: height * scale };
}

const CAPTION_PIXELS = 32;
const GAP_PIXELS = 12;

/** The room of each of two pictures side by side, with their captions; one below the other where it is higher than wide. */
export const halfOf = ({ width, height }: Size): Size =>
  width >= height
    ? { width: (width - GAP_PIXELS) / 2, height: height - CAPTION_PIXELS }
    : { width, height: (height - GAP_PIXELS) / 2 - CAPTION_PIXELS };
