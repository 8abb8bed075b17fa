import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { frameFacts, frameText, listOf } from "@duplex/inspector/inspector";
import { createRecorder, NO_FILTER, type Recorder } from "@duplex/inspector/recorder";
import { STATE } from "../support/contract";

type Frame = Record<string, unknown>;

let recorder: Recorder;

beforeEach(() => {
  vi.useFakeTimers();
  recorder = createRecorder();
});
afterEach(() => {
  vi.useRealTimers();
});

const sent = (frame: Frame, size = 10): void => {
  recorder.add({ direction: "sent", frame, size });
};
const received = (frame: Frame, size = 10): void => {
  recorder.add({ direction: "received", frame, size });
};
const last = () => recorder.read().records.at(-1);

describe("the recorder", () => {
  it("determines the kind of every frame", () => {
    sent({ name: "Ada" });
    sent({ state: STATE, data: {}, id: "1" });
    sent({ state: "ping" });
    received({ state: "initialised", data: {} });
    received({ state: STATE, data: {}, id: "1", more: true, seq: 1 });
    received({ state: STATE, data: {}, id: "1", seq: 2 });
    received({ state: STATE, data: {}, from: "p-2", seq: 3 });
    received({ state: "joined", data: {}, seq: 4 });
    received({ state: "error", error: "No.", code: "refused" });
    received({ state: "pong" });
    expect(recorder.read().records.map(({ name, kind, seq }) => [name, kind, seq])).toEqual([
      ["hello", "control", null],
      [STATE, "request", null],
      ["ping", "control", null],
      ["initialised", "control", null],
      [STATE, "stream part", 1],
      [STATE, "reply", 2],
      [STATE, "update", 3],
      ["joined", "presence", 4],
      ["error", "error", null],
      ["pong", "control", null],
    ]);
  });

  it("measures the latency of each reply from the first sending of its request", () => {
    sent({ state: STATE, id: "1" });
    vi.advanceTimersByTime(30);
    sent({ state: STATE, id: "2" });
    vi.advanceTimersByTime(10);
    received({ state: STATE, id: "2", seq: 1 });
    expect(last()?.latency).toBe(10);
    sent({ state: STATE, id: "1" });
    received({ state: STATE, id: "1", more: true });
    expect(last()?.latency).toBe(40);
    vi.advanceTimersByTime(5);
    received({ state: STATE, id: "1" });
    expect(last()?.latency).toBe(45);
    received({ state: STATE, id: "1" });
    expect(last()?.latency).toBeNull();
    sent({ state: "ping" });
    vi.advanceTimersByTime(7);
    received({ state: "pong" });
    expect(last()?.latency).toBe(7);
  });

  it("limits the number of frames and bytes", () => {
    recorder = createRecorder({ count: 3, bytes: 100 });
    for (let seq = 1; seq <= 5; seq += 1) received({ state: STATE, seq });
    expect(recorder.read().records.map(({ seq }) => seq)).toEqual([3, 4, 5]);
    received({ state: STATE, seq: 6 }, 85);
    expect(recorder.read().records.map(({ seq }) => seq)).toEqual([5, 6]);
    recorder.clear();
    expect(recorder.read().records).toEqual([]);
    for (let seq = 7; seq <= 9; seq += 1) received({ state: STATE, seq }, 33);
    expect(recorder.read().records).toHaveLength(3);
  });

  it("keeps only the envelope of a frame that is too big", () => {
    recorder = createRecorder({ frame: 100 });
    received({ state: STATE, data: { text: "long" }, id: "1", seq: 1 }, 101);
    expect(last()).toMatchObject({
      cut: true,
      size: 101,
      frame: { state: STATE, id: "1", seq: 1 },
    });
    expect(last()?.frame).not.toHaveProperty("data");
    const [record] = recorder.read().records;
    expect(record && frameFacts(record)).toMatch(/ · 101 B · seq 1 · too big/u);
  });

  it("limits the shown length of a frame", () => {
    received({ state: STATE, data: { text: "x".repeat(30_000) } }, 30_100);
    const [record] = recorder.read().records;
    expect(record && frameText(record).length).toBeLessThan(20_100);
  });

  it("keeps the opening of the session, and counts the frames dropped since", () => {
    recorder = createRecorder({ count: 2 });
    sent({ name: "Ada" });
    received({ state: "initialised", data: { session: "s" } });
    for (let seq = 1; seq <= 5; seq += 1) received({ state: STATE, seq });
    sent({ name: "Ada", resume: { token: "t" } });
    received({ state: "initialised", data: { recovered: true } });
    const { opening, omitted, records } = recorder.read();
    expect(opening.map(({ name }) => name)).toEqual(["hello", "initialised"]);
    expect(opening[1]?.frame).toMatchObject({ data: { session: "s" } });
    expect(records).toHaveLength(2);
    expect(omitted).toBe(5);
  });

  it("notifies subscribers of many frames at once", () => {
    received({ state: STATE });
    expect(vi.getTimerCount()).toBe(0);
    expect(recorder.getSnapshot().records).toHaveLength(1);
    received({ state: STATE });
    const told = vi.fn();
    const stop = recorder.subscribe(told);
    expect(recorder.getSnapshot().records).toHaveLength(2);
    for (let n = 0; n < 500; n += 1) received({ state: STATE });
    vi.advanceTimersByTime(1_000);
    expect(told).toHaveBeenCalledOnce();
    expect(recorder.getSnapshot().records).toHaveLength(502);
    stop();
    received({ state: STATE });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the list", () => {
  const view = { open: true, tab: "frames", filter: NO_FILTER, paused: null } as const;
  const names = (filter: Partial<typeof view.filter>): string[] => {
    const list = listOf({ ...view, filter: { ...NO_FILTER, ...filter } }, recorder.read());
    return list.shown.map(({ name }) => name);
  };

  beforeEach(() => {
    sent({ name: "Ada" });
    received({ state: "initialised", data: {} });
    sent({ state: STATE, data: { text: "Good morning" }, id: "1" });
    received({ state: "error", error: "Not now.", id: "1" });
  });

  it("has the newest first", () => {
    expect(names({})).toEqual(["error", STATE, "initialised", "hello"]);
  });

  it("filters by text, direction and state", () => {
    expect(names({ text: " good MORNING" })).toEqual([STATE]);
    expect(names({ direction: "received" })).toEqual(["error", "initialised"]);
    expect(names({ name: "hello" })).toEqual(["hello"]);
    expect(names({ name: "hello", direction: "received" })).toEqual([]);
    expect(names({ text: "request" })).toEqual([STATE]);
  });

  it("does not change while it is paused, and shows the number of new frames", () => {
    const paused = recorder.read();
    received({ state: STATE });
    const list = listOf({ ...view, paused }, recorder.read());
    expect(list.shown[0]?.name).toBe("error");
    expect([list.all, list.waiting]).toEqual([4, 1]);
  });

  it("has a limited length", () => {
    for (let n = 0; n < 300; n += 1) received({ state: STATE });
    const list = listOf(view, recorder.read());
    expect([list.shown.length, list.found]).toEqual([200, 304]);
  });
});
