/** What is chosen, and from where a range would reach. */
export type Selection = { chosen: ReadonlySet<string>; anchor: string | null };

export const NOTHING: Selection = { chosen: new Set(), anchor: null };

/** Chooses or drops one; with `isRange` everything from the last one to it, in the order in which it is shown, as that
 * last one is. */
export function choose(selection: Selection, name: string, order: readonly string[], isRange: boolean): Selection {
  const [from, to] = [selection.anchor === null ? -1 : order.indexOf(selection.anchor), order.indexOf(name)];
  if (isRange && from >= 0 && to >= 0) {
    const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
    return { chosen: changed(selection, range, selection.chosen.has(selection.anchor!)), anchor: name };
  }
  return { chosen: changed(selection, [name], !selection.chosen.has(name)), anchor: name };
}

/** Chooses all of these; drops them if all are chosen. */
export function chooseAll(selection: Selection, names: readonly string[]): Selection {
  return { chosen: changed(selection, names, !names.every((name) => selection.chosen.has(name))), anchor: null };
}

function changed({ chosen }: Selection, names: readonly string[], isChosen: boolean): ReadonlySet<string> {
  const after = new Set(chosen);
  for (const name of names) isChosen ? after.add(name) : after.delete(name);
  return after;
}
