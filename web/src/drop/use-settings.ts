import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError, Unreachable } from "../api/client";
import type { Estimate, SettingField } from "../api/types";
import { api } from "../session";

const ESTIMATE_MILLISECONDS = 400;

export type Values = Record<string, string>;

export type SettingsState = {
  fields: SettingField[];
  values: Values;
  problems: string[];
  estimate: Estimate | null;
  isSaved: boolean;
  error: Error | null;
  /** Chooses a value and stores all; null: what the workshop's default says. */
  set: (key: string, value: string | null) => void;
};

/** The dataset's settings, stored as soon as one is chosen, and what a run with them would take and cost. */
export function useSettings(dataset: string, images: number, isAllowed: boolean): SettingsState {
  const [fields, setFields] = useState<SettingField[]>([]);
  const [values, setValues] = useState<Values>({});
  const [problems, setProblems] = useState<string[]>([]);
  const [estimate, setEstimate] = useState<Estimate | null>(null);
  const [isSaved, setSaved] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const storing = useRef(Promise.resolve()); // one after the other, in the order of the choices
  const path = { dataset };

  useEffect(() => {
    if (!isAllowed) return;
    api.call("getSettings", { path }).then((settings) => {
      setFields(settings.fields);
      setProblems(settings.problems);
      setValues(
        Object.fromEntries(settings.fields.flatMap(({ key, value }) => (value === null ? [] : [[key, value]]))),
      );
    }, setError);
  }, [dataset, isAllowed]);

  const wish = JSON.stringify(values);
  useEffect(() => {
    if (!isAllowed || !fields.length || !images) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api
        .call("getEstimate", { path, body: { values, images }, signal: stop.signal })
        .then(setEstimate, (failure: Error) => {
          if (!stop.signal.aborted && !(failure instanceof Unreachable)) setEstimate(null);
        });
    }, ESTIMATE_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [dataset, isAllowed, fields.length, wish, images]);

  const store = async (chosen: Values) => {
    try {
      const settings = await api.call("putSettings", { path, body: chosen });
      setFields(settings.fields);
      setProblems(settings.problems);
      setSaved(true);
      setError(null);
    } catch (failure) {
      const told = failure instanceof ApiError ? failure.problems : [];
      setProblems([...told]);
      setError(told.length ? null : (failure as Error));
    }
  };
  const set = (key: string, value: string | null) => {
    const { [key]: _, ...rest } = values;
    const chosen = value === null || value === "" ? rest : { ...rest, [key]: value };
    setValues(chosen);
    setSaved(false);
    storing.current = storing.current.then(() => store(chosen));
  };
  return { fields, values, problems, estimate, isSaved, error, set };
}
