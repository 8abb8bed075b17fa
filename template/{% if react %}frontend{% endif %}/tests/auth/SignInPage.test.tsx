import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { auth } from "../../src/api/auth";
import { signUpOpen } from "../../src/auth/signIn";
import { ApiError } from "../../src/duplex";
import SignInPage from "../../src/pages/auth/SignInPage";
import SignUpPage from "../../src/pages/auth/SignUpPage";
import { useAuth } from "../../src/stores/auth";
import { show } from "../setup.tsx";

const LINK = { name: "Create an account" };
let asked: MockInstance<typeof auth.signUpOpen>;

beforeEach(() => {
  useAuth.setState({ status: "signedOut", user: null, expired: false }, true);
  asked = vi.spyOn(auth, "signUpOpen");
});

describe("an account", () => {
  it("is offered where visitors can create one", async () => {
    asked.mockResolvedValue(true);
    show(<SignInPage />, "/sign-in?next=/account", "/sign-in");
    const link = await screen.findByRole("link", LINK);
    expect(link.getAttribute("href")).toBe("/sign-up?next=/account");
  });

  it("is not offered where accounts are created only by invitation", async () => {
    asked.mockResolvedValue(false);
    show(<SignInPage />, "/sign-in");
    await waitFor(() => {
      expect(signUpOpen.getSnapshot()).toBe(false);
    });
    expect(screen.queryByRole("link", LINK)).toBeNull();
  });

  it("is offered when the server does not answer", async () => {
    asked.mockRejectedValue(new ApiError(0, "offline", "No server."));
    show(<SignInPage />, "/sign-in");
    expect(await screen.findByRole("link", LINK)).toBeTruthy();
  });

  it("cannot be requested where accounts are created only by invitation", async () => {
    asked.mockResolvedValue(false);
    show(<SignUpPage />, "/sign-up");
    expect(await screen.findByText(/only by invitation/u)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Create account" })).toBeNull();
  });
});
