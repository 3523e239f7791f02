import { afterEach, describe, expect, it, vi } from "vitest";

import { addressOf, Api, ApiError, Unreachable } from "../src/api/client";
import { hrefOf, invitationOf, routeOf, type Route } from "../src/router";
import { bytes, choose, duration, money, speak, t, type Texts } from "../src/texts";
import german from "../src/texts/de";
import english from "../src/texts/en";
import chinese from "../src/texts/zh-CN";

describe("addresses", () => {
  const routes: Array<Exclude<Route, { screen: "unknown" }>> = [
    { screen: "datasets" },
    { screen: "inbox" },
    { screen: "drop", dataset: "inbox" },
    { screen: "drop", dataset: "red-chairs" },
    { screen: "find", dataset: "a" },
    { screen: "runs", dataset: "a" },
    { screen: "run", dataset: "a", run: "r1" },
    { screen: "result", dataset: "a", run: "r1" },
    { screen: "compare", dataset: "a", a: "r1", b: "r2" },
    { screen: "compare", dataset: "a", a: "r1", b: "" },
    { screen: "compare", dataset: "a", a: "", b: "" },
  ];
  it.each(routes)("lead to the screen they are made for: $screen", (route) => {
    expect(routeOf(hrefOf(route))).toEqual(route);
  });

  it.each([
    "#/Red",
    "#/a/b",
    "#/a/runs/../x",
    "#/a/runs/r1/x",
    "#/%3Cscript%3E",
    "#/a/compare?a=1&b=<",
    "#//evil.example",
  ])("that nobody made lead nowhere: %s", (address) => {
    expect(routeOf(address).screen).toBe("unknown");
  });

  it("of an email's link bring a token, and lead only within the app", () => {
    expect(invitationOf("#t=abc&go=/red-chairs")).toEqual({ token: "abc", go: "#/red-chairs" });
    expect(invitationOf("#t=abc&go=//evil.example")!.go).toMatch(/^#\//);
    expect(invitationOf("#/red-chairs")).toBeNull();
  });
});

describe("the way to the server", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answering = (response: () => Response | Promise<Response>) => {
    const fetched = vi.fn<typeof fetch>(async () => response());
    vi.stubGlobal("fetch", fetched);
    return fetched;
  };

  it("fills addresses in, whatever is in them", () => {
    expect(addressOf("getRun", { path: { dataset: "a/b", run: "r" } })).toBe("/api/datasets/a%2Fb/runs/r");
    expect(addressOf("listFiles", { path: { dataset: "a" }, query: { after: "ä&b", folder: undefined } })).toBe(
      "/api/datasets/a/files?after=%C3%A4%26b",
    );
  });

  it("says the reader's language, and sends a token only where there is one", async () => {
    const fetched = answering(() => Response.json({ files: [] }));
    await new Api({ language: () => "zh-CN", endpoint: "https://door.example", token: () => "abc" }).call(
      "listDatasets",
      {},
    );
    expect(fetched.mock.calls[0]).toMatchObject([
      "https://door.example/api/datasets",
      { credentials: "omit", headers: { "Accept-Language": "zh-CN", Authorization: "Bearer abc" } },
    ]);
    await new Api({ language: () => "de" }).call("listDatasets", {});
    expect(fetched.mock.calls[1]![1]!.headers).toEqual({ "Accept-Language": "de" });
  });

  it("tells a refusal in the server's words, and that the session is over", async () => {
    const onSignedOut = vi.fn();
    answering(() => Response.json({ error: "signed_out", say: "Open your link.", problems: ["x"] }, { status: 401 }));
    const refused = new Api({ language: () => "en", onSignedOut }).call("getMe", {});
    await expect(refused).rejects.toMatchObject({
      name: "ApiError",
      status: 401,
      code: "signed_out",
      message: "Open your link.",
      problems: ["x"],
    });
    expect(onSignedOut).toHaveBeenCalledOnce();
  });

  it("tells an error that is none of the server's own by its number", async () => {
    answering(() => new Response("<html>502</html>", { status: 502 }));
    await expect(new Api({ language: () => "en" }).call("getMe", {})).rejects.toBeInstanceOf(ApiError);
  });

  it("knows a network that is gone, and a call that was called off", async () => {
    const api = new Api({ language: () => "en" });
    answering(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(api.call("getMe", {})).rejects.toBeInstanceOf(Unreachable);
    answering(() => Promise.reject(new DOMException("", "AbortError")));
    await expect(api.call("getMe", {})).rejects.toMatchObject({ name: "AbortError" });
  });

  it("polls with the tag of what it has, and has nothing new at 304", async () => {
    const api = new Api({ language: () => "en" });
    const fetched = answering(() => Response.json({ datasets: [] }, { headers: { etag: '"1"' } }));
    expect(await api.fresh("listDatasets", {}, null)).toEqual({ answer: { datasets: [] }, etag: '"1"' });
    fetched.mockResolvedValue(new Response(null, { status: 304 }));
    expect(await api.fresh("listDatasets", {}, '"1"')).toBeNull();
    expect(fetched.mock.calls[1]![1]!.headers).toMatchObject({ "If-None-Match": '"1"' });
  });
});

describe("words", () => {
  it("are chosen by the browser's languages, English where there is none of them", () => {
    expect([choose(["fr", "de-AT"]), choose(["zh-TW"]), choose(["zh-Hans-CN"]), choose(["fr"]), choose([])]).toEqual([
      "de",
      "zh-CN",
      "zh-CN",
      "en",
      "en",
    ]);
  });

  it("have plurals and numbers as each language has them", () => {
    const said = (
      [
        ["en", english],
        ["de", german],
        ["zh-CN", chinese],
      ] as const
    ).map(([language, words]) => {
      speak(language, words as Texts);
      return [t("drop.send.button", { n: 1 }), t("drop.send.button", { n: 12_000 })];
    });
    expect(said).toEqual([
      ["Send 1 image", "Send 12,000 images"],
      ["1 Bild senden", "12.000 Bilder senden"],
      ["上传 1 张图片", "上传 12,000 张图片"],
    ]);
  });

  it("take what stands in their places as it is, be it what it may", () => {
    speak("en", english);
    expect(t("drop.labels.renamed", { name: "<b>$& {n}" })).toBe("Renamed to <b>$& {n}");
  });

  it("tell times and sizes in their two largest units", () => {
    speak("en", english);
    expect([duration(0), duration(59.6), duration(61), duration(3600), duration(7500), duration(90_000)]).toEqual([
      "0 sec",
      "1 min",
      "1 min 1 sec",
      "1 hr",
      "2 hr 5 min",
      "1 day 1 hr",
    ]);
    expect([bytes(0), bytes(999), bytes(1_234_567), bytes(2.5e9)]).toEqual(["0 byte", "999 byte", "1.2 MB", "2.5 GB"]);
    expect([money(3.1), money(34)]).toEqual(["$3.10", "$34"]);
  });
});
