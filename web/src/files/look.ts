// One file is looked at before it is sent: is it an image, is it whole, what are its bytes?
import { kindOf, type ReasonCode } from "./kinds";

/** What was seen of a file; `digest` is its SHA-256 in hex. */
export type Seen =
  | { type: string; digest: string; width: number | null; height: number | null; reason?: undefined }
  | { reason: ReasonCode };

/** Decoding tells most, but takes its time: only small files of the kinds that browsers read well. */
const DECODED_BYTES = 128_000;
const DECODED = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

/** Looks at a file's content; its name does not matter. */
export async function look(file: Blob, largest: number): Promise<Seen> {
  if (file.size > largest) return { reason: "too_large" };
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const kind = kindOf(bytes);
    if (kind.reason) return kind;
    if (file.size <= DECODED_BYTES && DECODED.has(kind.type) && !(await canDecode(file))) return { reason: "damaged" };
    return { ...kind, digest: hex(await crypto.subtle.digest("SHA-256", bytes)) };
  } catch {
    return { reason: "moved" }; // or or changed since it was chosen
  }
}

async function canDecode(file: Blob): Promise<boolean> {
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}

const hex = (buffer: ArrayBuffer): string =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
