// <workshop-drop endpoint dataset token language>: images dropped into a dataset from another site's page.
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { Api, ApiError } from "../api/client";
import type { Me } from "../api/types";
import { Sending } from "../drop/sending";
import { FailedFiles, Skipped } from "../drop/skipped";
import { Tiles } from "../drop/tiles";
import { useDrop } from "../drop/use-drop";
import { DropZone } from "../drop/zone";
import { look } from "../files/look";
import baseStyle from "../styles/base.css?inline";
import dropStyle from "../styles/drop.css?inline";
import tokenStyle from "../styles/tokens.css?inline";
import uiStyle from "../styles/ui.css?inline";
import { currentLanguage, t } from "../texts";
import { listen } from "../ui/announce";
import { Failed, Loading, Notice } from "../ui";
import { ATTRIBUTES, type Tell } from "./interface";
import { speakLanguage } from "./texts";

/** The drop zone for other sites' pages. */
class WorkshopDrop extends HTMLElement {
  static observedAttributes = [...ATTRIBUTES];

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync([tokenStyle, baseStyle, uiStyle, dropStyle].join("\n"));
    root.adoptedStyleSheets = [sheet];
    this.draw();
  }

  disconnectedCallback(): void {
    if (this.shadowRoot) render(null, this.shadowRoot);
  }

  attributeChangedCallback(): void {
    if (this.isConnected && this.shadowRoot) this.draw();
  }

  private draw(): void {
    speakLanguage(this.getAttribute("language"));
    const [endpoint, dataset, token] = ATTRIBUTES.map((name) => this.getAttribute(name) ?? "") as [
      string,
      string,
      string,
    ];
    const key = `${endpoint} ${dataset}`;
    render(<Embedded key={key} host={this} endpoint={endpoint} dataset={dataset} token={token} />, this.shadowRoot!);
  }
}

type Given = { host: HTMLElement; endpoint: string; dataset: string; token: string };

function Embedded({ host, endpoint, dataset, token }: Given) {
  const current = useRef(token);
  current.current = token;
  const [me, setMe] = useState<Me | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const tell: Tell = (name, detail) =>
    void host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  const api = useMemo(
    () =>
      new Api({
        endpoint: endpoint.replace(/\/$/, ""),
        token: () => current.current,
        language: currentLanguage,
        onSignedOut: () => tell("problem", { code: "signed_out", message: "" }),
      }),
    [],
  );
  const enter = () => {
    setError(null);
    api.call("getMe", {}).then(setMe, (failure: Error) => {
      setError(failure);
      if (!(failure instanceof ApiError && failure.status === 401))
        tell("problem", { code: failure.name, message: failure.message });
    });
  };
  useEffect(() => {
    if (!me && token) enter(); // the page may have to fetch one first
  }, [token]);
  if (error) return <Failed error={error} again={enter} />;
  return me ? (
    <Dropping host={host} api={api} dataset={dataset} largest={me.limits.bytes_a_file} token={token} tell={tell} />
  ) : (
    <Loading />
  );
}

function Dropping({
  host,
  api,
  dataset,
  largest,
  token,
  tell,
}: {
  host: HTMLElement;
  api: Api;
  dataset: string;
  largest: number;
  token: string;
  tell: Tell;
}) {
  // No worker: a browser starts none from another site.
  const { drop, error, reload } = useDrop({
    api,
    dataset,
    folder: "images",
    largestFile: largest,
    makeLooker: () => ({ look, close: () => {} }),
    isKept: false,
  });
  const [message, setMessage] = useState("");
  useEffect(() => listen(setMessage), []);
  const { state, sent, failed, problem } = drop.progress;
  useEffect(() => {
    if (state === "idle" && sent && !failed) tell("done", { files: sent });
    if (problem !== null) tell("problem", { code: "stopped", message: problem });
  }, [state, sent, failed, problem]);
  useEffect(() => {
    if (drop.progress.state === "stopped") drop.queue.resume();
  }, [token]);

  const summary = drop.summary;
  const shown = drop.items.filter((item) => item.state !== "skipped");
  return (
    <div class="drop-main">
      {error && <Failed error={error} again={reload} />}
      <DropZone
        area={host}
        small={shown.length > 0}
        busy={drop.reading > 0}
        onTaken={(found) => void drop.add(found)}
      />
      {summary.counts.looking > 0 && <p class="soft looking">{t("drop.looking", { n: summary.counts.looking })}</p>}
      <Sending drop={drop} summary={summary} />
      {state === "idle" && sent > 0 && !failed && <Notice tone="good">{t("drop.send.done", { n: sent })}</Notice>}
      <FailedFiles drop={drop} />
      {shown.length > 0 && <Tiles drop={drop} items={shown} />}
      <Skipped summary={summary} />
      <div class="unseen" aria-live="polite">
        {message}
      </div>
    </div>
  );
}

customElements.define("workshop-drop", WorkshopDrop);
