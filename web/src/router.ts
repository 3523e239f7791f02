import { useEffect, useState } from "preact/hooks";

export type Route =
  | { screen: "datasets" }
  | { screen: "drop"; dataset: string }
  | { screen: "find"; dataset: string }
  | { screen: "runs"; dataset: string }
  | { screen: "run"; dataset: string; run: string }
  | { screen: "result"; dataset: string; run: string }
  /** `a` and `b` are runs; empty where none is chosen yet. */
  | { screen: "compare"; dataset: string; a: string; b: string }
  | { screen: "inbox" }
  | { screen: "unknown" };

const DATASET = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const RUN = /^[a-zA-Z0-9]{1,64}$/;

/** Where an address's fragment leads. Nothing but plain names gets through. */
export function routeOf(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#?\/?/, "").split("?");
  if (path === "") return { screen: "datasets" };
  if (path === "inbox") return { screen: "inbox" };
  const [dataset = "", place, run = "", below] = path.split("/");
  if (!DATASET.test(dataset)) return { screen: "unknown" };
  if (!place) return { screen: "drop", dataset };
  if (place === "find" && !run) return { screen: "find", dataset };
  if (place === "compare" && !run) {
    const [a, b] = ["a", "b"].map((name) => new URLSearchParams(query).get(name) ?? "") as [string, string];
    return [a, b].every((one) => one === "" || RUN.test(one))
      ? { screen: "compare", dataset, a, b }
      : { screen: "unknown" };
  }
  if (place === "runs" && !run) return { screen: "runs", dataset };
  if (place !== "runs" || !RUN.test(run)) return { screen: "unknown" };
  if (!below) return { screen: "run", dataset, run };
  return below === "pictures" ? { screen: "result", dataset, run } : { screen: "unknown" };
}

/** The fragment that leads there. */
export function hrefOf(route: Exclude<Route, { screen: "unknown" }>): string {
  switch (route.screen) {
    case "datasets":
      return "#/";
    case "inbox":
      return "#/inbox";
    case "drop": // A dataset may be called inbox, too.
      return route.dataset === "inbox" ? "#/inbox/" : `#/${route.dataset}`;
    case "find":
      return `#/${route.dataset}/find`;
    case "runs":
      return `#/${route.dataset}/runs`;
    case "run":
      return `#/${route.dataset}/runs/${route.run}`;
    case "result":
      return `#/${route.dataset}/runs/${route.run}/pictures`;
    case "compare":
      return route.a || route.b ? `#/${route.dataset}/compare?a=${route.a}&b=${route.b}` : `#/${route.dataset}/compare`;
  }
}

/** What a mail's link brings along: a token, and where it leads. */
export function invitationOf(fragment: string): { token: string; go: string } | null {
  const brought = new URLSearchParams(fragment.replace(/^#/, ""));
  const token = brought.get("t");
  if (!token) return null;
  const go = (brought.get("go") ?? "").replace(/^#?\/?/, "");
  return { token, go: `#/${go}` };
}

export function go(route: Exclude<Route, { screen: "unknown" }>): void {
  location.hash = hrefOf(route);
}

let moves = 0;
/** Whether the reader has come here from another screen: then the title takes the focus. */
export const hasMoved = (): boolean => moves > 0;

/** The route, as long as the address is not a link's; renders again at each move. */
export function useRoute(): Route {
  const [fragment, setFragment] = useState(location.hash);
  useEffect(() => {
    const moved = () => {
      moves += 1;
      setFragment(location.hash);
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return routeOf(fragment);
}
