// Made from layers/workshop/workshop/web/openapi.json by `npm run types`: change that, not this.

/** A dataset's name in addresses: contract.names */
export type DatasetName = string;

/** A run: the id of its pipeline execution */
export type RunId = string;

/** Where a browser gets an object for some minutes, from another origin than the app's */
export type Address = string;

/** drop: add images, start, end; watch: see how runs go; take: see and keep pictures */
export type Right = "drop" | "watch" | "take";

export type Grant = {
  /** A dataset's name, or * for all of them */
  dataset: string;
  rights: Array<Right>;
  /** When the session ends, or the link that gave the right, seconds since 1970 */
  expires: number;
};

/** Who is here, by the links that were opened in this browser */
export type Me = {
  grants: Array<Grant>;
  /** Whether new datasets can be made */
  may_create: boolean;
  languages: Array<string>;
  /** The origin of every Address, to which files are posted, too */
  objects_origin: string;
  limits: {
    files_a_request: number;
    bytes_a_file: number;
    /** Of a dataset's title */
    name_characters: number;
  };
};

export type Run = {
  id: RunId;
  /** Where it stands */
  status: "running" | "stopping" | "succeeded" | "failed" | "stopped" | "lost";
  /** When it started, seconds since 1970 */
  started: number;
  ended: number | null;
  /** False: it makes new pictures with the model of an earlier run */
  makes_model: boolean;
  /** How many images it was started with */
  images: number;
};

export type Dataset = {
  dataset: DatasetName;
  /** What its people call it */
  title: string;
  rights: Array<Right>;
  /** How many files there are, counted up to a thousand */
  images: number;
  /** There are more than were counted */
  has_more: boolean;
  cover: Address | null;
  /** empty; idle; waiting: a run starts at starts_at; running; blocked: cannot be run as it is */
  state: "empty" | "idle" | "waiting" | "running" | "blocked";
  starts_at: number | null;
  problems: Array<string>;
  run: Run | null;
  cost: number | null;
};

export type Datasets = {
  datasets: Array<Dataset>;
  next: string | null;
};

export type NewDataset = {
  /** Under any name people use */
  title: string;
};

export type StoredFile = [string, number];

export type Files = {
  files: Array<StoredFile>;
  next: string | null;
};

/** images: what is learned; find: what is looked for in the model (inference/) */
export type Folder = "images" | "find";

export type OfferedFile = {
  /** Path below the folder, with / between its parts, in Unicode's NFC */
  name: string;
  /** Bytes */
  size: number;
  /** Media type by which it is stored */
  type: string;
};

export type Offer = {
  folder: Folder;
  files: Array<OfferedFile>;
};

export type Reason = {
  /** Of contract.reasons */
  code: string;
  /** The same as a sentence in the reader's language */
  say: string;
};

export type UploadForm = {
  name: string;
  /** Of the multipart form, in this order and before the file; null if it is refused */
  fields: Record<string, string> | null;
  refused: Reason | null;
};

export type Uploads = {
  /** Where the forms are posted */
  url: string;
  /** When the forms stop working, seconds since 1970 */
  expires: number;
  files: Array<UploadForm>;
  /** Of this link's files a day */
  files_left: number;
  /** Of this link's bytes a day */
  bytes_left: number;
};

export type SettingField = {
  /** Key of settings.yaml */
  key: string;
  kind: "choice" | "whole" | "number" | "truth" | "text";
  choices: Array<string>;
  low: number | null;
  high: number | null;
  /** What holds where nothing is chosen */
  default: string;
  value: string | null;
  /** What it may be, in words */
  allowed: string;
};

export type Settings = {
  fields: Array<SettingField>;
  problems: Array<string>;
};

/** Key of settings.yaml -> its value as it is written there; a key that is left out is as the workshop's default says */
export type SettingValues = Record<string, string>;

export type Wish = {
  values: SettingValues;
  /** How many images there will be */
  images: number;
};

export type Estimate = {
  problems: Array<string>;
  seconds: number | null;
  training_seconds: number | null;
  /** No run like this one has been measured */
  is_guess: boolean;
  cost: number | null;
  cost_cap: number | null;
};

export type Start = {
  /** Also where nothing has changed since the last run */
  again: boolean;
};

export type StartAnswer = {
  /** Of reconcile: started, waiting, queued, active, attention, nothing ... */
  outcome: string;
  /** The same as a sentence */
  say: string;
  run: RunId | null;
};

export type Runs = {
  runs: Array<Run>;
};

export type StepView = {
  name: "Prepare" | "Train" | "Infer" | "Notify";
  status: "waiting" | "running" | "done" | "failed" | "stopped";
  started: number | null;
  ended: number | null;
};

export type CurvePoint = {
  kimg: number;
  seconds: number;
  score: number | null;
};

