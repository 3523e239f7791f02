import { useState } from "preact/hooks";

import { decided } from "../api/decided";
import { go } from "../router";
import { api } from "../session";
import { t } from "../texts";
import { Button, Failed, Notice } from "../ui";

/** Starts the dataset once more, also where nothing has changed since. */
export function StartAgain({ dataset }: { dataset: string }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const start = () => {
    setBusy(true);
    setError(null);
    const ask = () => api.call("startRun", { path: { dataset }, body: { again: true } });
    decided(ask, () => {})
      .then(({ run, say }) => (run ? go({ screen: "run", dataset, run }) : setSaid(say)), setError)
      .finally(() => setBusy(false));
  };
  if (said) return <Notice>{said}</Notice>;
  return (
    <>
      {error && <Failed error={error} />}
      <Button look="primary" busy={isBusy} disabled={isBusy} onClick={start}>
        {t("run.again")}
      </Button>
    </>
  );
}
