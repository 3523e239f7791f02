// What a file is to the workshop by its name alone: as contract/file_kinds.py says, which tests hold this to
// (tests/names.json is read by both).

const MAX_SEGMENT_BYTES = 255;
const JUNK = new Set([
  "__macosx",
  "@eadir",
  "thumbs.db",
  "ehthumbs.db",
  "desktop.ini",
  "$recycle.bin",
  "#recycle",
  "system volume information",
  "lost+found",
]);
const NO_IMAGE = new RegExp(
  "^(txt|md|rtf|doc|docx|odt|pages|pdf|epub|csv|tsv|xls|xlsx|ods|numbers|ppt|pptx|odp|key|json|jsonl|xml|xmp|aae" +
    "|yaml|yml|toml|ini|cfg|conf|log|html|htm|css|js|ts|py|ipynb|sh|bat|exe|dll|msi|app|apk|url|webloc|lnk|eml|msg" +
    "|zip|rar|7z|tar|gz|tgz|bz2|xz|zst|iso|dmg|part|partial|tmp|crdownload|download|bak" +
    "|mp4|m4v|mov|avi|mkv|webm|mpg|mpeg|wmv|flv|3gp|mp3|wav|aac|flac|m4a|ogg|opus|wma|mid" +
    "|pt|pth|pkl|ckpt|safetensors|onnx|npy|npz|h5|parquet|db|sqlite|ttf|otf|woff|woff2)$",
);
const OWN_NAMES = new Set(["settings.yaml", "_READY"]);
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

export type NameKind = "image" | "other" | "junk" | "refused";

/** What the file with this path below the dataset's folder is: `junk` is what systems leave behind and nobody sees. */
export function kindOfName(path: string): NameKind {
  const segments = path.split("/");
  if (segments.some(isHostile)) return "refused";
  if (segments.some((one) => one.startsWith(".") || JUNK.has(one.toLowerCase()))) return "junk";
  const last = segments.at(-1)!;
  const dot = last.lastIndexOf(".");
  const ending = last
    .slice(dot + 1)
    .toLowerCase()
    .trim();
  const isNoImage = dot > 0 ? NO_IMAGE.test(ending) : ["_ready", "ready"].includes(ending);
  return isNoImage || segments.some((one) => OWN_NAMES.has(one)) ? "other" : "image";
}

function isHostile(segment: string): boolean {
  return (
    ["", ".", ".."].includes(segment) ||
    segment.includes("\\") ||
    CONTROL.test(segment) ||
    new TextEncoder().encode(segment).length > MAX_SEGMENT_BYTES
  );
}

/** The label that a file gets from its folder: the first one below the dataset's; "" without. */
export function labelOf(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** `path` under another label. */
export function withLabel(path: string, label: string): string {
  const rest = path.slice(path.indexOf("/") + 1);
  return label ? `${label}/${rest}` : rest;
}

/** The same name with a number, such as `a (2).png`. */
export function numbered(path: string, n: number): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") + 1 ? `${path.slice(0, dot)} (${n})${path.slice(dot)}` : `${path} (${n})`;
}
