import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { StrictMode } from "react";
import { MemoryRouter } from "react-router";
import { describe, expect, it, vi } from "vitest";

import { app } from "../src/app";
import { liveSession, startApp, toasts } from "../src/duplex";
import Layout from "../src/Layout";

async function openAt(path: string): Promise<void> {
  render(
    <StrictMode>
      <MemoryRouter initialEntries={[path]}>
        <Layout />
      </MemoryRouter>
    </StrictMode>,
  );
  await screen.findByRole("heading", { level: 1 });
}

describe("the shell", () => {
  it("shows the first page at once, without an empty one before it", async () => {
    const root = document.body.appendChild(document.createElement("div"));
    await act(() => startApp(app, Layout, root));
    expect(within(root).getByRole("heading", { level: 1 })).toBeTruthy();
    root.remove();
  });

  it("goes to another page: title and focus follow, the session is left", async () => {
    const left = vi.spyOn(liveSession, "closeSocket");
    await openAt("/");
    await vi.waitFor(() => {
      expect(document.title).toBe(app.name);
    });
    expect(left).not.toHaveBeenCalled();

    const header = within(screen.getByRole("banner"));
    fireEvent.click(header.getByRole("link", { name: "Settings" }));

    expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeTruthy();
    // Effects may run after the page was drawn.
    await vi.waitFor(() => {
      expect(document.title).toBe(`Settings · ${app.name}`);
      expect(document.activeElement).toBe(screen.getByRole("main"));
      expect(left).toHaveBeenCalledExactlyOnceWith();
    });
    expect(header.getByRole("link", { name: "Settings" }).getAttribute("aria-current")).toBe(
      "page",
    );
  });

  it("has a page for unknown addresses", async () => {
    await openAt("/nowhere/at/all");
    expect(screen.getByRole("heading", { name: "Page not found" })).toBeTruthy();
  });

  it("shows the connection's status, and switches the theme", async () => {
    await openAt("/settings");
    const status = screen.getByRole("status", { name: "Connection" });
    expect(status.textContent).toBe("No session");
    expect(status.dataset["status"]).toBe("idle");

    const shown = document.documentElement.dataset["theme"];
    fireEvent.click(screen.getByRole("button", { name: /^Switch to (light|dark) theme$/u }));
    expect(document.documentElement.dataset["theme"]).not.toBe(shown);
  });

  it("shows an error until it is dismissed", async () => {
    await openAt("/settings");
    act(() => {
      toasts.show("error", "The request failed.");
    });
    expect(screen.getByRole("alert").textContent).toContain("The request failed.");

    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
