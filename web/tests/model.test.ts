import { afterEach, describe, expect, it, vi } from "vitest";

import { Api } from "../src/api/client";
import { Drop, type Item } from "../src/drop/model";
import type { Found } from "../src/files/collect";
import type { Seen } from "../src/files/look";

const LARGEST = 1000;
const found = (path: string, content = path): Found => {
  const blob = new Blob([content]);
  return { path, size: blob.size, open: async () => blob };
};
/** Whatever begins with "no" is none; two files with the same content are the same. */
const look = async (file: Blob): Promise<Seen> => {
  const text = await file.text();
  return text.startsWith("no") ? { reason: "text" } : { type: "image/png", digest: text, width: 2, height: 1 };
};

/** A drop whose server has these files, gives a form for each, and keeps what is posted. */
function dropWith(stored: Array<[string, number]> = [], memory: Map<string, string> = new Map()) {
  const posted: string[] = [];
  const offered: unknown[] = [];
  vi.stubGlobal("fetch", async (address: string, request: RequestInit) => {
    if (request.body instanceof FormData) {
      posted.push(String(request.body.get("key")));
      expect([...request.body.keys()].at(-1)).toBe("file");
      return new Response(null, { status: 204 });
    }
    if (address.includes("/files")) {
      const after = new URL(address, "http://x").searchParams.get("after");
      return Response.json(
        after ? { files: stored.slice(1), next: null } : { files: stored.slice(0, 1), next: "next" },
      );
    }
    const { folder, files } = JSON.parse(String(request.body)) as { folder: string; files: Array<{ name: string }> };
    offered.push({ folder, files });
    return Response.json({
      url: "/objects",
      files: files.map(({ name }) => ({ name, fields: { key: name }, refused: null })),
    });
  });
  const drop = new Drop({
    api: new Api({ language: () => "en" }),
    dataset: "chairs",
    folder: "images",
    largestFile: LARGEST,
    look,
    clock: { later: () => () => {}, now: () => 0, random: () => 1, isOnline: () => true },
    memory: { getItem: (key) => memory.get(key) ?? null, setItem: (key, value) => void memory.set(key, value) },
    onChange: () => {},
  });
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    drop,
    posted,
    offered,
    add: async (...files: Found[]) => {
      await drop.add(files);
      await until(() => drop.summary.counts.looking === 0);
    },
    send: async () => {
      drop.send();
      await until(() => drop.progress.state === "idle");
    },
  };
}

afterEach(() => vi.unstubAllGlobals());
const states = (drop: Drop) =>
  Object.fromEntries(drop.items.map((item: Item) => [item.path, item.reason?.code ?? item.state]));

describe("what is dropped", () => {
  it("is looked at: images are ready, everything else is skipped with its reason, what systems leave is not shown", async () => {
    const { drop, add } = dropWith();
    await add(
      found("cats/1.png"),
      found("2.png"),
      found("notes.png", "no image"),
      found("film.mp4"),
      found("a\\b.png"),
      found("empty.png", ""),
      found("large.png", "x".repeat(LARGEST + 1)),
      found("Thumbs.db"),
      { path: "gone.png", size: 3, open: () => Promise.reject(new DOMException("", "NotReadableError")) },
    );
    expect(states(drop)).toEqual({
      "cats/1.png": "ready",
      "2.png": "ready",
      "notes.png": "text",
      "film.mp4": "named_otherwise",
      "a\\b.png": "name_unusable",
      "empty.png": "empty",
      "large.png": "too_large",
      "gone.png": "moved",
    });
    expect(drop.summary).toMatchObject({
      junk: 1,
      counts: { ready: 2, skipped: 6 },
      labels: [{ name: "cats", images: 1 }],
      without: 1,
    });
  });

  it("twice is in the list once", async () => {
    const { drop, add } = dropWith();
    await add(found("1.png"), found("2.png"));
    await add(found("1.png"), found("3.png"));
    expect(states(drop)).toEqual({ "1.png": "ready", "2.png": "ready", "3.png": "ready" });
  });

  it("under two names is one image and one duplicate, and the other when that is taken out", async () => {
    const { drop, add } = dropWith();
    await add(found("a.png", "same"), found("b.png", "same"), found("c.png", "same"));
    expect(states(drop)).toEqual({ "a.png": "ready", "b.png": "duplicate", "c.png": "duplicate" });
    expect(drop.items[1]!.reason!.values.other).toBe("a.png");
    drop.remove([drop.items[0]!.id]);
    expect(states(drop)).toEqual({ "b.png": "ready", "c.png": "duplicate" });
  });

  it("is not sent again where it is there, by name and size", async () => {
    const { drop, add } = dropWith([
      ["1.png", 5],
      ["2.png", 999],
    ]);
    await drop.loadThere();
    await add(found("1.png"), found("2.png"));
    expect(states(drop)).toEqual({ "1.png": "there", "2.png": "ready" });
    expect(drop.thereCount).toBe(2);
  });
});

it("taken out of the list leaves what is at the workshop, whose names do not change any more", async () => {
  const { drop, add, send, posted } = dropWith();
  await add(found("1.png", "a"));
  await add(found("1.png", "b"));
  await send();
  expect(posted).toEqual(["1.png", "1 (2).png"]);
  drop.remove(drop.items.map(({ id }) => id));
  await add(found("1.png", "c"));
  await send();
  expect(posted.at(-1)).toBe("1 (3).png");
  expect(drop.items.length).toBe(3);
});

describe("labels", () => {
  it("that were renamed go into the names that are sent, and are remembered after a reload", async () => {
    const memory = new Map<string, string>();
    const { drop, add, send, posted } = dropWith([], memory);
    await add(found("kitten/1.png", "a"), found("cats/1.png", "b"));
    drop.renameLabel("kitten", "cats");
    await send();
    expect(posted.sort()).toEqual(["cats/1 (2).png", "cats/1.png"]);

    const again = dropWith(
      [
        ["cats/1 (2).png", 1],
        ["cats/1.png", 1],
      ],
      memory,
    );
    await again.drop.loadThere();
    await again.add(found("kitten/1.png", "a"), found("cats/1.png", "b"));
    expect(states(again.drop)).toEqual({ "kitten/1.png": "there", "cats/1.png": "there" });
    expect(again.drop.summary.labels).toEqual([{ name: "cats", images: 2, isFixed: true }]);
  });

  it("remembered as nonsense are forgotten", () => {
    expect(dropWith([], new Map([["workshop-labels-chairs", "{"]])).drop.renamed).toEqual({});
    expect(dropWith([], new Map([["workshop-labels-chairs", '{"a": 1, "b": "x/y"}']])).drop.renamed).toEqual({
      b: "x y",
    });
  });
});

it("sends each image with its name, size and kind, and counts it as there", async () => {
  const { drop, add, send, offered } = dropWith();
  await add(found("cats/1.png"), found("2.png"));
  await send();
  expect(offered).toEqual([
    {
      folder: "images",
      files: [
        { name: "2.png", size: 5, type: "image/png" },
        { name: "cats/1.png", size: 10, type: "image/png" },
      ],
    },
  ]);
  expect(states(drop)).toEqual({ "2.png": "sent", "cats/1.png": "sent" });
  expect(drop.thereCount).toBe(2);
});
