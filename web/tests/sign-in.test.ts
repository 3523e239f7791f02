import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { identityToken, leaveToSignIn, SignInFailed } from "../src/sign-in";

const PROVIDER = { issuer: "https://id.example/", client_id: "workshop", scope: "openid profile" };
const ENDPOINTS = {
  authorization_endpoint: "https://id.example/authorize?tenant=1",
  token_endpoint: "https://id.example/token",
};
let left: URL | null = null;
let place: { origin: string; pathname: string; search: string; hash: string; assign: (to: URL) => void };
let kept: Map<string, string>;

beforeEach(() => {
  left = null;
  kept = new Map();
  place = {
    origin: "https://app.example",
    pathname: "/",
    search: "",
    hash: "#/red-chairs",
    assign: (to) => (left = to),
  };
  vi.stubGlobal("location", place);
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("history", { replaceState: vi.fn() });
});
afterEach(() => vi.unstubAllGlobals());

const tokenWith = (nonce: string) => `h.${Buffer.from(JSON.stringify({ nonce, name: "红" })).toString("base64url")}.s`;
const provider = (nonceOf: () => string, endpoints: object = ENDPOINTS) => {
  const asked = vi.fn(async (address: string, _?: RequestInit) =>
    Response.json(address.includes("well-known") ? endpoints : { id_token: tokenWith(nonceOf()) }),
  );
  vi.stubGlobal("fetch", asked);
  return asked;
};

it("leaves with a challenge, and comes back with the token that was made for it, to where it left", async () => {
  const asked = provider(() => left!.searchParams.get("nonce")!);
  await leaveToSignIn(PROVIDER);
  expect(Object.fromEntries(left!.searchParams)).toMatchObject({
    tenant: "1",
    response_type: "code",
    client_id: "workshop",
    redirect_uri: "https://app.example/",
    code_challenge_method: "S256",
  });
  place.search = `?code=abc&state=${left!.searchParams.get("state")}`;
  expect(await identityToken()).toMatch(/^h\./);
  const sent = asked.mock.calls[1]![1]!.body as URLSearchParams;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sent.get("code_verifier")!));
  expect(Buffer.from(digest).toString("base64url")).toBe(left!.searchParams.get("code_challenge"));
  expect(sent.get("code")).toBe("abc");
  expect(history.replaceState).toHaveBeenCalledWith(null, "", "/#/red-chairs");
  await expect(identityToken()).rejects.toBeInstanceOf(SignInFailed); // the same once more
});

it.each(["?code=abc&state=forged", "?error=access_denied&state=x", "?code=abc"])(
  "takes no answer to a question of somebody else: %s",
  async (search) => {
    const asked = provider(() => "");
    await leaveToSignIn(PROVIDER);
    place.search = search;
    await expect(identityToken()).rejects.toBeInstanceOf(SignInFailed);
    expect(asked).toHaveBeenCalledTimes(1);
  },
);

it("takes no token that was made for another", async () => {
  provider(() => "another");
  await leaveToSignIn(PROVIDER);
  place.search = `?code=abc&state=${left!.searchParams.get("state")}`;
  await expect(identityToken()).rejects.toBeInstanceOf(SignInFailed);
});

it.each([
  [{}],
  [{ ...ENDPOINTS, authorization_endpoint: "javascript:alert(1)" }],
  [{ ...ENDPOINTS, token_endpoint: "http://id.example/token" }],
])("goes nowhere that is not safe: %j", async (endpoints) => {
  provider(() => "", endpoints);
  await expect(leaveToSignIn(PROVIDER)).rejects.toBeInstanceOf(SignInFailed);
  expect(left).toBeNull();
});
