// What a file is by its first bytes, and whether it is whole as far as its structure tells. Nothing is decoded here.

/** Why a file is not used: codes of contract.reasons, and some that only this app has; texts' reasons.<code> says it. */
export type ReasonCode =
  | "empty"
  | "too_large"
  | "too_many_pixels"
  | "damaged"
  | "name_unusable"
  | "duplicate"
  | "pdf"
  | "postscript"
  | "photoshop"
  | "archive"
  | "svg"
  | "xml"
  | "heic"
  | "avif"
  | "video"
  | "camera_raw"
  | "text"
  | "unreadable"
  | "zip_damaged"
  | "zip_encrypted"
  | "zip_compression"
  | "moved"
  | "named_otherwise"
  | "zip_too_much"
  | "zip_empty";

/** A reason and what stands in its sentence's {places}. */
export type Reason = { code: ReasonCode; values: Readonly<Record<string, string | number>> };

/** Prepare refuses more. */
export const MOST_PIXELS = 89_478_485;

export type Kind =
  { type: string; width: number | null; height: number | null; reason?: undefined } | { reason: ReasonCode };

const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const DAMAGED: Kind = { reason: "damaged" };

/** What these bytes are: an image with its media type and size, or why they are none that is used. */
export function kindOf(bytes: Uint8Array): Kind {
  if (!bytes.length) return { reason: "empty" };
  const kind = imageOf(bytes);
  if (!kind) return { reason: otherOf(bytes) };
  const isTooMany = "type" in kind && (kind.width ?? 0) * (kind.height ?? 0) > MOST_PIXELS;
  return isTooMany ? { reason: "too_many_pixels" } : kind;
}

function imageOf(bytes: Uint8Array): Kind | null {
  const start = ascii(bytes, 0, 4);
  if (start === "\x89PNG") return png(bytes);
  if (start.startsWith("\xff\xd8\xff")) return jpeg(bytes);
  if (start === "RIFF" && ascii(bytes, 8, 4) === "WEBP") return webp(bytes);
  if (start === "GIF8") return gif(bytes);
  if (start === "II*\0" || start === "MM\0*") return tiff(bytes);
  if (start.startsWith("BM") && bytes.length > 18 && bytes[15] === 0 && bytes[16] === 0 && bytes[17] === 0)
    return bmp(bytes);
  return null;
}

function png(bytes: Uint8Array): Kind {
  const view = viewOf(bytes);
  if (bytes.length < 33 || ascii(bytes, 12, 4) !== "IHDR") return DAMAGED;
  let hasPixels = false;
  for (let at = 8; at + 8 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const name = ascii(bytes, at + 4, 4);
    if (name === "IEND") break;
    if (end > bytes.length) return DAMAGED;
    hasPixels ||= name === "IDAT";
    at = end;
  }
  if (!hasPixels) return DAMAGED;
  return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
}

const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function jpeg(bytes: Uint8Array): Kind {
  const view = viewOf(bytes);
  let size: { width: number; height: number } | null = null;
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) return DAMAGED;
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === 0xda) break;
    if (isFrame(marker) && at + 9 <= bytes.length)
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  if (!size || at + 4 > bytes.length || !hasEnd(bytes, at)) return DAMAGED;
  return { type: "image/jpeg", ...size };
}

/** Whether the end of the image follows; phones put more behind it. */
function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.lastIndexOf(0xd9); at > from; at = bytes.lastIndexOf(0xd9, at - 1))
    if (bytes[at - 1] === 0xff) return true;
  return false;
}

function webp(bytes: Uint8Array): Kind {
  const view = viewOf(bytes);
  if (bytes.length < 30 || view.getUint32(4, true) + 8 > bytes.length + 1) return DAMAGED;
  const size = (width: number, height: number): Kind => ({ type: "image/webp", width, height });
  switch (ascii(bytes, 12, 4)) {
    case "VP8 ":
      return size(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
    case "VP8L": {
      const packed = view.getUint32(21, true);
      return size((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1);
    }
    case "VP8X": {
      const side = (at: number) => 1 + view.getUint16(at, true) + (bytes[at + 2]! << 16);
      return size(side(24), side(27));
    }
    default:
      return DAMAGED;
  }
}

function gif(bytes: Uint8Array): Kind {
  if (bytes.length < 14) return DAMAGED;
  const view = viewOf(bytes);
  return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function bmp(bytes: Uint8Array): Kind {
  const view = viewOf(bytes);
  if (bytes.length < 26) return DAMAGED;
  if (view.getUint32(14, true) === 12)
    return { type: "image/bmp", width: view.getUint16(18, true), height: view.getUint16(20, true) };
  return { type: "image/bmp", width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

const SUBFILE_TYPE = 254,
  WIDTH = 256,
  HEIGHT = 257,
  DNG_VERSION = 50706;

function tiff(bytes: Uint8Array): Kind {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  if (ascii(bytes, 8, 2) === "CR") return { reason: "camera_raw" };
  const first = bytes.length >= 8 ? view.getUint32(4, little) : 0;
  if (first < 8 || first + 2 > bytes.length) return DAMAGED;
  const tags = new Map<number, number>();
  const count = view.getUint16(first, little);
  for (let at = first + 2; at + 12 <= bytes.length && tags.size < count; at += 12)
    tags.set(
      view.getUint16(at, little),
      view.getUint16(at + 2, little) === 3 ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little),
    );
  // A camera's raw file has a smaller copy first.
  if (tags.has(DNG_VERSION) || (tags.get(SUBFILE_TYPE) ?? 0) & 1) return { reason: "camera_raw" };
  return { type: "image/tiff", width: tags.get(WIDTH) ?? null, height: tags.get(HEIGHT) ?? null };
}

const OTHERS: ReadonlyArray<[at: number, magic: string, reason: ReasonCode]> = [
  [0, "%PDF", "pdf"],
  [0, "%!PS", "postscript"],
  [0, "8BPS", "photoshop"],
  [0, "PK\x03\x04", "archive"],
  [0, "<svg", "svg"],
  [0, "<?xml", "xml"],
  [4, "ftyphei", "heic"],
  [4, "ftyphev", "heic"],
  [4, "ftypmif1", "heic"],
  [4, "ftypmsf1", "heic"],
  [4, "ftypavif", "avif"],
  [4, "ftypavis", "avif"],
  [4, "ftypcrx ", "camera_raw"],
  [4, "ftyp", "video"],
];

function otherOf(bytes: Uint8Array): ReasonCode {
  for (const [at, magic, reason] of OTHERS) if (ascii(bytes, at, magic.length) === magic) return reason;
  return bytes.subarray(0, 1000).every((byte) => byte < 128) ? "text" : "unreadable";
}
