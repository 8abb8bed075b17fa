import { describe, expect, it } from "vitest";

import { isSharedLoss, verdict } from "@duplex/client/wire";

describe("a close code decides whether to reconnect", () => {
  it.each([1000, 1008, 4400, 4401, 4403, 4408, 4409, 4410, 4429, 4450, 4499])(
    "%i ends the session",
    (code) => {
      expect(verdict(code).final).toBe(true);
    },
  );

  it.each([1001, 1005, 1006, 1009, 1011, 1012, 4500, 4503, 4508, 4599])("%i is resumed", (code) => {
    expect(verdict(code).final).toBe(false);
  });

  it("has a sentence for every code, also for unknown ones", () => {
    for (const code of [1000, 1006, 1011, 4401, 4408, 4409, 4477, 4503, 4555]) {
      expect(verdict(code).reason).toMatch(/^[A-Z].*\.$/);
    }
    expect(verdict(4477).reason).toContain("4477");
  });

  it("tells whether all clients lost the server at the same moment", () => {
    expect([1001, 1012, 4503].map((code) => isSharedLoss(code, false))).toEqual([true, true, true]);
    expect([1006, 1011, 4508].map((code) => isSharedLoss(code, false))).not.toContain(true);
    // A draining server closes its connections one after the other, and the last ones with 1012.
    expect(isSharedLoss(4503, true)).toBe(false);
    expect([1006, 1012].map((code) => isSharedLoss(code, true))).toEqual([true, true]);
  });
});
