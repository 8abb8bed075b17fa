import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Liveness } from "@duplex/client/connection";

const HEARTBEAT = 20_000;

describe("a half-open connection is detected", () => {
  const ping = vi.fn();
  const dead = vi.fn();
  let liveness: Liveness;

  beforeEach(() => {
    vi.useFakeTimers();
    ping.mockReset();
    dead.mockReset();
    liveness = new Liveness({ ping, dead });
    liveness.start(HEARTBEAT);
    ping.mockReset();
  });
  afterEach(() => {
    liveness.stop();
    vi.useRealTimers();
  });

  it("sends a ping after one silent heartbeat and gives up after two", () => {
    vi.advanceTimersByTime(HEARTBEAT - 1);
    expect(ping).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ping).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(HEARTBEAT - 1);
    expect(dead).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(dead).toHaveBeenCalledOnce();
  });

  it("takes any frame as proof of life", () => {
    for (let frame = 0; frame < 10; frame += 1) {
      vi.advanceTimersByTime(HEARTBEAT - 1);
      liveness.heard();
    }
    expect(ping).not.toHaveBeenCalled();
    expect(dead).not.toHaveBeenCalled();
  });

  it("continues when the ping is answered late but in time", () => {
    vi.advanceTimersByTime(2 * HEARTBEAT - 1);
    liveness.heard();
    vi.advanceTimersByTime(HEARTBEAT);
    expect(dead).not.toHaveBeenCalled();
  });

  it("does not mistake a delayed timer for a dead peer, but sends a ping", () => {
    // The clock goes on without timers, as in a laptop that sleeps.
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(HEARTBEAT);
    expect(dead).not.toHaveBeenCalled();
    expect(ping).toHaveBeenCalledOnce();
    liveness.heard();
    vi.advanceTimersByTime(10_000);
    expect(dead).not.toHaveBeenCalled();
  });

  it("detects within seconds of waking up that the connection is dead", () => {
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(HEARTBEAT);
    vi.advanceTimersByTime(5_000);
    expect(dead).toHaveBeenCalledOnce();
  });

  it("survives in a background tab whose timers run once a minute", () => {
    // Chrome's throttling: timers fire up to a minute late, messages come as ever.
    ping.mockImplementation(() => {
      setTimeout(() => {
        liveness.heard();
      }, 50);
    });
    for (let minute = 0; minute < 5; minute += 1) {
      vi.setSystemTime(Date.now() + 60_000);
      vi.advanceTimersByTime(HEARTBEAT);
    }
    expect(ping.mock.calls.length).toBeGreaterThanOrEqual(5);
    expect(dead).not.toHaveBeenCalled();
  });

  it("survives a clock that is set back", () => {
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(HEARTBEAT);
    liveness.heard();
    vi.advanceTimersByTime(HEARTBEAT);
    expect(ping).toHaveBeenCalled();
    vi.advanceTimersByTime(HEARTBEAT);
    expect(dead).toHaveBeenCalledOnce();
  });

  it("does not wait longer for an answer when the clock is set back meanwhile", () => {
    liveness.probe();
    vi.advanceTimersByTime(1_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(10_000);
    expect(dead).toHaveBeenCalledOnce();
  });

  it("sends a ping at once when in doubt, and gives up after five seconds", () => {
    liveness.probe();
    expect(ping).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(4_999);
    expect(dead).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(dead).toHaveBeenCalledOnce();
  });

  it("measures the round trip of a ping", () => {
    expect(liveness.latency).toBeNull();
    liveness.probe();
    vi.advanceTimersByTime(42);
    liveness.pong();
    expect(liveness.latency).toBe(42);
  });

  it("does nothing once stopped", () => {
    liveness.stop();
    liveness.probe();
    vi.advanceTimersByTime(10 * HEARTBEAT);
    expect(ping).not.toHaveBeenCalled();
    expect(dead).not.toHaveBeenCalled();
  });
});
