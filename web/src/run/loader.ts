import type { Sheet } from "../api/types";

const decoded = async (address: string): Promise<void> => {
  const image = new Image();
  image.src = address;
  await image.decode();
};

/** Loads sheets, each once: their addresses are new in every answer, their images are not. */
export class Loader {
  private readonly loaded = new Map<number, Promise<string | null>>();

  constructor(private readonly fetchImage: (address: string) => Promise<void> = decoded) {}

  /** The address under which the sheet's image has been loaded; null if it could not be, and may be tried again. */
  load({ kimg, url }: Sheet): Promise<string | null> {
    const known = this.loaded.get(kimg);
    if (known) return known;
    const coming = this.fetchImage(url).then(
      () => url,
      () => {
        this.loaded.delete(kimg);
        return null;
      },
    );
    this.loaded.set(kimg, coming);
    return coming;
  }
}
