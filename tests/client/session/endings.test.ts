import { expect, test } from "vitest";

import { ending } from "@duplex/session/notices";

test.each([
  [1000, "start"],
  [1009, "join"],
  [4400, "reload"],
  [4401, "signIn"],
  [4403, "home"],
  [4408, "join"],
  [4409, "reload"],
  [4410, "join"],
  [4429, "join"],
  [4477, "join"],
])("the way on after %i is %s", (code, next) => {
  expect(ending({ code }).next).toBe(next);
  // A new object at every call would have a hook render for ever.
  expect(ending({ code })).toBe(ending({ code }));
});
