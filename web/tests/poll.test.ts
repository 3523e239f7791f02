import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { pause, Poll } from "../src/ui/poll";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("pause", () => {
  it("is what was wished while the page is seen", () => expect(pause(5, false, 0)).toBe(5));
  it("is half a minute while the page is hidden", () => expect(pause(5, true, 0)).toBe(30));
  it("doubles with each failure in a row, up to two minutes", () =>
    expect([1, 2, 3, 4, 5, 9].map((failures) => pause(5, false, failures))).toEqual([10, 20, 40, 80, 120, 120]));
  it("is never shorter after a failure than without one", () => {
    expect(pause(5, true, 1)).toBe(30);
    expect(pause(300, false, 1)).toBe(300);
  });
});

describe("Poll", () => {
  const page = { hidden: false, online: true };
  const around = { isHidden: () => page.hidden, isOnline: () => page.online };
  const started = (ask: () => Promise<void>, seconds: number | null = 5) => {
    Object.assign(page, { hidden: false, online: true });
    const poll = new Poll(ask, seconds, around);
    poll.start();
    return poll;
  };
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(1000 * seconds);

  it("asks at once and then every five seconds", async () => {
    const ask = vi.fn(async () => {});
    started(ask);
    await pass(16);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it("asks once where no time is given", async () => {
    const ask = vi.fn(async () => {});
    started(ask, null);
    await pass(600);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("backs off while errors come and is quick again after an answer", async () => {
    const ask = vi
      .fn<() => Promise<void>>()
      .mockRejectedValueOnce(new Error())
      .mockRejectedValueOnce(new Error())
      .mockResolvedValue();
    started(ask);
    await pass(9);
    expect(ask).toHaveBeenCalledTimes(1);
    await pass(1);
    expect(ask).toHaveBeenCalledTimes(2);
    await pass(19);
    expect(ask).toHaveBeenCalledTimes(2);
    await pass(1 + 5);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it("pauses without a network until it is woken", async () => {
    const ask = vi.fn(async () => {});
    const poll = started(ask);
    page.online = false;
    await pass(60);
    expect(ask).toHaveBeenCalledTimes(1);
    poll.wake();
    expect(ask).toHaveBeenCalledTimes(1);
    page.online = true;
    poll.wake();
    await pass(5);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it("asks at once when the page is seen again", async () => {
    const ask = vi.fn(async () => {});
    const poll = started(ask);
    await pass(0);
    page.hidden = true;
    await pass(20);
    expect(ask).toHaveBeenCalledTimes(2);
    page.hidden = false;
    poll.wake();
    await pass(1);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it("asks one question at a time", async () => {
    let answer = () => {};
    const ask = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
    const poll = started(ask);
    poll.wake();
    await pass(60);
    expect(ask).toHaveBeenCalledTimes(1);
    answer();
    await pass(5);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it("asks no more once it is stopped", async () => {
    const ask = vi.fn(async () => {});
    started(ask).stop();
    await pass(60);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
