// The pieces that every screen is made of.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Unreachable } from "../api/client";
import { hasMoved } from "../router";
import { t } from "../texts";

type Children = { children?: ComponentChildren };
const classes = (...names: Array<string | false | undefined>): string => names.filter(Boolean).join(" ");

/** The screen's name: its h1, the tab's title, and where the focus goes when the reader comes from another screen. */
export function Title({ text, children }: { text: string } & Children) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${text} · ${t("shell.name")}`;
  }, [text]);
  useEffect(() => {
    if (hasMoved()) heading.current?.focus();
  }, []);
  return (
    <div class="title">
      <h1 ref={heading} tabIndex={-1} dir="auto">
        {text}
      </h1>
      {children}
    </div>
  );
}

type Look = "primary" | "quiet" | "danger";

export function Button({
  look,
  busy,
  class: more,
  ...rest
}: { look?: Look; busy?: boolean } & JSX.IntrinsicElements["button"]) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      class={classes("button", look && `button-${look}`, more as string | undefined)}
      {...rest}
    />
  );
}

export function Link({ look, class: more, ...rest }: { look?: Look } & JSX.IntrinsicElements["a"]) {
  return <a class={classes(look ? `button button-${look}` : "link", more as string | undefined)} {...rest} />;
}

export function Card({ title, children, class: more }: { title?: string; class?: string } & Children) {
  const id = useId();
  return (
    <section class={classes("card", more)} aria-labelledby={title ? id : undefined}>
      {title && (
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
      )}
      {children}
    </section>
  );
}

/** A control with its name, a hint and what is wrong with it. `control` gets the ids to refer to. */
export function Field({
  label,
  hint,
  problem,
  control,
}: {
  label: string;
  hint?: string;
  problem?: string;
  control: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ComponentChildren;
}) {
  const id = useId();
  const described = classes(hint && `${id}-hint`, problem && `${id}-problem`);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {control({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(problem ? { "aria-invalid": true } : {}),
      })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

type TypedProps = { value: string; onCommit: (typed: string) => void } & Omit<JSX.IntrinsicElements["input"], "value">;

/** An input that tells when it is left, and keeps what is being typed however often the page is drawn meanwhile. */
export function Typed({ value, onCommit, ...rest }: TypedProps) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  return (
    <input
      {...rest}
      value={draft}
      onInput={(event) => setDraft(event.currentTarget.value)}
      onChange={(event) => onCommit(event.currentTarget.value)}
    />
  );
}

/** How far something is, 0 to 1; null: it goes on, nobody knows how far. */
export function Meter({ label, value, text }: { label: string; value: number | null; text?: string }) {
  return (
    <progress class="meter" aria-label={label} aria-valuetext={text} {...(value === null ? {} : { value, max: 1 })} />
  );
}

export function Details({ summary, open, children }: { summary: ComponentChildren; open?: boolean } & Children) {
  return (
    <details class="details" open={open}>
      <summary>{summary}</summary>
      <div class="details-body">{children}</div>
    </details>
  );
}

/** Nothing is there yet: what will be, and how it comes there. */
export function Empty({ title, text, children }: { title: string; text?: string } & Children) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

export type Tone = "info" | "good" | "warning" | "bad";

export function Notice({ tone = "info", children }: { tone?: Tone } & Children) {
  return (
    <div class={`notice notice-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** What went wrong, in the server's words where it has said any. */
export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const say = error instanceof Unreachable ? t("shell.unreachable") : error.message || t("shell.wrong");
  return (
    <Notice tone="bad">
      <p>{say}</p>
      {again && <Button onClick={again}>{t("shell.again")}</Button>}
    </Notice>
  );
}

export const Loading = () => (
  <p class="loading" role="status">
    {t("shell.loading")}
  </p>
);

/** A question or a form in front of the page; Escape and the cross close it. */
export function Dialog({
  title,
  open,
  onClose,
  children,
}: { title: string; open: boolean; onClose: () => void } & Children) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const { current } = dialog;
    if (open && !current?.open) current?.showModal();
    if (!open && current?.open) current.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={onClose}>
      {open && (
        <>
          <header>
            <h2 id={id}>{title}</h2>
            <button type="button" class="cross" aria-label={t("shell.close")} onClick={onClose}>
              ×
            </button>
          </header>
          {children}
        </>
      )}
    </dialog>
  );
}
