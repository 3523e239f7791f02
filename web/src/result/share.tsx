import { useEffect, useRef, useState } from "preact/hooks";

import type { Link, MadeLink, Me, Right } from "../api/types";
import { api, may } from "../session";
import { moment, t } from "../texts";
import { Button, Dialog, Failed, Field } from "../ui";
import { announce } from "../ui/announce";
import { Icon } from "../ui/icons";

const RIGHTS: readonly Right[] = ["watch", "take", "drop"];
const DAYS = [7, 30, 90];

/** Makes links to hand on, with no more rights than the reader's own, and ends them. */
export function Share({ me, dataset, open, onClose }: { me: Me; dataset: string; open: boolean; onClose: () => void }) {
  return (
    <Dialog title={t("result.share.title")} open={open} onClose={onClose}>
      <ShareForm me={me} dataset={dataset} />
    </Dialog>
  );
}

function ShareForm({ me, dataset }: { me: Me; dataset: string }) {
  const own = RIGHTS.filter((right) => may(me, dataset, right));
  const [rights, setRights] = useState<readonly Right[]>(own.filter((right) => right !== "drop"));
  const [days, setDays] = useState(30);
  const [made, setMade] = useState<MadeLink | null>(null);
  const [links, setLinks] = useState<readonly Link[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const list = () =>
    void api.call("listLinks", { path: { dataset } }).then((answer) => setLinks(answer.links), setError);
  useEffect(list, [dataset]);

  const make = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    api
      .call("shareLink", { path: { dataset }, body: { rights: [...rights], days } })
      .then((answer) => {
        setMade(answer);
        setLinks((before) => [answer.link, ...before]);
        announce(t("result.share.made"));
      }, setError)
      .finally(() => setBusy(false));
  };
  const revoke = (link: Link) =>
    api.call("revokeLink", { path: { dataset, link: link.id } }).then(() => {
      if (made?.link.id === link.id) setMade(null);
      announce(t("result.share.revoked"));
      list();
    }, setError);
  return (
    <>
      <form class="share" onSubmit={make}>
        <fieldset>
          <legend>{t("result.share.rights")}</legend>
          {own.map((right) => (
            <label key={right} class="check-row">
              <input
                type="checkbox"
                class="check"
                checked={rights.includes(right)}
                onChange={(event) => {
                  const { checked } = event.currentTarget;
                  setRights((before) => (checked ? [...before, right] : before.filter((one) => one !== right)));
                }}
              />
              {t(`result.share.right.${right}`)}
            </label>
          ))}
        </fieldset>
        <Field
          label={t("result.share.days")}
          control={(ids) => (
            <select {...ids} value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
              {DAYS.map((one) => (
                <option key={one} value={one}>
                  {t("result.share.for_days", { n: one })}
                </option>
              ))}
            </select>
          )}
        />
        <Button type="submit" look="primary" busy={isBusy} disabled={isBusy || !rights.length}>
          {t("result.share.make")}
        </Button>
      </form>
      {error && <Failed error={error} />}
      {made && <Made url={made.url} />}
      {links.length > 0 && (
        <section class="share-links">
          <h3>{t("result.share.links")}</h3>
          <ul>
            {links.map((link) => (
              <LinkRow key={link.id} link={link} onRevoke={() => void revoke(link)} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Made({ url }: { url: string }) {
  const [isCopied, setCopied] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
      announce(t("result.share.copied"));
    } catch {
      input.current?.focus(); // which selects it: the reader copies it by hand
    }
  };
  return (
    <div class="share-made">
      <Field
        label={t("result.share.address")}
        hint={t("result.share.once")}
        control={(ids) => (
          <input {...ids} ref={input} readOnly value={url} onFocus={(event) => event.currentTarget.select()} />
        )}
      />
      <Button onClick={() => void copy()}>
        <Icon name={isCopied ? "check" : "copy"} />
        {t(isCopied ? "result.share.copied" : "result.share.copy")}
      </Button>
    </div>
  );
}

function LinkRow({ link, onRevoke }: { link: Link; onRevoke: () => void }) {
  const isEnded = link.is_revoked || link.expires * 1000 < Date.now();
  return (
    <li class={isEnded ? "share-link share-ended" : "share-link"}>
      <div>
        <p>{link.rights.map((right) => t(`result.share.short.${right}`)).join(" · ")}</p>
        <p class="hint">
          {link.is_revoked
            ? t("result.share.is_revoked")
            : t(isEnded ? "result.share.ended" : "result.share.ends", { when: moment(link.expires, "short") })}
        </p>
      </div>
      {!isEnded && (
        <Button look="quiet" onClick={onRevoke}>
          {t("result.share.revoke")}
        </Button>
      )}
    </li>
  );
}
