import type { ISocketResponse } from "@duplex/client/types";
import { IDLE, reduce, type SessionState } from "@duplex/session/state";
import { describe, expect, it } from "vitest";

import { STATE, STATES, STREAM, texts, textsOf, watchers } from "../support/contract";

const start: SessionState = { ...IDLE, participant: "p-1", document: texts() };

/** The session after these frames. */
const after = (frames: readonly ISocketResponse[], before = start): SessionState =>
  frames.reduce((state, frame) => reduce(state, frame, { states: STATES, watchers }), before);

const piece = (text: string, seq: number, from?: string): ISocketResponse => ({
  state: STREAM,
  data: { text },
  more: true,
  seq,
  ...(from !== undefined && { from }),
});

describe("another participant's stream", () => {
  const pieces = [piece("one", 1, "p-2"), piece("two", 2, "p-2")];

  it("changes the document with each reply, and runs until its end", () => {
    const running = after(pieces);
    expect(textsOf(running.document)).toEqual(["p-2: one", "p-2: two"]);
    expect(running.streaming).toEqual([{ state: STREAM, from: "p-2" }]);
  });

  it.each(["done", "cancelled", "interrupted", "failed"] as const)(
    "tells the watcher that it is %s",
    (ended) => {
      const end = { state: STREAM, data: null, from: "p-2", seq: 3, ended } as const;
      const state = after([...pieces, end]);
      expect(textsOf(state.document)).toEqual(["p-2: one", "p-2: two", `p-2 ${ended}`]);
      expect(state.streaming).toEqual([]);
    },
  );

  it("is distinguished from those of others", () => {
    const end = { state: STREAM, data: null, from: "p-2", seq: 4, ended: "done" } as const;
    const { streaming } = after([...pieces, piece("mine", 3), end]);
    expect(streaming).toEqual([{ state: STREAM, from: null }]);
  });

  it("ends when the session was not recovered", () => {
    const begun = { ...after(pieces), epoch: "e1" };
    const data = { ...begun, snapshot: texts(), recovered: false, epoch: "e2" } as never;
    expect(after([{ state: "initialised", data }], begun).streaming).toEqual([]);
  });

  it("runs, also if the server's document includes the reply already", () => {
    const state = after(pieces, { ...start, seq: 9 });
    expect(textsOf(state.document)).toEqual([]);
    expect(state.streaming).toHaveLength(1);
  });
});

describe("an own stream that fails", () => {
  const error = (code: "cancelled" | "interrupted" | "refused"): ISocketResponse => ({
    state: "error",
    error: "No.",
    code,
    id: "1",
    seq: 2,
    details: { state: STREAM },
  });

  it.each([
    ["cancelled", "cancelled"],
    ["interrupted", "interrupted"],
    ["refused", "failed"],
  ] as const)("with the error %s tells the watcher that it is %s", (code, how) => {
    const state = after([piece("one", 1), error(code)]);
    expect(textsOf(state.document)).toEqual(["one", `own ${how}`]);
    expect(state.streaming).toEqual([]);
    // Its reader gets the error.
    expect(state.error).toBeNull();
  });

  it("calls the watcher once, if everybody received its replies", () => {
    const end = { state: STREAM, data: null, seq: 2, ended: "failed" } as const;
    const state = after([piece("one", 1), end, { ...error("refused"), seq: 3 }]);
    expect(textsOf(state.document)).toEqual(["one", "own failed"]);
  });
});

describe("an event", () => {
  it("reaches its watcher", () => {
    const state = after([{ state: "bell", data: { by: "Ada" }, seq: 1 } as never]);
    expect(textsOf(state.document)).toEqual(["bell by Ada"]);
    expect(state.contractChanged).toBe(false);
  });

  it("of a newer server is unknown, so the contract counts as changed", () => {
    expect(after([{ state: "gong", data: null } as never]).contractChanged).toBe(true);
  });
});

it("a reply of a state that does not stream is no stream", () => {
  expect(after([{ state: STATE, data: { text: "x" }, seq: 1 }]).streaming).toEqual([]);
});
