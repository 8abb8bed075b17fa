import { expect, test } from "vitest";

import { STATE_NAMES, stateLabel, tooBigWords } from "../../../src/ui/labels";

test("a message that was too big is named, with its size and the limit where they are known", () => {
  const [state] = STATE_NAMES;
  if (state === undefined) throw new Error("a project has a state");
  const words = tooBigWords(state, { size: 71_680, limit: 65_536 });
  expect(words).toContain(`“${stateLabel(state)}”`);
  expect(words).toContain("70.0 KiB");
  expect(words).toContain("64.0 KiB");
  expect(tooBigWords(state, null)).not.toMatch(/KiB|null/u);
});
