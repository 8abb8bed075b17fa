import { expect, test } from "vitest";

import { displayName } from "@duplex/session/live";
import { isGenerated, readSessionName } from "@duplex/session/room";

test.each([
  ["", null],
  ["  ", null],
  ["retro", "retro"],
  [" Monday stand up ", "Monday-stand-up"],
  ["https://example.com/session/abc_1-2", "abc_1-2"],
  ["https://example.com/session/abc?from=mail", "abc"],
])("%o is the session %o", (typed, id) => {
  expect(readSessionName(typed, (id) => `/session/${id}`)).toEqual({ ok: true, id });
});

test.each(["what?!", "käse", "a/b", "x".repeat(65), "https://example.com/other/abc"])(
  "%o is refused in words",
  (typed) => {
    const read = readSessionName(typed, (id) => `/session/${id}`);
    expect(read.ok ? read.id : read.problem).toContain("Use up to 64 letters");
  },
);

test("a generated id is distinguished from a name", () => {
  expect(isGenerated("kxnOcbLUMdzygddQVJTSWA")).toBe(true);
  expect(isGenerated("monday-stand-up")).toBe(false);
});

test("a display name that is too long is cut between two characters", () => {
  displayName.set(`${"a".repeat(79)}😀b`);
  expect(displayName.getSnapshot()).toBe(`${"a".repeat(79)}😀`);
  displayName.set("");
});
