import { describe, expect, it } from "vitest";

import { SendProblem, UploadQueue, type Permit, type Ports, type Task } from "../src/queue";

const permit: Permit = { url: "/objects", fields: {} };
const tasks = (count: number, from = 0): Task[] =>
  Array.from({ length: count }, (_, n) => ({
    id: from + n,
    name: `${from + n}.png`,
    size: 10,
    type: "image/png",
    open: async () => new Blob(),
  }));

/** A queue in a world of its own: its time passes when `pass` says so. */
function world(given: Partial<Pick<Ports, "ask" | "send">> = {}) {
  const sent: string[] = [];
  const failed: Array<[string, string]> = [];
  const asked: number[] = [];
  let timers: Array<{ at: number; then: () => void }> = [];
  let time = 0;
  let online = true;
  let active = 0;
  let most = 0;
  const queue = new UploadQueue({
    ask: async (page, signal) => {
      asked.push(page.length);
      return given.ask ? given.ask(page, signal) : page.map(() => permit);
    },
    send: async (one, task, signal) => {
      most = Math.max(most, ++active);
      await Promise.resolve();
      try {
        await given.send?.(one, task, signal);
      } finally {
        active -= 1;
      }
    },
    later: (milliseconds, then) => {
      const timer = { at: time + milliseconds, then };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
    now: () => time,
    random: () => 1,
    isOnline: () => online,
    onSent: (task) => sent.push(task.name),
    onFailed: (task, why) => failed.push([task.name, why]),
    onChange: () => {},
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    queue,
    sent,
    failed,
    asked,
    settle,
    mostAtOnce: () => most,
    setOnline: (is: boolean) => (online = is),
    timers: () => timers.length,
    /** Lets all timers go off that are due within so many milliseconds, one after the other. */
    pass: async (milliseconds: number) => {
      const until = time + milliseconds;
      await settle();
      for (;;) {
        const due = timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers = timers.filter((one) => one !== due);
        time = due.at;
        due.then();
        await settle();
      }
      time = until;
    },
  };
}

describe("a queue whose files all go through", () => {
  it("sends each once, six at a time, and asks for a page at a time", async () => {
    const { queue, sent, asked, settle, mostAtOnce } = world();
    queue.add(tasks(450));
    while (queue.progress.state !== "idle") await settle();
    expect(sent.length).toBe(450);
    expect(new Set(sent).size).toBe(450);
    expect(asked).toEqual([200, 200, 50]);
    expect(mostAtOnce()).toBe(6);
    expect(queue.progress).toMatchObject({
      files: 450,
      sent: 450,
      failed: 0,
      bytes: 4500,
      sentBytes: 4500,
      problem: null,
    });
  });

  it("leaves the event loop free where there are fewer files than places, and a page is long in coming", async () => {
    let answer: (permits: Permit[]) => void = () => {};
    const { queue, sent, settle } = world({ ask: () => new Promise((resolve) => (answer = resolve)) });
    queue.add(tasks(2));
    await settle(); // would never come back from a loop that waits for what is settled
    expect(queue.progress.state).toBe("sending");
    answer([permit, permit]);
    await settle();
    expect(sent).toEqual(["0.png", "1.png"]);
  });

  it("takes more while it sends", async () => {
    const { queue, sent, settle } = world();
    queue.add(tasks(3));
    queue.add(tasks(3, 3));
    while (queue.progress.state !== "idle") await settle();
    expect(sent.length).toBe(6);
  });
});

describe("a file that does not go through", () => {
  it("is tried again later, and goes through", async () => {
    let tries = 0;
    const { queue, sent, failed, pass } = world({
      send: async (_, task) => {
        if (task.id === 1 && ++tries < 3) throw new SendProblem("busy", "slow down");
      },
    });
    queue.add(tasks(3));
    await pass(60_000);
    expect([sent.length, failed.length, tries]).toEqual([3, 0, 3]);
  });

  it("is given up after five tries with the last sentence, and can be tried again", async () => {
    let isBroken = true;
    const { queue, sent, failed, pass } = world({
      send: async (_, task) => {
        if (isBroken && task.id === 1) throw new SendProblem("busy", "slow down");
      },
    });
    queue.add(tasks(3));
    await pass(120_000);
    expect(failed).toEqual([["1.png", "slow down"]]);
    expect(queue.progress).toMatchObject({ state: "idle", sent: 2, failed: 1 });
    isBroken = false;
    queue.retryFailed();
    await pass(1000);
    expect(sent.length).toBe(3);
    expect(queue.progress.failed).toBe(0);
  });

  it("is not tried again when it is refused, by the server or by the storage", async () => {
    let sends = 0;
    const { queue, failed, pass } = world({
      ask: async (page) => page.map(({ id }) => (id === 0 ? { refused: "no image" } : permit)),
      send: async () => {
        sends += 1;
        throw new SendProblem("refused", "too large");
      },
    });
    queue.add(tasks(2));
    await pass(60_000);
    expect(failed).toEqual([
      ["0.png", "no image"],
      ["1.png", "too large"],
    ]);
    expect(sends).toBe(1);
  });

  it("gets a new form, and all others of its page too, when its form has expired", async () => {
    let isExpired = true;
    const { queue, sent, asked, pass } = world({
      send: async () => {
        if (isExpired) throw new SendProblem("expired");
      },
      ask: async (page) => {
        isExpired = asked.length < 2;
        return page.map(() => permit);
      },
    });
    queue.add(tasks(20));
    await pass(60_000);
    expect(sent.length).toBe(20);
    expect(asked.length).toBeLessThanOrEqual(8);
  });

  it("is given up when new forms expire again and again", async () => {
    const { queue, failed, pass } = world({ send: () => Promise.reject(new SendProblem("expired", "refused")) });
    queue.add(tasks(1));
    await pass(600_000);
    expect(failed).toEqual([["0.png", "refused"]]);
  });
});

describe("a network that is gone", () => {
  it("sends nothing while the browser is offline, and goes on by itself when it is back", async () => {
    const { queue, sent, asked, pass, setOnline } = world();
    setOnline(false);
    queue.add(tasks(10));
    await pass(600_000);
    expect([sent.length, asked.length, queue.progress.state]).toEqual([0, 0, "offline"]);
    setOnline(true);
    queue.wake();
    await pass(1000);
    expect(sent.length).toBe(10);
  });

  it("gives no file up however long it lasts, tries one at a time, seldom, and then sends all", async () => {
    let isGone = true;
    let tries = 0;
    const { queue, sent, failed, pass } = world({
      ask: async (page) => {
        if (++tries && isGone) throw new SendProblem("network");
        return page.map(() => permit);
      },
      send: async () => {
        if (++tries && isGone) throw new SendProblem("network");
      },
    });
    queue.add(tasks(50));
    await pass(3_600_000);
    expect([sent.length, failed.length, queue.progress.state]).toEqual([0, 0, "offline"]);
    expect(tries).toBeLessThan(220); // every 20 seconds
    isGone = false;
    await pass(60_000);
    expect(sent.length).toBe(50);
    expect(queue.progress.state).toBe("idle");
  });

  it("breaks off in the middle, and everything is sent once when it is back", async () => {
    let sends = 0;
    let isGone = false;
    const check = () => {
      if (isGone) throw new SendProblem("network");
    };
    const { queue, sent, failed, pass } = world({
      ask: async (page) => {
        check();
        return page.map(() => permit);
      },
      send: async () => {
        if (++sends === 31) isGone = true;
        check();
      },
    });
    queue.add(tasks(300));
    await pass(100_000);
    expect(sent.length).toBeLessThan(31);
    expect(queue.progress.state).toBe("offline");
    isGone = false;
    await pass(100_000);
    expect([sent.length, new Set(sent).size, failed.length]).toEqual([300, 300, 0]);
  });

  it.each(["network", "busy", "refused", "expired"] as const)(
    "lets the server through but not the storage (%s): the queue stops with a sentence, and goes on when told to",
    async (kind) => {
      let isBroken = true;
      let sends = 0;
      const { queue, sent, failed, pass } = world({
        send: async () => {
          sends += 1;
          if (isBroken) throw new SendProblem(kind, "broken off");
        },
      });
      queue.add(tasks(5000));
      await pass(24 * 3_600_000);
      expect(queue.progress).toMatchObject({ state: "stopped", problem: "broken off", sent: 0 });
      expect(failed.length).toBeLessThan(20);
      expect(sends).toBeLessThan(500);
      isBroken = false;
      queue.retryFailed();
      await pass(3_600_000);
      expect([sent.length, queue.progress.state]).toEqual([5000, "idle"]);
    },
  );

  it("gives up the one file that never goes through while others do", async () => {
    const { queue, sent, failed, pass } = world({
      send: async (_, task) => {
        if (task.id === 3) throw new SendProblem("network", "broken off");
      },
    });
    queue.add(tasks(400));
    await pass(600_000);
    expect(sent.length).toBe(399);
    expect(failed.map(([name]) => name)).toEqual(["3.png"]);
  });
});

describe("a queue that is held", () => {
  it("starts nothing while it is paused, and goes on", async () => {
    const { queue, sent, pass } = world();
    queue.pause();
    queue.add(tasks(10));
    await pass(1000);
    expect([sent.length, queue.progress.state]).toEqual([0, "paused"]);
    queue.resume();
    await pass(1000);
    expect(sent.length).toBe(10);
  });

  it("forgets everything when it is called off, whatever is under way", async () => {
    const { queue, sent, failed, pass, timers } = world({ send: () => Promise.reject(new SendProblem("busy")) });
    queue.add(tasks(300));
    await pass(100);
    queue.cancel();
    expect(queue.progress).toMatchObject({ state: "idle", files: 0, failed: 0 });
    await pass(600_000);
    expect([sent.length, failed.length, timers()]).toEqual([0, 0, 0]);
  });

  it("stops with the server's sentence when no forms are given, and asks again when told to", async () => {
    let isRefused = true;
    const { queue, sent, pass } = world({
      ask: async (page) => {
        if (isRefused) throw new SendProblem("refused", "The link allows no more files today.");
        return page.map(() => permit);
      },
    });
    queue.add(tasks(5));
    await pass(1000);
    expect(queue.progress).toMatchObject({ state: "stopped", problem: "The link allows no more files today." });
    isRefused = false;
    queue.resume();
    await pass(1000);
    expect(sent.length).toBe(5);
  });
});

it("tells rate and time left from what was sent in the last seconds", async () => {
  let release: Array<() => void> = [];
  const { queue, pass } = world({ send: () => new Promise<void>((resolve) => release.push(resolve)) });
  queue.add(tasks(100));
  for (let second = 0; second < 5; second++) {
    await pass(1000);
    release.splice(0, 6).forEach((done) => done());
  }
  await pass(0);
  const { bytesPerSecond, secondsLeft, sent } = queue.progress;
  expect(sent).toBe(30);
  expect(bytesPerSecond).toBeGreaterThan(50);
  expect(bytesPerSecond).toBeLessThan(90);
  expect(secondsLeft).toBeCloseTo(700 / bytesPerSecond!, 5);
});
