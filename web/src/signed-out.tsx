import { useEffect, useState } from "preact/hooks";

import { api } from "./session";
import { t } from "./texts";
import { Button, Empty, Notice, Title } from "./ui";
import type { Provider } from "./sign-in";

/** Nobody is here: the link in the email leads in, or the company's own sign-in where there is one. */
export function SignedOut({ hasFailed }: { hasFailed: boolean }) {
  const [provider, setProvider] = useState<Provider | null>(null);
  const [failed, setFailed] = useState(hasFailed);
  useEffect(() => {
    api.call("getSignIn", {}).then(
      ({ oidc }) => setProvider(oidc),
      () => setProvider(null),
    );
  }, []);
  const leave = async (to: Provider) => {
    setFailed(false);
    const { leaveToSignIn } = await import("./sign-in");
    await leaveToSignIn(to).catch(() => setFailed(true));
  };
  return (
    <>
      <Title text={provider ? t("shell.sign_in.title") : t("shell.signed_out.title")} />
      <Empty title={t("shell.name")} text={provider ? t("shell.sign_in.text") : t("shell.signed_out.text")}>
        {failed && <Notice tone="bad">{t("shell.sign_in.failed")}</Notice>}
        {provider && (
          <Button look="primary" onClick={() => void leave(provider)}>
            {t("shell.sign_in.button")}
          </Button>
        )}
      </Empty>
    </>
  );
}
