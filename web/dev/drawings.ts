// Stand-ins for images and pictures: chairs, as SVG, each of its seed.

const SIDE = 256;

/** Even numbers from 0 to 1 that only the seed decides. */
function dice(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** A chair on a 256 x 256 ground; `hue` takes the place of the seed's colour. */
function chair(seed: number, hue?: number): string {
  const next = dice(seed);
  const colour = hue ?? Math.floor(next() * 360);
  const ground = (colour + 150 + Math.floor(next() * 80)) % 360;
  const [width, back, seat, leg] = [86 + next() * 50, 70 + next() * 40, 16 + next() * 16, 44 + next() * 26];
  const [left, top] = [(SIDE - width) / 2, 200 - leg - seat - back];
  const round = 4 + next() * 38;
  const slats = Math.floor(next() * 4);
  const bars = Array.from({ length: slats }, (_, bar) => {
    const x = left + ((bar + 1) * width) / (slats + 1);
    return `<rect x="${x - 4}" y="${top + 14}" width="8" height="${back - 20}" rx="4" fill="hsl(${colour} 50% 30%)"/>`;
  }).join("");
  return `<defs><linearGradient id="g${seed}" x2="0.3" y2="1"><stop stop-color="hsl(${ground} 32% 88%)"/><stop offset="1" stop-color="hsl(${ground} 28% 64%)"/></linearGradient></defs>
<rect width="${SIDE}" height="${SIDE}" fill="url(#g${seed})"/><ellipse cx="128" cy="212" rx="${width * 0.75}" ry="14" fill="hsl(${ground} 25% 40% / 45%)"/>
<rect x="${left + 6}" y="${top + back + seat - 6}" width="9" height="${leg + 8}" rx="3" fill="hsl(${colour} 45% 26%)"/><rect x="${left + width - 15}" y="${top + back + seat - 6}" width="9" height="${leg + 8}" rx="3" fill="hsl(${colour} 45% 26%)"/>
<rect x="${left}" y="${top}" width="${width}" height="${back + 10}" rx="${round}" fill="hsl(${colour} 62% 46%)"/>${bars}
<rect x="${left - 8}" y="${top + back}" width="${width + 16}" height="${seat}" rx="${Math.min(round, seat / 2)}" fill="hsl(${colour} 66% 54%)"/>`;
}

const svg = (width: number, height: number, inner: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${inner}</svg>`;

const cell = (x: number, y: number, inner: string): string =>
  `<svg x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}">${inner}</svg>`;

/** Rows of chairs; `ripeness` 0 to 1 is how clear they are. */
function sheet(columns: number, rows: number, ripeness: number): string {
  const cells = Array.from({ length: columns * rows }, (_, place) =>
    cell((place % columns) * SIDE, Math.floor(place / columns) * SIDE, chair(100 + place)),
  ).join("");
  const blur = 46 * (1 - ripeness) ** 1.5;
  return svg(
    columns * SIDE,
    rows * SIDE,
    `<filter id="b" x="0" y="0" width="1" height="1"><feGaussianBlur stdDeviation="${blur.toFixed(1)}"/></filter><g filter="url(#b)">${cells}</g>`,
  );
}

const film = (): string =>
  svg(
    512,
    512,
    `<svg viewBox="0 0 ${SIDE} ${SIDE}">${chair(7)}<g>${chair(9)}<animate attributeName="opacity" values="0;1;0" dur="4s" repeatCount="indefinite"/></g></svg>`,
  );

/** What lies at /objects/made/<path>; null if nothing does. */
export function drawing(path: string): string | null {
  const [kind = "", one = "", other = ""] = path.split("/");
  const [first, second] = [Number(one), Number(other)];
  switch (kind) {
    case "chair":
      return svg(512, 512, `<svg viewBox="0 0 ${SIDE} ${SIDE}">${chair(first, other ? second : undefined)}</svg>`);
    case "sheet":
      return sheet(8, 4, first / 100);
    case "row":
      return svg(
        8 * SIDE,
        SIDE,
        Array.from({ length: 8 }, (_, step) => cell(step * SIDE, 0, chair(first, step * 40))).join(""),
      );
    case "film":
      return film();
    default:
      return null;
  }
}
