import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";

import { apiCore } from "../../src/api/core";
import { ApiError, toasts } from "../../src/duplex";
import MailedPage from "../../src/pages/auth/MailedPage";
import { useAuth } from "../../src/stores/auth";
import { show } from "../setup.tsx";

const PAGE = "/sign-up/confirm";
let request: MockInstance<typeof apiCore.request>;

function open(token = "first.second"): void {
  history.replaceState(null, "", token === "" ? PAGE : `${PAGE}#token=${token}`);
  show(<MailedPage />, PAGE);
}

const confirm = (): HTMLElement => screen.getByRole("button", { name: "Confirm" });

beforeEach(() => {
  useAuth.setState({ status: "signedOut", user: null, expired: false }, true);
  request = vi.spyOn(apiCore, "request");
});

describe("the page that a mailed link opens", () => {
  it("uses nothing up when it is opened, and hides the token", () => {
    open();
    expect(confirm()).toBeTruthy();
    expect(request).not.toHaveBeenCalled();
    expect(location.href).not.toContain("first.second");
  });

  it.each(["link_expired", "other_browser"])(
    "says why a link is of no use, and how to go on: %s",
    async (code) => {
      request.mockRejectedValue(new ApiError(400, code, "This link was used or is too old."));
      open();
      fireEvent.click(confirm());
      expect((await screen.findByRole("alert")).textContent).toBe(
        "This link was used or is too old.",
      );
      const again = screen.getByRole("link", { name: "Ask for a new mail" });
      expect(again.getAttribute("href")).toBe("/sign-up");
      expect(screen.queryByRole("button", { name: "Confirm" })).toBeNull();
    },
  );

  it("keeps the form when another attempt may succeed", async () => {
    request.mockRejectedValue(new ApiError(503, "unavailable", "The server is busy."));
    open();
    fireEvent.click(confirm());
    await waitFor(() => {
      expect(toasts.getSnapshot().map(({ text }) => text)).toContain("The server is busy.");
    });
    expect(confirm()).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("says that a link without a token is incomplete", () => {
    open("");
    expect(screen.getByRole("alert").textContent).toContain("This link is incomplete.");
    expect(screen.queryByRole("button", { name: "Confirm" })).toBeNull();
  });
});
