import { flushPromises, type VueWrapper } from "@vue/test-utils";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { auth } from "../../src/api/auth";
import { apiCore } from "../../src/api/core";
import { ApiError, toasts } from "../../src/duplex";
import SignInPage from "../../src/pages/auth/SignInPage.vue";
import { show } from "../setup";

let request: MockInstance<typeof apiCore.request>;

/** The sign-in page after the first step, with a code that the server refuses. */
async function refused(code: string, text: string): Promise<VueWrapper> {
  request.mockResolvedValueOnce({ status: "second_step", method: "totp", challenge: "c" });
  request.mockRejectedValue(new ApiError(401, code, text));
  const page = await show(SignInPage, "/sign-in");
  await auth.enter("/first-step", {});
  await flushPromises();
  await page.get("input[autocomplete=one-time-code]").setValue(" 123456 ");
  await page.get("form").trigger("submit");
  await flushPromises();
  return page;
}

const said = (): string[] => toasts.getSnapshot().map(({ text }) => text);

beforeEach(() => {
  for (const { id } of toasts.getSnapshot()) toasts.dismiss(id);
  vi.spyOn(auth, "signUpOpen").mockResolvedValue(true);
  request = vi.spyOn(apiCore, "request");
});

describe("the second step", () => {
  it("asks again after a wrong code", async () => {
    const page = await refused("wrong_code", "This code is wrong.");
    expect(said()).toEqual(["This code is wrong."]);
    expect(page.get("h1").text()).toBe("One more step");
    const body = { challenge: "c", code: "123456" };
    expect(request.mock.lastCall?.[1]).toMatchObject({ body });
  });

  it("goes back to the first step when it is over, and says why", async () => {
    const page = await refused("link_expired", "This is over.");
    expect(said()).toEqual([
      "That took too long, or there were too many wrong codes. Sign in once more.",
    ]);
    expect(page.get("h1").text()).toBe("Sign in");
    expect(page.find("input[autocomplete=one-time-code]").exists()).toBe(false);
  });
});
