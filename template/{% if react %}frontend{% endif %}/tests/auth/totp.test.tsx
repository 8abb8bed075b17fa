import { fireEvent, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { auth } from "../../src/api/auth";
import { apiCore } from "../../src/api/core";
import { ApiError, toasts } from "../../src/duplex";
import SignInPage from "../../src/pages/auth/SignInPage";
import { useAuth } from "../../src/stores/auth";
import { show } from "../setup.tsx";

let request: MockInstance<typeof apiCore.request>;

/** The sign-in page after the first step, with a code that the server refuses. */
async function refused(code: string, text: string): Promise<void> {
  request.mockResolvedValueOnce({ status: "second_step", method: "totp", challenge: "c" });
  request.mockRejectedValue(new ApiError(401, code, text));
  show(<SignInPage />, "/sign-in");
  await auth.enter("/first-step", {});
  fireEvent.change(await screen.findByLabelText("Code"), { target: { value: " 123456 " } });
  fireEvent.click(screen.getByRole("button", { name: "Continue" }));
  await vi.waitFor(() => {
    expect(toasts.getSnapshot()).not.toEqual([]);
  });
}

const said = (): string[] => toasts.getSnapshot().map(({ text }) => text);

beforeEach(() => {
  for (const { id } of toasts.getSnapshot()) toasts.dismiss(id);
  useAuth.setState({ status: "signedOut", user: null, expired: false }, true);
  vi.spyOn(auth, "signUpOpen").mockResolvedValue(true);
  request = vi.spyOn(apiCore, "request");
});

describe("the second step", () => {
  it("asks again after a wrong code", async () => {
    await refused("wrong_code", "This code is wrong.");
    expect(said()).toEqual(["This code is wrong."]);
    expect(screen.getByRole("heading", { name: "One more step" })).toBeTruthy();
    const body = { challenge: "c", code: "123456" };
    expect(request.mock.lastCall?.[1]).toMatchObject({ body });
  });

  it("goes back to the first step when it is over, and says why", async () => {
    await refused("link_expired", "This is over.");
    expect(said()).toEqual([
      "That took too long, or there were too many wrong codes. Sign in once more.",
    ]);
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(screen.queryByLabelText("Code")).toBeNull();
  });
});
