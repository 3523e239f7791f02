// Answers as openapi.json says, from what is in memory. It checks no rights and trains nothing.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import {
  ROUTES,
  type Dataset,
  type Link,
  type Me,
  type NewLink,
  type Offer,
  type SettingValues,
  type Settings,
  type Uploads,
} from "../src/api/types";
import { DATASETS, ESTIMATE, FIELDS } from "./fixtures";
import { drawing, end, MAILS, pictures, runs, runView, setFavourites } from "./runs";

type Answered = { status?: number; body?: unknown };
type Handler = (asked: {
  origin: string;
  dataset: string;
  run: string;
  link: string;
  query: URLSearchParams;
  body: unknown;
}) => Answered;

const YEAR = 365 * 86_400;
const now = (): number => Math.floor(Date.now() / 1000);
const datasets = new Map<string, Dataset>(DATASETS.map((one) => [one.dataset, one]));
const stored = new Map<string, Map<string, number>>();
let settings: SettingValues = {};
let links: Link[] = [];

const filesOf = (dataset: string, folder: string): Map<string, number> => {
  const key = `${dataset}/${folder}`;
  if (!stored.has(key)) stored.set(key, new Map());
  return stored.get(key)!;
};
const refusal = (status: number, error: string, say: string): Answered => ({
  status,
  body: { error, say, problems: [] },
});
const titleOf = (dataset: string): string => datasets.get(dataset)?.title ?? dataset;
const known = (body: unknown): Answered =>
  body === null ? refusal(404, "unknown", "There is no such run.") : { body };
const found = (dataset: string): Answered => {
  const one = datasets.get(dataset);
  return one
    ? { body: { ...one, images: filesOf(dataset, "images").size || one.images } }
    : refusal(404, "unknown", "There is no such dataset.");
};

const me = (): Me => ({
  grants: [{ dataset: "*", rights: ["drop", "watch", "take"], expires: now() + YEAR }],
  may_create: true,
  languages: ["en", "zh-CN", "de"],
  objects_origin: "",
  limits: { files_a_request: 200, bytes_a_file: 300_000_000, name_characters: 200 },
});

const form = (): Settings => ({
  fields: FIELDS.map((field) => ({ ...field, value: settings[field.key] ?? null })),
  problems:
    settings.max_hours && Number(settings.max_hours) > 24
      ? [`max_hours: must be ${FIELDS.find((f) => f.key === "max_hours")!.allowed}`]
      : [],
});

const HANDLERS: Record<string, Handler> = {
  openSession: () => ({ body: me() }),
  getSignIn: () => ({ body: { oidc: null } }),
  getMe: () => ({ body: me() }),
  closeSession: () => ({ status: 204 }),
  getInbox: () => ({ body: { mails: MAILS } }),
  listDatasets: ({ query }) => {
    const all = [...datasets.values()];
    return query.get("after") ? { body: { datasets: [], next: null } } : { body: { datasets: all, next: null } };
  },
  createDataset: ({ body }) => {
    const { title } = body as { title: string };
    const dataset =
      title
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "") || `d-${datasets.size}`;
    const made: Dataset = {
      ...DATASETS[0]!,
      dataset,
      title,
      images: 0,
      cover: null,
      state: "empty",
      starts_at: null,
      run: null,
      cost: null,
    };
    datasets.set(dataset, made);
    return { status: 201, body: made };
  },
  getDataset: ({ dataset }) => found(dataset),
  listFiles: ({ dataset, query }) => {
    const all = [...filesOf(dataset, query.get("folder") ?? "images")].sort(([a], [b]) => (a < b ? -1 : 1));
    const rest = all.filter(([name]) => name > (query.get("after") ?? ""));
    return { body: { files: rest.slice(0, 1000), next: rest.length > 1000 ? rest[999]![0] : null } };
  },
  offerFiles: ({ origin, dataset, body }) => {
    const { folder, files } = body as Offer;
    const answered: Uploads = {
      url: `${origin}/objects`,
      expires: now() + 3600,
      files: files.map(({ name, size }) => ({
        name,
        fields: { key: JSON.stringify([dataset, folder, name, size]) },
        refused: null,
      })),
      files_left: 50_000,
      bytes_left: 50e9,
    };
    return { body: answered };
  },
  getSettings: () => ({ body: form() }),
  putSettings: ({ body }) => {
    settings = body as SettingValues;
    return { body: form() };
  },
  getEstimate: () => ({ body: ESTIMATE }),
  startRun: () => ({ body: { outcome: "nothing", say: "Nothing has changed since the last run.", run: null } }),
  findImages: () => ({ body: { outcome: "started", say: "The images are being looked for.", run: "demo0" } }),
  listRuns: () => ({ body: { runs: runs() } }),
  getRun: ({ dataset, run }) => known(runView(dataset, titleOf(dataset), run)),
  finishRun: ({ dataset, run }) => {
    end(run, "finishing");
    return { ...known(runView(dataset, titleOf(dataset), run)), status: 202 };
  },
  cancelRun: ({ dataset, run }) => {
    end(run, "stopping");
    return { ...known(runView(dataset, titleOf(dataset), run)), status: 202 };
  },
  listPictures: ({ dataset, run, query }) => known(pictures(dataset, titleOf(dataset), run, query.get("after"))),
  putFavourites: ({ run, body }) => ({ body: { names: setFavourites(run, (body as { names: string[] }).names) } }),
  makeMore: () => ({ body: { outcome: "started", say: "More pictures are being made.", run: "more" } }),
  listLinks: () => ({ body: { links } }),
  shareLink: ({ body }) => {
    const { rights, days } = body as NewLink;
    const link: Link = {
      id: `link000000000000${links.length}`,
      rights,
      made: now(),
      expires: now() + days * 86_400,
      is_revoked: false,
      made_by: "you",
    };
    links.unshift(link);
    return { status: 201, body: { link, url: `http://127.0.0.1:5173/#t=${link.id}&go=/red-chairs/runs` } };
  },
  revokeLink: ({ link }) => {
    links = links.map((one) => (one.id === link ? { ...one, is_revoked: true } : one));
    return { status: 204 };
  },
};

