import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { savedList, savedSessions, type SavedSession } from "../src/api/saved";
import { ApiError, toasts } from "../src/duplex";
import SavedPage from "../src/pages/SavedPage";
import { show } from "./setup.tsx";

const session: SavedSession = {
  id: "notes",
  title: "Monday",
  created_at: "2026-01-05T09:00:00Z",
  updated_at: "2026-01-05T10:00:00Z",
};

const part = (...items: SavedSession[]) => ({ items, total: items.length });

beforeEach(() => {
  savedList.forget();
});

describe("the saved sessions", () => {
  it("show that they are loading, then that there are none", async () => {
    vi.spyOn(savedSessions, "list").mockResolvedValue(part());
    const { container } = show(<SavedPage />);

    expect(container.querySelector("[aria-busy=true]")).not.toBeNull();
    expect(await screen.findByText("No saved sessions yet")).toBeTruthy();
  });

  it("can be loaded again after a failure", async () => {
    vi.spyOn(savedSessions, "list").mockRejectedValue(new ApiError(0, "offline", "No server."));
    show(<SavedPage />);
    expect(await screen.findByText("No server.")).toBeTruthy();

    vi.spyOn(savedSessions, "list").mockResolvedValue(part(session));
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Monday")).toBeTruthy();
  });

  it("are renamed in a dialog that closes when it worked", async () => {
    const list = vi.spyOn(savedSessions, "list").mockResolvedValue(part(session));
    const rename = vi.spyOn(savedSessions, "rename").mockResolvedValue(session);
    show(<SavedPage />);
    fireEvent.click(await screen.findByRole("button", { name: "Rename Monday" }));
    fireEvent.change(screen.getByRole("textbox", { name: "Title" }), {
      target: { value: " Tuesday " },
    });
    list.mockResolvedValue(part({ ...session, title: "Tuesday" }));
    fireEvent.click(screen.getByRole("button", { name: "Rename" }));

    expect(await screen.findByText("Tuesday")).toBeTruthy();
    expect(rename).toHaveBeenCalledExactlyOnceWith("notes", "Tuesday");
    await waitFor(() => {
      expect(screen.queryByRole("dialog")).toBeNull();
    });
  });

  it("stay when deleting them fails, and show why", async () => {
    vi.spyOn(savedSessions, "list").mockResolvedValue(part(session));
    vi.spyOn(savedSessions, "remove").mockRejectedValue(new ApiError(500, "internal", "Not now."));
    show(<SavedPage />);
    fireEvent.click(await screen.findByRole("button", { name: "Delete Monday" }));
    fireEvent.click(screen.getByRole("button", { name: "Delete" }));

    await waitFor(() => {
      expect(toasts.getSnapshot().map(({ text }) => text)).toContain("Not now.");
    });
    expect(screen.getByRole("link", { name: "Open Monday" }).getAttribute("href")).toBe(
      "/session/notes",
    );
  });

  it("have pages, and the page is in the address", async () => {
    const list = vi.spyOn(savedSessions, "list").mockResolvedValue({ items: [session], total: 51 });
    show(<SavedPage />, "/saved");
    fireEvent.click(await screen.findByRole("link", { name: "Next" }));

    expect(await screen.findByText("51–51 of 51")).toBeTruthy();
    expect(list).toHaveBeenLastCalledWith({ limit: 50, offset: 50 });
    const back = screen.getByRole("link", { name: "Previous" });
    expect(back.getAttribute("href")).toBe("/saved");
    expect(screen.queryByRole("link", { name: "Next" })).toBeNull();
  });
});
