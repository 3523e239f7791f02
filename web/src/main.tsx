import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "./api/client";
import type { Me } from "./api/types";
import { invitationOf, useRoute } from "./router";
import { Screen } from "./screens";
import { api, onSignedOut } from "./session";
import { Shell } from "./shell";
import { currentLanguage, type Language } from "./texts";
import { setLanguage, wantedLanguage } from "./texts/load";
import { SignedOut } from "./signed-out";
import { Failed, Loading } from "./ui";
import "./styles/index.css";

/** Whether a provider at which somebody has signed in has led back here. */
const hasComeBack = (): boolean => /[?&]state=/.test(location.search);

/** What a link has brought along, until the server has taken it: the network may be gone just now. */
let brought: ReturnType<typeof invitationOf> = null;

/** Opens what the address brings along, takes it out of the address, and says who is here. */
async function enter(): Promise<Me> {
  if (hasComeBack()) {
    const { identityToken } = await import("./sign-in");
    return api.call("openOidcSession", { bearer: await identityToken() });
  }
  const invitation = invitationOf(location.hash);
  if (invitation) {
    brought = invitation;
    // Before anything else is asked for, so that no copy of it is left in the history.
    history.replaceState(null, "", location.pathname + invitation.go);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
  if (!brought) return api.call("getMe", {});
  const me = await api.call("openSession", { body: { token: brought.token } });
  brought = null;
  return me;
}

function App({ entered }: { entered: Promise<Me> }) {
  const route = useRoute();
  const [, setSpoken] = useState<Language>(currentLanguage());
  const [me, setMe] = useState<Me | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [hasInbox, setInbox] = useState(false);

  const arrive = (coming: Promise<Me>) => {
    setError(null);
    coming.then(setMe, setError);
  };
  useEffect(() => arrive(entered), []);
  useEffect(() => onSignedOut(() => setError(new ApiError(401, "signed_out", ""))), []);
  useEffect(() => {
    const opened = () => invitationOf(location.hash) && arrive(enter());
    addEventListener("hashchange", opened);
    return () => removeEventListener("hashchange", opened);
  }, []);
  useEffect(() => {
    if (me)
      api.call("getInbox", {}).then(
        (inbox) => setInbox(inbox.mails !== null),
        () => setInbox(false),
      );
  }, [me]);

  const choose = (language: Language) => void setLanguage(language, true).then(() => setSpoken(language));
  return (
    <Shell route={route} hasInbox={hasInbox} onLanguage={choose}>
      {isOutside(error) ? (
        <SignedOut hasFailed={error?.name === "SignInFailed"} />
      ) : error ? (
        <Failed error={error} again={() => arrive(enter())} />
      ) : me ? (
        <Screen route={route} me={me} />
      ) : (
        <Loading />
      )}
    </Shell>
  );
}

const isOutside = (error: Error | null): boolean =>
  (error instanceof ApiError && error.status === 401) || error?.name === "SignInFailed";

await setLanguage(wantedLanguage(), false);
const entered = enter();
entered.catch(() => {}); // App shows it.
render(<App entered={entered} />, document.getElementById("app")!);