/** One request to /api or /objects. */
export async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  for (const [name, value] of Object.entries(shared(request.headers.origin))) response.setHeader(name, value);
  if (request.method === "OPTIONS") return void response.writeHead(204).end();
  const sent = await read(request);
  if (url.pathname === "/objects") return store(sent, response);
  if (url.pathname.startsWith("/objects/made/")) return show(url.pathname.slice("/objects/made/".length), response);
  for (const [operation, [method, path]] of Object.entries(ROUTES)) {
    const match = new RegExp(`^${path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`).exec(url.pathname);
    if (!match || method !== request.method) continue;
    const body = sent.length ? (JSON.parse(sent.toString("utf8")) as unknown) : undefined;
    const { dataset = "", run = "", link = "" } = match.groups ?? {};
    const handled = HANDLERS[operation]?.({
      origin: `http://${request.headers.host}`,
      dataset,
      run,
      link,
      query: url.searchParams,
      body,
    });
    return reply(request, response, handled ?? refusal(501, "not_pretended", `${operation} is not pretended.`));
  }
  reply(request, response, refusal(404, "unknown", "There is no such address."));
}

/** Any page may embed the element here. */
const shared = (origin: string | undefined): Record<string, string> =>
  origin
    ? {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "authorization, content-type",
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
      }
    : {};

function store(sent: Buffer, response: ServerResponse): void {
  const key = /name="key"\r\n\r\n(.*)\r\n/.exec(sent.subarray(0, 4096).toString("utf8"))?.[1];
  const [dataset, folder, name, size] = JSON.parse(key ?? "[]") as [string, string, string, number];
  filesOf(dataset, folder).set(name, size);
  response.writeHead(204).end();
}

function show(path: string, response: ServerResponse): void {
  const drawn = drawing(path);
  response
    .writeHead(drawn === null ? 404 : 200, { "content-type": "image/svg+xml", "cache-control": "max-age=600" })
    .end(drawn);
}

function reply(request: IncomingMessage, response: ServerResponse, { status = 200, body }: Answered): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  // What only says how late it is makes no answer new.
  const etag = `"${createHash("sha256")
    .update(text.replace(/"(?:now|expires|written)":\d+|\?signed=\d+/g, ""))
    .digest("hex")
    .slice(0, 16)}"`;
  if (request.method === "GET" && request.headers["if-none-match"] === etag)
    return void response.writeHead(304, { etag }).end();
  response
    .writeHead(status, { "content-type": "application/json", "cache-control": "no-store", etag })
    .end(text || undefined);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
