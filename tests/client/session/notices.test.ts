import { expect, test } from "vitest";

import { IDLE } from "@duplex/session/state";
import { notices } from "@duplex/session/notices";

const OPEN = { ...IDLE, status: "open" } as const;
const AWAY = { ...IDLE, status: "recovering", reason: "The connection was lost." } as const;

function words(state: Parameters<typeof notices>[0]): string {
  return notices(state)
    .map(({ text }) => text)
    .join("\n");
}

test("there is no notice without a problem", () => {
  expect(notices(OPEN)).toEqual([]);
});

test("a lost connection is explained, and that nothing is lost", () => {
  expect(words(AWAY)).toBe(
    "The connection was lost. What you send now is delivered when the connection is back.",
  );
  expect(words({ ...AWAY, status: "offline", reason: null })).toContain(
    "delivered when the connection is back",
  );
});

test("a draining server is announced before and during its absence", () => {
  expect(words({ ...OPEN, draining: true })).toContain("The server is being updated.");
  expect(words({ ...AWAY, draining: true })).toContain(
    "The server is being updated; reconnecting…",
  );
});

test("missed messages are reported until the notice is dismissed", () => {
  expect(notices({ ...OPEN, loss: "messages" })).toMatchObject([
    { text: expect.stringContaining("Some messages were missed") as string, action: "dismiss" },
  ]);
  expect(words({ ...OPEN, loss: "session" })).toContain("restarted this session");
});

test("an older page offers a reload, also without a connection", () => {
  const old = { ...AWAY, contractChanged: true };
  expect(notices(old).map(({ kind, action }) => [kind, action])).toEqual([
    ["connection", null],
    ["contract", "reload"],
  ]);
  expect(words(old)).toContain("you stay in the session");
  expect(words({ ...old, pending: 2 })).toContain("2 messages without an answer are given up");
});
