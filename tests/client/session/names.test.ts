import { expect, test } from "vitest";

import { NAME_MARKS } from "@duplex/client/protocol.generated";
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
  // As long as a generated one, and with one of its last letters.
  expect(isGenerated("quarterly-planning-now")).toBe(false);
  expect(isGenerated("Quarterly-Planning-Now")).toBe(false);
});

test("marks that the server would refuse in a name are left out", () => {
  displayName.set(`Z${"\u0301\u200d".repeat(9)}o${"\u0301".repeat(2)}`);
  expect(displayName.getSnapshot().match(/\u0301/gu)).toHaveLength(NAME_MARKS + 2);
  for (const name of ["Nguye\u0302\u0303n", "\u05e9\u05bc\u05c1\u05b8", "1\ufe0f\u20e3"]) {
    displayName.set(name);
    expect(displayName.getSnapshot()).toBe(name);
  }
  displayName.set("");
});

test("a display name that is too long is cut between two characters", () => {
  displayName.set(`${"a".repeat(79)}😀b`);
  expect(displayName.getSnapshot()).toBe(`${"a".repeat(79)}😀`);
  displayName.set("");
});
