import type { Picture } from "../api/types";
import { t } from "../texts";
import { fileName } from "./zip";

/** What an image to recreate was called: step Infer numbers its files and adds what they are. */
const recreatedName = (name: string): string =>
  fileName(name)
    .replace(/\.[^.]+$/, "")
    .replace(/^\d+-(?=.)/, "")
    .replace(/-drawn$/, "");

/** What a picture is, in one line. */
export function captionOf(picture: Picture): string {
  const [one, other] = picture.mixed_of;
  if (picture.kind === "mixed" && one !== undefined && other !== undefined)
    return t("result.caption.mix", { one: `${one}`, other: `${other}` });
  if (picture.kind === "projected") return t("result.caption.recreated", { name: recreatedName(picture.name) });
  if (picture.label !== null) return picture.label;
  if (picture.seed === null) return fileName(picture.name);
  const seed = `${picture.seed}`;
  return picture.class === null
    ? t("result.caption.seed", { seed })
    : t("result.caption.seed_class", { seed, class: picture.class });
}
