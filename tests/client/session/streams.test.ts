import type { ISocketResponse } from "@duplex/client/types";
import { IDLE, reduce, type SessionState } from "@duplex/session/state";
import { expect, it } from "vitest";

import { STATES, STREAM, texts, textsOf, watchers } from "../support/contract";

it("brings each reply of another participant's stream into the document, and not its end", () => {
  const replies: ISocketResponse[] = [
    { state: STREAM, data: { text: "one" }, from: "p-2", more: true, seq: 1 },
    { state: STREAM, data: { text: "two" }, from: "p-2", more: true, seq: 2 },
    { state: STREAM, data: null, from: "p-2", seq: 3 },
  ];
  const end = replies.reduce<SessionState>(
    (state, frame) => reduce(state, frame, { states: STATES, watchers }),
    { ...IDLE, document: texts() },
  );
  expect(textsOf(end.document)).toEqual(["p-2: one", "p-2: two"]);
});
