import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

import { hrefOf, type Route } from "./router";
import { currentLanguage, LANGUAGES, t, type Language } from "./texts";
import { listen } from "./ui/announce";

/** What is around every screen: skip link, header, the region in which messages are read out. */
export function Shell({
  route,
  hasInbox,
  onLanguage,
  children,
}: {
  route: Route;
  hasInbox: boolean;
  onLanguage: (language: Language) => void;
  children: ComponentChildren;
}) {
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        {t("shell.skip")}
      </a>
      <header class="header">
        <a class="brand" href={hrefOf({ screen: "datasets" })}>
          <img src="./favicon.svg" width={28} height={28} alt="" />
          {t("shell.name")}
        </a>
        <nav aria-label={t("shell.places")}>
          <Place to={{ screen: "datasets" }} route={route} text={t("shell.datasets")} />
          {hasInbox && <Place to={{ screen: "inbox" }} route={route} text={t("shell.inbox")} />}
        </nav>
        <select
          class="language"
          aria-label={t("shell.language")}
          value={currentLanguage()}
          onChange={(event) => onLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Messages />
    </>
  );
}

function Place({ to, route, text }: { to: { screen: "datasets" } | { screen: "inbox" }; route: Route; text: string }) {
  return (
    <a href={hrefOf(to)} aria-current={route.screen === to.screen ? "page" : undefined}>
      {text}
    </a>
  );
}

function Messages() {
  const [message, setMessage] = useState("");
  useEffect(() => listen(setMessage), []);
  return (
    <div class="unseen" aria-live="polite">
      {message}
    </div>
  );
}