export type TrainingView = {
  /** Thousands of images shown so far */
  kimg: number;
  wanted_kimg: number;
  /** When this was so, seconds since 1970 */
  written: number;
  ends_at: number | null;
  /** In a word */
  verdict: "too_early" | "improving" | "standing_still" | "collapsed" | "not_finite" | "unknown";
  curve: Array<CurvePoint>;
};

export type Sheet = {
  /** After how many thousand images */
  kimg: number;
  url: Address;
};

export type SkippedGroup = {
  code: string;
  /** Why, as a sentence */
  say: string;
  count: number;
  names: Array<string>;
};

export type ImagesView = {
  found: number;
  good: number;
  skipped: Array<SkippedGroup>;
  classes: Array<{
    name: string;
    images: number;
  }>;
};

export type Cost = {
  so_far: number | null;
  cap: number | null;
};

export type Failure = {
  headline: string;
  reason: string;
  next: Array<string>;
};

export type RunView = {
  dataset: DatasetName;
  title: string;
  run: Run;
  steps: Array<StepView>;
  ends_at: number | null;
  training: TrainingView | null;
  samples: Array<Sheet>;
  images: ImagesView | null;
  cost: Cost;
  failure: Failure | null;
  preset: string;
  /** As people read it */
  picture_size: string;
  source: RunId | null;
  /** There is something learned that pictures can be made of */
  may_finish: boolean;
  may_cancel: boolean;
  has_pictures: boolean;
  finish_asked: boolean;
  /** The server's clock, seconds since 1970 */
  now: number;
};

export type PictureKind = "generated" | "mixed" | "projected" | "directions" | "sheet" | "film";

export type Picture = {
  /** Path below the run's folder */
  name: string;
  kind: PictureKind;
  url: Address;
  thumbnail: Address | null;
  width: number;
  height: number;
  seed: number | null;
  class: string | null;
  mixed_of: Array<number>;
  original: Address | null;
  distance: number | null;
  label: string | null;
};

export type Download = {
  url: Address;
  bytes: number;
  name: string;
};

export type Pictures = {
  dataset: DatasetName;
  title: string;
  run: Run;
  pictures: Array<Picture>;
  next: string | null;
  favourites: Array<string>;
  zip: Download | null;
  page: Download | null;
  model: Download | null;
  /** What it learned from, and what may be done with it */
  model_licence: string;
  /** When the addresses stop working, seconds since 1970 */
  expires: number;
};

export type Favourites = {
  names: Array<string>;
};

/** pictures: of new seeds; mix: of the two seeds */
export type More = {
  kind: "pictures" | "mix";
  of: Array<number>;
};

export type NewLink = {
  rights: Array<Right>;
  days: number;
};

export type Link = {
  id: string;
  rights: Array<Right>;
  /** When it was made, seconds since 1970 */
  made: number;
  /** When it ends, seconds since 1970 */
  expires: number;
  is_revoked: boolean;
  /** Who */
  made_by: "you" | "another" | "operator";
};

export type MadeLink = {
  link: Link;
  /** The address to hand on; it is shown once */
  url: string;
};

export type Links = {
  links: Array<Link>;
};

export type Mail = {
  subject: string;
  body: string;
  dataset: string;
  kind: string;
  /** When, seconds since 1970 */
  sent: number;
};

/** null where mails go to people's own mailboxes */
export type Inbox = {
  mails: Array<Mail> | null;
};

export type Token = {
  token: string;
};

export type Error = {
  /** A word for programs */
  error: string;
  /** A sentence for the reader */
  say: string;
  problems: Array<string>;
};

/** How people sign in who have no link */
export type SignIn = {
  oidc: {
    /** Where /.well-known/openid-configuration is */
    issuer: string;
    /** The app's own, a public client */
    client_id: string;
    scope: string;
  } | null;
};

