import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { StrictMode } from "react";
import { MemoryRouter } from "react-router";
import { describe, expect, it, vi } from "vitest";

import App from "../../src/App";
import { project } from "../../src/project";
import { liveSession } from "../../src/ui/liveSession";
import { toasts } from "../../src/ui/toasts";
import "./render";

async function openAt(path: string): Promise<void> {
  render(
    <StrictMode>
      <MemoryRouter initialEntries={[path]}>
        <App />
      </MemoryRouter>
    </StrictMode>,
  );
  await screen.findByRole("heading", { level: 1 });
}

describe("the shell", () => {
  it("goes to another page: title and focus follow, the session is left", async () => {
    const left = vi.spyOn(liveSession, "closeSocket");
    await openAt("/");
    await vi.waitFor(() => {
      expect(document.title).toBe(project.name);
    });
    expect(left).not.toHaveBeenCalled();

    const header = within(screen.getByRole("banner"));
    fireEvent.click(header.getByRole("link", { name: "Settings" }));

    expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeTruthy();
    // What follows the page is done in effects, which may come after it is drawn.
    await vi.waitFor(() => {
      expect(document.title).toBe(`Settings · ${project.name}`);
      expect(document.activeElement).toBe(screen.getByRole("main"));
      expect(left).toHaveBeenCalledExactlyOnceWith();
    });
    expect(header.getByRole("link", { name: "Settings" }).getAttribute("aria-current")).toBe(
      "page",
    );
  });

  it("has a page for addresses where nothing lives", async () => {
    await openAt("/nowhere/at/all");
    expect(screen.getByRole("heading", { name: "Page not found" })).toBeTruthy();
  });

  it("says how the connection is, and switches the theme", async () => {
    await openAt("/settings");
    const status = screen.getByRole("status", { name: "Connection" });
    expect(status.textContent).toBe("No session");
    expect(status.dataset["status"]).toBe("idle");

    const shown = document.documentElement.dataset["theme"];
    fireEvent.click(screen.getByRole("button", { name: /^Switch to (light|dark) theme$/u }));
    expect(document.documentElement.dataset["theme"]).not.toBe(shown);
  });

  it("shows what went wrong until it is dismissed", async () => {
    await openAt("/settings");
    act(() => {
      toasts.show("error", "It did not work.");
    });
    expect(screen.getByRole("alert").textContent).toContain("It did not work.");

    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
