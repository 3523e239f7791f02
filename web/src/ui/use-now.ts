import { useEffect, useMemo, useState } from "preact/hooks";

/** The server's time in seconds since 1970, which goes on between its answers; renews twice a minute. */
export function useNow(told: number): number {
  const ahead = useMemo(() => told - Date.now() / 1000, [told]);
  const [, renew] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => renew((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return Date.now() / 1000 + ahead;
}