/** What each operation is asked with and answers. */
export interface Operations {
  /** Open a link: adds what it grants to this browser's session; any number of times */
  openSession: {
    path: undefined;
    query: undefined;
    body: Token;
    answer: Me;
  };
  /** Forget everything that was opened in this browser */
  closeSession: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Whether the company's own sign-in opens the app */
  getSignIn: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: SignIn;
  };
  /** Open what one's groups may see; the Authorization header bears the identity token, which API Gateway has checked */
  openOidcSession: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** Who is here */
  getMe: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** The mails that a workshop on one machine has caught */
  getInbox: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Inbox;
  };
  /** The datasets that this session may see */
  listDatasets: {
    path: undefined;
    query: { after?: string };
    body: undefined;
    answer: Datasets;
  };
  /** A new dataset */
  createDataset: {
    path: undefined;
    query: undefined;
    body: NewDataset;
    answer: Dataset;
  };
  /** One dataset */
  getDataset: {
    path: { dataset: DatasetName };
    query: undefined;
    body: undefined;
    answer: Dataset;
  };
  /** What is already there, in the order of names */
  listFiles: {
    path: { dataset: DatasetName };
    query: { after?: string; folder?: string };
    body: undefined;
    answer: Files;
  };
  /** Forms to post files with */
  offerFiles: {
    path: { dataset: DatasetName };
    query: undefined;
    body: Offer;
    answer: Uploads;
  };
  /** settings.yaml as a form */
  getSettings: {
    path: { dataset: DatasetName };
    query: undefined;
    body: undefined;
    answer: Settings;
  };
  /** Write settings.yaml */
  putSettings: {
    path: { dataset: DatasetName };
    query: undefined;
    body: SettingValues;
    answer: Settings;
  };
  /** What a run with these settings would take and cost; changes nothing */
  getEstimate: {
    path: { dataset: DatasetName };
    query: undefined;
    body: Wish;
    answer: Estimate;
  };
  /** Start now, without waiting for the quiet time */
  startRun: {
    path: { dataset: DatasetName };
    query: undefined;
    body: Start;
    answer: StartAnswer;
  };
  /** Look for the images of the folder `find` in the last model */
  findImages: {
    path: { dataset: DatasetName };
    query: undefined;
    body: undefined;
    answer: StartAnswer;
  };
  /** Its runs, newest first */
  listRuns: {
    path: { dataset: DatasetName };
    query: undefined;
    body: undefined;
    answer: Runs;
  };
  /** How a run goes */
  getRun: {
    path: { dataset: DatasetName; run: RunId };
    query: undefined;
    body: undefined;
    answer: RunView;
  };
  /** End its training now and make pictures */
  finishRun: {
    path: { dataset: DatasetName; run: RunId };
    query: undefined;
    body: undefined;
    answer: RunView;
  };
  /** Stop it; what it has learned is kept for the next one */
  cancelRun: {
    path: { dataset: DatasetName; run: RunId };
    query: undefined;
    body: undefined;
    answer: RunView;
  };
  /** What it has made */
  listPictures: {
    path: { dataset: DatasetName; run: RunId };
    query: { after?: string };
    body: undefined;
    answer: Pictures;
  };
  /** The reader's choice */
  putFavourites: {
    path: { dataset: DatasetName; run: RunId };
    query: undefined;
    body: Favourites;
    answer: Favourites;
  };
  /** Make more pictures with its model */
  makeMore: {
    path: { dataset: DatasetName; run: RunId };
    query: undefined;
    body: More;
    answer: StartAnswer;
  };
  /** Links to this dataset that were shared from here */
  listLinks: {
    path: { dataset: DatasetName };
    query: undefined;
    body: undefined;
    answer: Links;
  };
  /** Make a link to hand on, with no more rights than one's own */
  shareLink: {
    path: { dataset: DatasetName };
    query: undefined;
    body: NewLink;
    answer: MadeLink;
  };
  /** End a link */
  revokeLink: {
    path: { dataset: DatasetName; link: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
}

/** Method and address of each operation. */
export const ROUTES: Record<keyof Operations, readonly [string, string]> = {
  openSession: ["POST", "/api/session"],
  closeSession: ["DELETE", "/api/session"],
  getSignIn: ["GET", "/api/sign-in"],
  openOidcSession: ["POST", "/api/oidc-session"],
  getMe: ["GET", "/api/me"],
  getInbox: ["GET", "/api/inbox"],
  listDatasets: ["GET", "/api/datasets"],
  createDataset: ["POST", "/api/datasets"],
  getDataset: ["GET", "/api/datasets/{dataset}"],
  listFiles: ["GET", "/api/datasets/{dataset}/files"],
  offerFiles: ["POST", "/api/datasets/{dataset}/uploads"],
  getSettings: ["GET", "/api/datasets/{dataset}/settings"],
  putSettings: ["PUT", "/api/datasets/{dataset}/settings"],
  getEstimate: ["POST", "/api/datasets/{dataset}/estimate"],
  startRun: ["POST", "/api/datasets/{dataset}/start"],
  findImages: ["POST", "/api/datasets/{dataset}/find"],
  listRuns: ["GET", "/api/datasets/{dataset}/runs"],
  getRun: ["GET", "/api/datasets/{dataset}/runs/{run}"],
  finishRun: ["POST", "/api/datasets/{dataset}/runs/{run}/finish"],
  cancelRun: ["POST", "/api/datasets/{dataset}/runs/{run}/cancel"],
  listPictures: ["GET", "/api/datasets/{dataset}/runs/{run}/pictures"],
  putFavourites: ["PUT", "/api/datasets/{dataset}/runs/{run}/favourites"],
  makeMore: ["POST", "/api/datasets/{dataset}/runs/{run}/more"],
  listLinks: ["GET", "/api/datasets/{dataset}/links"],
  shareLink: ["POST", "/api/datasets/{dataset}/links"],
  revokeLink: ["DELETE", "/api/datasets/{dataset}/links/{link}"],
};
