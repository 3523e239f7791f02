// Zip archives, read where they lie: only the list of an archive is held, and a file in it is unpacked when it is asked
// for, by the browser's own inflater. (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.)

export const MOST_FILES = 50_000;
export const MOST_BYTES = 20e9;
/** How many times larger than the archive what is in it may be. Images hardly shrink. */
export const MOST_RATIO = 200;
/** As long as it is no more than this. */
export const HARMLESS_BYTES = 100e6;
const LARGEST_LIST = 64e6;

const END = 0x06054b50,
  END_SIZE = 22,
  LONGEST_COMMENT = 0xffff;
const END64_LOCATOR = 0x07064b50,
  END64_LOCATOR_SIZE = 20,
  END64 = 0x06064b50,
  END64_SIZE = 56;
const LISTED = 0x02014b50,
  LISTED_SIZE = 46;
const LOCAL = 0x04034b50,
  LOCAL_SIZE = 30;
const STORED = 0,
  DEFLATED = 8;
const IS_ENCRYPTED = 1,
  IS_UTF8 = 1 << 11;
const UNKNOWN32 = 0xffffffff;
// The upper half of code page 437, in which names are that do not say otherwise.
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

export type ZipFault = "zip_damaged" | "zip_encrypted" | "zip_too_much" | "zip_compression";

/** The archive, or a file in it, cannot be unpacked. */
export class ZipProblem extends Error {
  constructor(readonly code: ZipFault) {
    super(code);
    this.name = "ZipProblem";
  }
}

export type ZipEntry = {
  path: string;
  /** Bytes when unpacked. */
  size: number;
  /** Unpacks it; throws ZipProblem. */
  open: () => Promise<Blob>;
};

/** The files in an archive, in its order; throws ZipProblem. `isChinese` reads old names as Windows in China writes. */
export async function listZip(archive: Blob, isChinese = false): Promise<ZipEntry[]> {
  const { offset, size, count } = await findList(archive);
  if (count > MOST_FILES || size > LARGEST_LIST) throw new ZipProblem("zip_too_much");
  const list = await view(archive, offset, size);
  const entries: ZipEntry[] = [];
  let total = 0;
  for (let at = 0; at + LISTED_SIZE <= list.byteLength && list.getUint32(at, true) === LISTED;) {
    const nameLength = list.getUint16(at + 28, true);
    const extraLength = list.getUint16(at + 30, true);
    const next = at + LISTED_SIZE + nameLength + extraLength + list.getUint16(at + 32, true);
    if (next > list.byteLength) throw new ZipProblem("zip_damaged");
    const record = readRecord(list, at, nameLength, extraLength, isChinese);
    if (!record.path.endsWith("/")) {
      total += record.size;
      entries.push({ path: record.path, size: record.size, open: () => unpack(archive, record) });
    }
    if (
      entries.length > MOST_FILES ||
      total > MOST_BYTES ||
      (total > HARMLESS_BYTES && total > archive.size * MOST_RATIO)
    )
      throw new ZipProblem("zip_too_much");
    at = next;
  }
  if (!entries.length && count) throw new ZipProblem("zip_damaged");
  return entries;
}

type ListedFile = {
  path: string;
  flags: number;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
};

function readRecord(
  list: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  isChinese: boolean,
): ListedFile {
  const flags = list.getUint16(at + 8, true);
  const name = bytesOf(list, at + LISTED_SIZE, nameLength);
  const record = {
    path: decodeName(name, (flags & IS_UTF8) !== 0, isChinese).replaceAll("\\", "/"),
    flags,
    method: list.getUint16(at + 10, true),
    crc: list.getUint32(at + 16, true),
    packed: list.getUint32(at + 20, true),
    size: list.getUint32(at + 24, true),
    offset: list.getUint32(at + 42, true),
  };
  widen(record, bytesOf(list, at + LISTED_SIZE + nameLength, extraLength));
  return record;
}

/** Takes the values that do not fit 32 bits from the extra field 1, in its fixed order. */
function widen(record: ListedFile, extra: Uint8Array): void {
  const fields = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length; at += 4 + fields.getUint16(at + 2, true)) {
    if (fields.getUint16(at, true) !== 1) continue;
    const end = Math.min(extra.length, at + 4 + fields.getUint16(at + 2, true));
    let place = at + 4;
    for (const key of ["size", "packed", "offset"] as const) {
      if (record[key] !== UNKNOWN32) continue;
      if (place + 8 > end) throw new ZipProblem("zip_damaged");
      record[key] = Number(fields.getBigUint64(place, true));
      place += 8;
    }
  }
}

function decodeName(name: Uint8Array, isUtf8: boolean, isChinese: boolean): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    if (isUtf8) throw new ZipProblem("zip_damaged");
  }
  if (isChinese) return new TextDecoder("gb18030").decode(name);
  return Array.from(name, (byte) => (byte < 128 ? String.fromCharCode(byte) : CP437[byte - 128])).join("");
}

async function findList(archive: Blob): Promise<{ offset: number; size: number; count: number }> {
  const start = Math.max(0, archive.size - END_SIZE - LONGEST_COMMENT);
  const tail = await view(archive, start, archive.size - start);
  let at = tail.byteLength - END_SIZE;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new ZipProblem("zip_damaged");
  const found = {
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
  const locator = at - END64_LOCATOR_SIZE;
  if (locator >= 0 && tail.getUint32(locator, true) === END64_LOCATOR) {
    const end = await view(archive, Number(tail.getBigUint64(locator + 8, true)), END64_SIZE);
    if (end.getUint32(0, true) !== END64) throw new ZipProblem("zip_damaged");
    found.count = Number(end.getBigUint64(32, true));
    found.size = Number(end.getBigUint64(40, true));
    found.offset = Number(end.getBigUint64(48, true));
  }
  return found;
}

async function unpack(archive: Blob, file: ListedFile): Promise<Blob> {
  if (file.flags & IS_ENCRYPTED) throw new ZipProblem("zip_encrypted");
  if (file.method !== STORED && file.method !== DEFLATED) throw new ZipProblem("zip_compression");
  const local = await view(archive, file.offset, LOCAL_SIZE);
  if (local.getUint32(0, true) !== LOCAL) throw new ZipProblem("zip_damaged");
  const start = file.offset + LOCAL_SIZE + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = archive.slice(start, start + file.packed);
  const stream =
    file.method === STORED ? packed.stream() : packed.stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const parts = await readAtMost(stream, file.size);
  if (checksum(parts) !== file.crc) throw new ZipProblem("zip_damaged");
  return new Blob(parts);
}

/** Reads a stream that must have exactly `size` bytes; one with more is given up at once. */
async function readAtMost(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = stream.getReader();
  let read = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      read += next.value.length;
      if (read > size) throw new ZipProblem("zip_damaged");
      parts.push(next.value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error instanceof ZipProblem ? error : new ZipProblem("zip_damaged");
  }
  if (read !== size) throw new ZipProblem("zip_damaged");
  return parts;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function checksum(parts: readonly Uint8Array[]): number {
  let crc = 0xffffffff;
  for (const part of parts) for (const byte of part) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

async function view(archive: Blob, offset: number, size: number): Promise<DataView> {
  if (offset < 0 || offset + size > archive.size) throw new ZipProblem("zip_damaged");
  return new DataView(await archive.slice(offset, offset + size).arrayBuffer());
}

const bytesOf = (holder: DataView, at: number, length: number): Uint8Array =>
  new Uint8Array(holder.buffer, holder.byteOffset + at, length);
