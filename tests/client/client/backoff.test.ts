import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Backoff } from "@duplex/client/wire";

/** The largest value of `Math.random`. */
const ALMOST_ONE = 1 - Number.EPSILON;

describe("reconnecting is polite", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("doubles the maximum delay with each failure up to a cap", () => {
    vi.spyOn(Math, "random").mockReturnValue(ALMOST_ONE);
    const backoff = new Backoff();
    const waits = Array.from({ length: 8 }, () => Math.round(backoff.next()));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  });

  it("picks a random delay up to the maximum, at the cap too", () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(ALMOST_ONE);
    const backoff = new Backoff();
    for (let failure = 0; failure < 10; failure += 1) backoff.next();
    random.mockReturnValue(0);
    expect(backoff.next()).toBe(0);
    random.mockReturnValue(0.5);
    expect(backoff.next()).toBe(15_000);
  });

  it("resets the delay only after a connection that lasted", () => {
    vi.spyOn(Math, "random").mockReturnValue(ALMOST_ONE);
    const backoff = new Backoff();
    for (let failure = 0; failure < 4; failure += 1) backoff.next();

    backoff.opened();
    vi.advanceTimersByTime(9_999);
    expect(Math.round(backoff.next())).toBe(16_000);

    backoff.opened();
    vi.advanceTimersByTime(10_000);
    expect(Math.round(backoff.next())).toBe(1_000);
  });

  it("spreads reconnects over a window when all clients lost the server at once", () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const backoff = new Backoff();
    backoff.spread(5_000);
    vi.advanceTimersByTime(1_000);
    expect(backoff.next()).toBe(1_500);
    expect(backoff.next()).toBe(500);
  });
});
