import { fireEvent, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { displayName, liveSession, SessionError, toasts } from "../src/duplex";
import { initialisedData } from "../src/duplex/testing";
import StartPage from "../src/pages/StartPage";
import { show } from "./setup.tsx";

function fill(label: string, value: string): void {
  fireEvent.change(screen.getByRole("textbox", { name: label }), { target: { value } });
}

function start(): void {
  fireEvent.click(screen.getByRole("button", { name: "Start session" }));
}

beforeEach(() => {
  displayName.set("Ada");
});

function showPage(): void {
  show(<StartPage />, "/session");
}

describe("the start page", () => {
  it("goes to a named session", async () => {
    showPage();
    fill("Session name (optional)", "Monday stand-up");
    start();

    expect(await screen.findByText("Elsewhere: /session/Monday-stand-up")).toBeTruthy();
  });

  it("explains an invalid session name, and keeps it in the field", () => {
    showPage();
    fill("Session name (optional)", "what?!");
    start();

    expect(screen.getByRole("alert").textContent).toMatch(/letters, digits/u);
    const field = screen.getByRole<HTMLInputElement>("textbox", {
      name: "Session name (optional)",
    });
    expect(field.value).toBe("what?!");
    expect(field.getAttribute("aria-invalid")).toBe("true");
  });

  it("goes to the private session that the server created", async () => {
    const opened = vi
      .spyOn(liveSession, "initialiseSocket")
      .mockResolvedValue(initialisedData({ session: "made-by-server" }));
    showPage();
    start();

    expect(await screen.findByText("Elsewhere: /session/made-by-server")).toBeTruthy();
    expect(opened).toHaveBeenCalledExactlyOnceWith({ name: "Ada" });
  });

  it("explains why there is no session, and can be tried again", async () => {
    vi.spyOn(liveSession, "initialiseSocket").mockRejectedValue(
      new SessionError("too_many", "Too many sessions are open."),
    );
    showPage();
    start();

    await vi.waitFor(() => {
      expect(toasts.getSnapshot().map(({ text }) => text)).toContain("Too many sessions are open.");
    });
    const button = await screen.findByRole("button", { name: "Start session" });
    await vi.waitFor(() => {
      expect(button.getAttribute("aria-disabled")).toBe("false");
    });
  });
});
