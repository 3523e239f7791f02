import type { SettingField } from "../api/types";
import { has, t } from "../texts";
import { Card, Details, Failed, Field, Notice, Typed } from "../ui";
import type { SettingsState } from "./use-settings";

/** What most people may want to choose; the rest is behind a fold. */
const FIRST = ["preset", "mirror", "aspect", "max_hours", "language"];

/** settings.yaml as a form, with the bounds and problems that the server tells. */
export function SettingsForm({ settings }: { settings: SettingsState }) {
  const { fields, problems, estimate, isSaved, error } = settings;
  if (!fields.length) return error ? <Failed error={error} /> : null;
  const told = [...new Set([...problems, ...(estimate?.problems ?? [])])];
  const problemOf = (key: string) => told.find((problem) => new RegExp(`(^|[^a-z_])${key}([^a-z_]|$)`).test(problem));
  const general = told.filter((problem) => !fields.some(({ key }) => problemOf(key) === problem));
  const show = (field: SettingField) => (
    <Setting key={field.key} field={field} settings={settings} problem={problemOf(field.key)} />
  );
  const [first, rest] = [
    fields.filter(({ key }) => FIRST.includes(key)),
    fields.filter(({ key }) => !FIRST.includes(key)),
  ];
  return (
    <Card title={t("drop.settings.title")} class="settings">
      {general.map((problem) => (
        <Notice key={problem} tone="warning">
          {problem}
        </Notice>
      ))}
      <div class="settings-fields">{first.map(show)}</div>
      <Details summary={t("drop.settings.more")} open={rest.some(({ key }) => problemOf(key))}>
        <div class="settings-fields">{rest.map(show)}</div>
      </Details>
      {error && <Failed error={error} />}
      <p class="hint" role="status">
        {isSaved ? t("drop.settings.saved") : ""}
      </p>
    </Card>
  );
}

const named = (key: string, fallback: string): string => (has(key) ? t(key) : fallback);
const wordOf = (field: SettingField, value: string): string =>
  field.kind === "truth" ? named(`drop.settings.${value}`, value) : named(`drop.choice.${field.key}.${value}`, value);

function Setting({
  field,
  settings,
  problem,
}: {
  field: SettingField;
  settings: SettingsState;
  problem: string | undefined;
}) {
  const { key, kind, allowed } = field;
  const isChoice = kind === "choice" || kind === "truth";
  return (
    <Field
      label={named(`drop.setting.${key}`, key.replaceAll("_", " "))}
      {...(isChoice ? {} : { hint: allowed })}
      {...(problem ? { problem } : {})}
      control={(ids) =>
        isChoice ? (
          <Choice field={field} settings={settings} ids={ids} />
        ) : (
          <Free field={field} settings={settings} ids={ids} />
        )
      }
    />
  );
}

type ControlProps = { field: SettingField; settings: SettingsState; ids: Record<string, unknown> };

function Choice({ field, settings, ids }: ControlProps) {
  const { key, kind, choices } = field;
  const usual = field.default
    ? t("drop.settings.default", { value: wordOf(field, field.default) })
    : t("drop.settings.no_default");
  return (
    <select
      {...ids}
      value={settings.values[key] ?? ""}
      onChange={(event) => settings.set(key, event.currentTarget.value || null)}
    >
      <option value="">{usual}</option>
      {(kind === "truth" ? ["true", "false"] : choices).map((choice) => (
        <option key={choice} value={choice}>
          {wordOf(field, choice)}
        </option>
      ))}
    </select>
  );
}

function Free({ field, settings, ids }: ControlProps) {
  const { key, kind, low, high } = field;
  const step = kind === "whole" ? 1 : "any";
  const bounds = kind === "text" ? {} : { type: "number", min: low ?? undefined, max: high ?? undefined, step };
  return (
    <Typed
      {...ids}
      {...bounds}
      autocomplete="off"
      maxLength={400}
      placeholder={field.default}
      value={settings.values[key] ?? ""}
      onCommit={(typed) => settings.set(key, typed.trim() || null)}
    />
  );
}
