import { describe, expect, it } from "vitest";

import { hrefOf, routeOf, type Route } from "../src/router";

const ROUTES: Array<Exclude<Route, { screen: "unknown" }>> = [
  { screen: "datasets" },
  { screen: "inbox" },
  { screen: "drop", dataset: "chairs" },
  { screen: "drop", dataset: "inbox" },
  { screen: "find", dataset: "chairs" },
  { screen: "runs", dataset: "chairs" },
  { screen: "run", dataset: "chairs", run: "abc123" },
  { screen: "result", dataset: "chairs", run: "abc123" },
  { screen: "compare", dataset: "chairs", a: "abc", b: "def" },
  { screen: "compare", dataset: "chairs", a: "abc", b: "" },
  { screen: "compare", dataset: "chairs", a: "", b: "" },
];

describe("addresses", () => {
  it.each(ROUTES)("lead back to where they were made for: $screen", (route) => expect(routeOf(hrefOf(route))).toEqual(route));
  it.each(["#/Chairs", "#/../x", "#/chairs/runs/a.b", "#/chairs/runs/a/other", "#/chairs/compare?a=<b>", "#/chairs/other", "#/%2e"])(
    "lead nowhere where they hold anything but names: %s",
    (fragment) => expect(routeOf(fragment)).toEqual({ screen: "unknown" }),
  );
});
