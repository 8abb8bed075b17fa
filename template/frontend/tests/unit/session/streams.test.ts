import { describe, expect, it, vi } from "vitest";

import { IDLE, reduce } from "../../../src/session/sessionState";
import { STATE, texts, textsOf, watchers } from "../support/project";

// Every state of this project streams.
vi.mock("../../../src/api/contract", async (original) => {
  const contract = await original<typeof import("../../../src/api/contract")>();
  const streaming = Object.keys(contract.STATES).map((state) => [state, { streams: true }]);
  return { ...contract, STATES: Object.fromEntries(streaming) as unknown };
});

describe("a stream of somebody in the session", () => {
  it("brings each of its replies into the snapshot, and not the frame that ends it", () => {
    const replies: object[] = [
      { state: STATE, data: { text: "one" }, from: "p-2", more: true, seq: 1 },
      { state: STATE, data: { text: "two" }, from: "p-2", more: true, seq: 2 },
      { state: STATE, data: null, from: "p-2", seq: 3 },
    ];
    const end = replies.reduce(
      (state: typeof IDLE, frame) => reduce(state, frame as Parameters<typeof reduce>[1], watchers),
      { ...IDLE, snapshot: texts() },
    );
    expect(textsOf(end.snapshot)).toEqual(["p-2: one", "p-2: two"]);
  });
});
