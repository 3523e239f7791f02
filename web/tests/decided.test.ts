import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { decided } from "../src/api/decided";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answer = (outcome: string) => ({ outcome, say: `It is ${outcome}.`, run: outcome === "started" ? "r1" : null });

it("asks once where the server knows", async () => {
  const [ask, hear] = [vi.fn(async () => answer("nothing")), vi.fn()];
  expect(await decided(ask, hear)).toEqual(answer("nothing"));
  expect(ask).toHaveBeenCalledOnce();
  expect(hear).not.toHaveBeenCalled();
});

it("asks again while the server is still looking, and tells what it says", async () => {
  const [ask, hear] = [vi.fn(async () => answer(ask.mock.calls.length < 3 ? "waiting" : "started")), vi.fn()];
  const coming = decided(ask, hear);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await coming).toEqual(answer("started"));
  expect(ask).toHaveBeenCalledTimes(3);
  expect(hear).toHaveBeenCalledTimes(2);
});

it("gives up after two minutes, with what the server says then", async () => {
  const ask = vi.fn(async () => answer("waiting"));
  const coming = decided(ask, () => {});
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await coming).toEqual(answer("waiting"));
});

it("fails as the question does", async () => {
  await expect(
    decided(
      () => Promise.reject(new Error("no")),
      () => {},
    ),
  ).rejects.toThrow("no");
});
