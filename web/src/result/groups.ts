import type { Picture, PictureKind } from "../api/types";

/** Pictures that stand together: of one kind and, where the model knows classes, of one class. */
export type Group = { id: string; kind: PictureKind; class: string | null; pictures: readonly Picture[] };

/** Kinds in the order in which they are looked at. */
const ORDER: readonly PictureKind[] = ["generated", "mixed", "projected", "directions", "film", "sheet"];

/** Whether it is one picture, such as one keeps, mixes or looks at large; not a film or a sheet of many. */
export const isStill = (picture: Picture): boolean =>
  picture.kind === "generated" || picture.kind === "mixed" || picture.kind === "projected";

/** Groups in their order, classes as they come; recreated images begin with the nearest. */
export function groupsOf(pictures: readonly Picture[]): Group[] {
  const groups = new Map<string, Picture[]>();
  for (const picture of pictures) {
    const id = idOf(picture);
    groups.set(id, [...(groups.get(id) ?? []), picture]);
  }
  return [...groups]
    .map(([id, found]): Group => {
      const { kind, class: of } = found[0]!;
      return {
        id,
        kind,
        class: kind === "generated" ? of : null,
        pictures: kind === "projected" ? nearestFirst(found) : found,
      };
    })
    .sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
}

const idOf = ({ kind, class: of }: Picture): string => (kind === "generated" && of !== null ? `generated ${of}` : kind);

/** `|| 0`: of two without a distance none is nearer. */
const nearestFirst = (pictures: readonly Picture[]): Picture[] =>
  [...pictures].sort((one, other) => (one.distance ?? Infinity) - (other.distance ?? Infinity) || 0);

/** How near a recreated image is, in a word. Distances are measured by the run's own model, so that only those of one
 * run can be compared: a word tells a picture from the others, by their median. null: nothing to compare with. */
export type Nearness = "nearer" | "alike" | "farther";

export function nearness(distance: number | null, all: readonly Picture[]): Nearness | null {
  const known = all.flatMap((one) => (one.distance === null ? [] : [one.distance])).sort((one, other) => one - other);
  if (distance === null || known.length < 3) return null;
  const median = known[Math.floor(known.length / 2)]!;
  return distance < 0.8 * median ? "nearer" : distance > 1.25 * median ? "farther" : "alike";
}

/** One film in the files that there are of it: MP4 for most, an animated WebP for who cannot play that. */
export type Film = { stem: string; label: string | null; mp4: Picture | null; webp: Picture | null };

export function filmsOf(pictures: readonly Picture[]): Film[] {
  const films = new Map<string, Film>();
  for (const picture of pictures) {
    const stem = picture.name.replace(/\.[^./]+$/, "");
    const film = films.get(stem) ?? { stem, label: picture.label, mp4: null, webp: null };
    films.set(stem, { ...film, [picture.name.toLowerCase().endsWith(".mp4") ? "mp4" : "webp"]: picture });
  }
  return [...films.values()];
}

/** How many there are of a group: a film counts once, in however many files it is there. */
export const sizeOf = (group: Group): number =>
  group.kind === "film" ? filmsOf(group.pictures).length : group.pictures.length;

/** The generated pictures of those seeds, in that order, as far as there are any. */
export const ofSeeds = (pictures: readonly Picture[], seeds: readonly number[]): Picture[] =>
  seeds.flatMap((seed) => pictures.find((one) => one.kind === "generated" && one.seed === seed) ?? []);
