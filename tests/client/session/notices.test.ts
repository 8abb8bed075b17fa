import { expect, test } from "vitest";

import { IDLE } from "@duplex/session/state";
import { notices } from "@duplex/session/words";

const OPEN = { ...IDLE, status: "open" } as const;
const AWAY = { ...IDLE, status: "recovering", reason: "The connection was lost." } as const;

function words(state: Parameters<typeof notices>[0]): string {
  return notices(state)
    .map(({ text }) => text)
    .join("\n");
}

test("nothing is said when all is well", () => {
  expect(notices(OPEN)).toEqual([]);
});

test("why the connection is away is said, and that nothing is lost", () => {
  expect(words(AWAY)).toBe(
    "The connection was lost. What you send now is delivered when the connection is back.",
  );
  expect(words({ ...AWAY, status: "offline", reason: null })).toContain(
    "delivered when the connection is back",
  );
});

test("a server that leaves is said before and while it is away", () => {
  expect(words({ ...OPEN, draining: true })).toContain("The server is being updated.");
  expect(words({ ...AWAY, draining: true })).toContain(
    "The server is being updated; reconnecting…",
  );
});

test("what was missed is said until it is dismissed", () => {
  expect(notices({ ...OPEN, loss: "messages" })).toMatchObject([
    { text: expect.stringContaining("Some messages were missed") as string, action: "dismiss" },
  ]);
  expect(words({ ...OPEN, loss: "session" })).toContain("restarted this session");
});

test("an older page offers to be loaded again, also while the connection is away", () => {
  const old = { ...AWAY, contractChanged: true };
  expect(notices(old).map(({ kind, action }) => [kind, action])).toEqual([
    ["connection", null],
    ["contract", "reload"],
  ]);
  expect(words(old)).toContain("you stay in the session");
  expect(words({ ...old, pending: 2 })).toContain("2 messages without an answer are given up");
});
