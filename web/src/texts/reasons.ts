type Prefixed<T> = { [K in keyof T & string as `reasons.${K}`]: T[K] };

/** The workshop's catalogue of reasons (code -> sentence) under this app's keys. */
export function asReasons<T extends Record<string, string>>(catalogue: T): Prefixed<T> {
  return Object.fromEntries(Object.entries(catalogue).map(([code, say]) => [`reasons.${code}`, say])) as Prefixed<T>;
}
