import { expect, test } from "vitest";

import { formatBytes, formatCount, formatLatency, initials, isolated } from "@duplex/ui/format";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
])("%i bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("a latency is at least one millisecond", () => {
  expect(formatLatency(0.2)).toBe("1 ms");
  expect(formatLatency(41.6)).toBe("42 ms");
});

test("the number one uses the singular", () => {
  expect(formatCount(1, "person", "people")).toBe("1 person");
  expect(formatCount(0, "person", "people")).toBe("0 people");
});

test.each([
  ["Ada Lovelace", "AL"],
  ["ada", "A"],
  ["  Grace Brewster  Hopper ", "GH"],
  ["𝒳ena", "𝒳"],
  ["", "?"],
])("%o is shortened to %s", (name, short) => {
  expect(initials(name)).toBe(short);
});

test("a name in a sentence cannot reorder the words around it", () => {
  expect(isolated("אבא")).toBe("\u2068אבא\u2069");
  expect(isolated("a\u2069\u202eb")).toBe("\u2068ab\u2069");
});
