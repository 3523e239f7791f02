// Signing in by the company's own OpenID Connect provider: authorization code with PKCE, as a public client
// (OpenID Connect Core 1.0, section 3.1; RFC 7636).
import type { SignIn } from "./api/types";

const KEPT = "workshop-sign-in";

export type Provider = NonNullable<SignIn["oidc"]>;
type Begun = { state: string; nonce: string; verifier: string; tokenEndpoint: string; clientId: string; go: string };

/** The reader's identity could not be had from the provider. */
export class SignInFailed extends Error {
  override name = "SignInFailed";
}

/** Where this page is, without what is behind it: the address that the provider knows. */
const here = (): string => location.origin + location.pathname;

/** Leaves for the provider's page, which leads back here. */
export async function leaveToSignIn(provider: Provider): Promise<void> {
  const endpoints = await asked(fetch(`${provider.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`));
  const { authorization_endpoint: authorize, token_endpoint: tokenEndpoint } = endpoints;
  if (!isSafe(authorize) || !isSafe(tokenEndpoint)) throw new SignInFailed("");
  const begun: Begun = {
    state: random(),
    nonce: random(),
    verifier: random(),
    tokenEndpoint,
    clientId: provider.client_id,
    go: location.hash,
  };
  sessionStorage.setItem(KEPT, JSON.stringify(begun));
  const address = new URL(authorize);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(begun.verifier));
  const parameters = {
    response_type: "code",
    client_id: provider.client_id,
    redirect_uri: here(),
    scope: provider.scope,
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  location.assign(address);
}

/** The identity token for what the provider has brought, which is taken out of the address. */
export async function identityToken(): Promise<string> {
  const brought = new URLSearchParams(location.search);
  const begun = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Begun | null;
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", location.pathname + (begun?.go ?? ""));
  const code = brought.get("code");
  // An answer to a question that this tab has not asked may be somebody else's.
  if (!begun || !code || brought.get("state") !== begun.state) throw new SignInFailed("");
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: here(),
    client_id: begun.clientId,
    code_verifier: begun.verifier,
  });
  const { id_token: token } = await asked(fetch(begun.tokenEndpoint, { method: "POST", body }));
  if (!token || nonceOf(token) !== begun.nonce) throw new SignInFailed("");
  return token;
}

async function asked(response: Promise<Response>): Promise<Record<string, string | undefined>> {
  try {
    const answer = await response;
    if (answer.ok) return (await answer.json()) as Record<string, string | undefined>;
  } catch {
    // told below
  }
  throw new SignInFailed("");
}

const isSafe = (address: string | undefined): address is string =>
  address !== undefined && /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/.test(address);

/** The nonce of an identity token, whose signature the server checks. */
function nonceOf(token: string): unknown {
  try {
    const claims = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return (JSON.parse(atob(claims)) as { nonce?: unknown }).nonce;
  } catch {
    return undefined;
  }
}

const random = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));
const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
