// What a page may say to the element, and is told by it: docs/embedding.md.

export const ATTRIBUTES = ["endpoint", "dataset", "token", "language"] as const;

export type Told = {
  /** Everything has been sent. */
  done: { files: number };
  /** Something is in the way; the code `signed_out` asks for a new token. */
  problem: { code: string; message: string };
};
export const EVENTS: ReadonlyArray<keyof Told> = ["done", "problem"];

export type Tell = <K extends keyof Told>(name: K, detail: Told[K]) => void;
