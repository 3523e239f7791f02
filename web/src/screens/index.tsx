// Each screen is loaded when it is gone to.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Me } from "../api/types";
import { hrefOf, type Route } from "../router";
import { t } from "../texts";
import { Empty, Failed, Link, Loading, Title } from "../ui";

/** What every screen is given: who is here, and the parts of its address. */
export type ScreenOf<S extends Route["screen"]> = { me: Me } & Omit<Extract<Route, { screen: S }>, "screen">;

const SCREENS: { [S in Exclude<Route["screen"], "unknown">]: () => Promise<{ default: ComponentType<ScreenOf<S>> }> } =
  {
    datasets: () => import("./datasets"),
    drop: () => import("./drop"),
    find: () => import("./find"),
    runs: () => import("./runs"),
    run: () => import("./run"),
    result: () => import("./result"),
    compare: () => import("./compare"),
    inbox: () => import("./inbox"),
  };

export function Screen({ route, me }: { route: Route; me: Me }) {
  const [loaded, setLoaded] = useState<{ name: string; View: ComponentType<never> } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const name = route.screen;
  const load = () => {
    setError(null);
    if (name === "unknown") return;
    SCREENS[name]().then(
      (module) => setLoaded({ name, View: module.default as ComponentType<never> }),
      (failure: Error) => setError(failure),
    );
  };
  useEffect(load, [name]);
  if (route.screen === "unknown") return <Unknown />;
  if (error) return <Failed error={error} again={load} />;
  if (loaded?.name !== name) return <Loading />;
  const View = loaded.View as ComponentType<Record<string, unknown>>;
  const { screen: _, ...parts } = route;
  return <View key={hrefOf(route)} me={me} {...parts} />;
}

function Unknown() {
  return (
    <>
      <Title text={t("shell.unknown.title")} />
      <Empty title={t("shell.unknown.title")} text={t("shell.unknown.text")}>
        <Link look="primary" href={hrefOf({ screen: "datasets" })}>
          {t("shell.unknown.back")}
        </Link>
      </Empty>
    </>
  );
}
