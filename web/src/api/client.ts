import { ROUTES, type Operations } from "./types";

/** What the server refused, with its own sentence for the reader. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** A word for programs. */
    readonly code: string,
    say: string,
    readonly problems: readonly string[] = [],
  ) {
    super(say);
    this.name = "ApiError";
  }
}

/** The server was not reached: no network, or no answer from it. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

export type Operation = keyof Operations;
export type Answer<K extends Operation> = Operations[K]["answer"];
type Given<T> = { [P in keyof T as T[P] extends undefined ? never : P]: T[P] };
/** What an operation is asked with: `path`, `query` and `body`, as far as it has them. */
export type Asked<K extends Operation> = Given<Omit<Operations[K], "answer" | "query">> & {
  query?: Exclude<Operations[K]["query"], undefined>;
  signal?: AbortSignal;
  /** Another token than the door's. */
  bearer?: string;
};

/** What a poll found: something new, with the tag by which to ask next time. */
export type Fresh<K extends Operation> = { answer: Answer<K>; etag: string | null };

type Loose = {
  path?: Record<string, string>;
  query?: Record<string, string | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  bearer?: string;
};

export type Door = {
  /** Origin of the server; empty for the page's own. */
  endpoint?: string;
  /** Where no cookie can be had, as in another site's page. */
  token?: () => string | null;
  language: () => string;
  /** The session has ended, or there was none. */
  onSignedOut?: () => void;
};

/** The address of an operation below the endpoint. */
export function addressOf(operation: Operation, asked: Pick<Loose, "path" | "query"> = {}): string {
  const path = ROUTES[operation][1].replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(asked.path?.[name] ?? ""),
  );
  const pairs = Object.entries(asked.query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

/** The server, as openapi.json describes it. */
export class Api {
  constructor(private readonly door: Door) {}

  /** Asks and returns the answer; throws ApiError or Unreachable. */
  async call<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answer<K>> {
    return (await (
      await this.send(operation, asked as Loose)
    ).json) as Answer<K>;
  }

  /** The same for something that is asked again and again: null if nothing has changed since `etag`. */
  async fresh<K extends Operation>(operation: K, asked: Asked<K>, etag: string | null): Promise<Fresh<K> | null> {
    const { json, response } = await this.send(operation, asked as Loose, etag);
    return response.status === 304 ? null : { answer: (await json) as Answer<K>, etag: response.headers.get("etag") };
  }

  private async send(operation: Operation, asked: Loose, etag: string | null = null) {
    const headers: Record<string, string> = { "Accept-Language": this.door.language() };
    const token = this.door.token?.();
    const bearer = asked.bearer ?? token;
    if (bearer) headers.Authorization = `Bearer ${bearer}`;
    if (etag) headers["If-None-Match"] = etag;
    const request: RequestInit = { method: ROUTES[operation][0], headers, cache: "no-store" };
    request.credentials = token ? "omit" : "same-origin";
    if (asked.signal) request.signal = asked.signal;
    if (asked.body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(asked.body);
    }
    const response = await reached(fetch((this.door.endpoint ?? "") + addressOf(operation, asked), request));
    if (!response.ok && response.status !== 304) throw await this.refusal(response);
    const isEmpty = response.status === 204 || response.status === 304;
    return { response, json: isEmpty ? undefined : reached(response.json()) };
  }

  private async refusal(response: Response): Promise<ApiError> {
    if (response.status === 401) this.door.onSignedOut?.();
    const told: unknown = await response.json().catch(() => null);
    if (isError(told)) return new ApiError(response.status, told.error, told.say, told.problems);
    return new ApiError(response.status, "unknown", `HTTP ${response.status}`);
  }
}

async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable("", { cause: error });
  }
}

function isError(told: unknown): told is { error: string; say: string; problems?: string[] } {
  return typeof told === "object" && told !== null && "say" in told && typeof told.say === "string" && "error" in told;
}
