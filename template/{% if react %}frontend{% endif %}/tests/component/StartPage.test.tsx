import { fireEvent, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { SessionError } from "../../src/api/websocketAPI";
import StartPage from "../../src/pages/StartPage";
import { liveSession } from "../../src/ui/liveSession";
import { displayName } from "../../src/ui/profile";
import { toasts } from "../../src/ui/toasts";
import { show } from "./render";

function fill(label: string, value: string): void {
  fireEvent.change(screen.getByRole("textbox", { name: label }), { target: { value } });
}

function start(): void {
  fireEvent.click(screen.getByRole("button", { name: "Start session" }));
}

beforeEach(() => {
  displayName.set("");
  show(<StartPage />, "/session");
  fill("Your name", "Ada");
});

describe("the start page", () => {
  it("goes to a named session, and remembers who somebody is", async () => {
    fill("Session name (optional)", "Monday stand-up");
    start();

    expect(await screen.findByText("Elsewhere: /session/Monday-stand-up")).toBeTruthy();
    expect(displayName.getSnapshot()).toBe("Ada");
  });

  it("says what is wrong with a session's name, and keeps it", () => {
    fill("Session name (optional)", "what?!");
    start();

    expect(screen.getByRole("alert").textContent).toMatch(/letters, digits/u);
    const field = screen.getByRole<HTMLInputElement>("textbox", {
      name: "Session name (optional)",
    });
    expect(field.value).toBe("what?!");
    expect(field.getAttribute("aria-invalid")).toBe("true");
  });

  it("goes to the private session that the server made", async () => {
    const opened = vi.spyOn(liveSession, "initialiseSocket").mockResolvedValue({
      session: "made-by-server",
      participant: "p-ada",
      name: "Ada",
      participants: [],
      snapshot: { entries: [] },
      resume_token: "secret",
      epoch: "e1",
      seq: 0,
      recovered: false,
      heartbeat: 20,
      contract_changed: false,
    });
    start();

    expect(await screen.findByText("Elsewhere: /session/made-by-server")).toBeTruthy();
    expect(opened).toHaveBeenCalledExactlyOnceWith({ name: "Ada" });
  });

  it("says why there is no session, and can be tried again", async () => {
    vi.spyOn(liveSession, "initialiseSocket").mockRejectedValue(
      new SessionError("too_many", "Too many sessions are open."),
    );
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
