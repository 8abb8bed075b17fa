import { browserSupportsWebAuthnAutofill, startAuthentication } from "@simplewebauthn/browser";
import { flushPromises } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { auth } from "../../src/api/auth";
import { apiCore } from "../../src/api/core";
import { passkey } from "../../src/components/auth/passkey/passkey";
import { toasts } from "../../src/duplex";
import SignInPage from "../../src/pages/auth/SignInPage.vue";
import { control, show } from "../setup";

vi.mock("@simplewebauthn/browser", () => ({
  browserSupportsWebAuthnAutofill: vi.fn(() => Promise.resolve(false)),
  startAuthentication: vi.fn(),
}));

beforeEach(() => {
  vi.spyOn(auth, "signUpOpen").mockResolvedValue(true);
});

describe("signing in with a passkey", () => {
  it("explains a refusal by the browser, and can be tried again", async () => {
    const request = vi.spyOn(apiCore, "request");
    request.mockResolvedValue({ ceremony: "c", options: {} });
    const refusal = new DOMException("refused", "NotAllowedError");
    vi.mocked(startAuthentication).mockRejectedValue(refusal);
    const page = await show(SignInPage, "/sign-in");
    const button = control(page, "button", "Sign in with a passkey");
    await button.trigger("submit");
    await flushPromises();
    expect(toasts.getSnapshot().map(({ text }) => text)).toEqual([
      "No passkey was used. Try again, or choose another way.",
    ]);
    expect(request).toHaveBeenCalledExactlyOnceWith("/auth/passkeys/sign-in/options", {
      method: "POST",
    });
    expect(button.attributes("aria-disabled")).toBe("false");
  });

  it("begins no ceremony for an offer without a field", async () => {
    const request = vi.spyOn(apiCore, "request");
    const look = vi.spyOn(document, "querySelector");
    vi.mocked(browserSupportsWebAuthnAutofill).mockResolvedValueOnce(true);
    passkey.offerAtField(new AbortController().signal);
    await vi.waitFor(() => {
      expect(look).toHaveBeenCalledWith("input[autocomplete$=webauthn]");
    });
    expect(request).not.toHaveBeenCalled();
  });
});
