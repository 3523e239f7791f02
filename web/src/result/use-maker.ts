import { useState } from "preact/hooks";

import type { More } from "../api/types";
import { go } from "../router";
import { api } from "../session";

export type Maker = { make: (wish: More) => void; isBusy: boolean; error: Error | null; said: string | null };

/** Asks for more pictures of this model; leads to the run that makes them. */
export function useMaker(dataset: string, run: string): Maker {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const make = (wish: More) => {
    setBusy(true);
    setError(null);
    api
      .call("makeMore", { path: { dataset, run }, body: wish })
      .then((answer) => (answer.run ? go({ screen: "run", dataset, run: answer.run }) : setSaid(answer.say)), setError)
      .finally(() => setBusy(false));
  };
  return { make, isBusy, error, said };
}
