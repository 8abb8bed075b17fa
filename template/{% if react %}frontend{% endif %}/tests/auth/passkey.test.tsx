import { browserSupportsWebAuthnAutofill, startAuthentication } from "@simplewebauthn/browser";
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { auth } from "../../src/api/auth";
import { apiCore } from "../../src/api/core";
import { passkey } from "../../src/components/auth/passkey/passkey";
import { toasts } from "../../src/duplex";
import SignInPage from "../../src/pages/auth/SignInPage";
import { useAuth } from "../../src/stores/auth";
import { show } from "../setup.tsx";

vi.mock("@simplewebauthn/browser", () => ({
  browserSupportsWebAuthnAutofill: vi.fn(() => Promise.resolve(false)),
  startAuthentication: vi.fn(),
}));

beforeEach(() => {
  useAuth.setState({ status: "signedOut", user: null, expired: false }, true);
  vi.spyOn(auth, "signUpOpen").mockResolvedValue(true);
});

describe("signing in with a passkey", () => {
  it("explains a refusal by the browser, and can be tried again", async () => {
    const request = vi.spyOn(apiCore, "request");
    request.mockResolvedValue({ ceremony: "c", options: {} });
    const refusal = new DOMException("refused", "NotAllowedError");
    vi.mocked(startAuthentication).mockRejectedValue(refusal);
    show(<SignInPage />, "/sign-in");
    const button = screen.getByRole("button", { name: "Sign in with a passkey" });
    fireEvent.click(button);
    await waitFor(() => {
      expect(toasts.getSnapshot().map(({ text }) => text)).toEqual([
        "No passkey was used. Try again, or choose another way.",
      ]);
    });
    expect(request).toHaveBeenCalledExactlyOnceWith("/auth/passkeys/sign-in/options", {
      method: "POST",
    });
    expect(button.getAttribute("aria-disabled")).toBe("false");
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
