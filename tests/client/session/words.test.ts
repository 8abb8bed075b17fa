import { tooBigWords } from "@duplex/session/notices";
import { expect, test } from "vitest";

test("a message that was too big is named, with its size and the limit if known", () => {
  const words = tooBigWords("Say something", { size: 71_680, limit: 65_536 });
  expect(words).toContain("“Say something”");
  expect(words).toContain("70.0 KiB");
  expect(words).toContain("64.0 KiB");
  expect(tooBigWords("Say something", null)).not.toMatch(/KiB|null/u);
});
