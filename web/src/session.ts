// Who is here, and the one way to the server that all screens use.
import { Api } from "./api/client";
import type { Me, Right } from "./api/types";
import { currentLanguage } from "./texts";

const listeners = new Set<() => void>();

export const api = new Api({ language: currentLanguage, onSignedOut: () => listeners.forEach((tell) => tell()) });

/** Calls back when the server no longer knows the reader. */
export function onSignedOut(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** Whether this session may do that with the dataset. The server judges; this only decides what is offered. */
export function may(me: Me, dataset: string, right: Right): boolean {
  return me.grants.some(
    (grant) => (grant.dataset === "*" || grant.dataset === dataset) && grant.rights.includes(right),
  );
}
