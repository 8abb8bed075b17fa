import { flushPromises } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { savedSessions, type SavedSession } from "../src/api/saved";
import { ApiError, toasts } from "../src/duplex";
import SavedPage from "../src/pages/SavedPage.vue";
import { useSaved } from "../src/stores/saved";
import { control, pinia, show } from "./setup";

const session: SavedSession = {
  id: "notes",
  title: "Monday",
  created_at: "2026-01-05T09:00:00Z",
  updated_at: "2026-01-05T10:00:00Z",
};

const part = (...items: SavedSession[]) => ({ items, total: items.length });

beforeEach(() => {
  useSaved(pinia).forget();
});

describe("the saved sessions", () => {
  it("show that they are loading, then that there are none", async () => {
    const list = vi.spyOn(savedSessions, "list").mockReturnValue(new Promise(() => undefined));
    const page = await show(SavedPage, "/saved");
    expect(page.find("[aria-busy=true]").exists()).toBe(true);
    list.mockResolvedValue(part());
    await useSaved(pinia).load();
    await flushPromises();
    expect(page.text()).toContain("No saved sessions yet");
  });

  it("can be loaded again after a failure", async () => {
    const list = vi.spyOn(savedSessions, "list");
    list.mockRejectedValue(new ApiError(0, "offline", "No server."));
    const page = await show(SavedPage, "/saved");
    await flushPromises();
    expect(page.text()).toContain("No server.");

    list.mockResolvedValue(part(session));
    await control(page, "button", "Try again").trigger("click");
    await flushPromises();
    expect(page.text()).toContain("Monday");
  });

  it("are renamed in a dialog that closes when it worked", async () => {
    const list = vi.spyOn(savedSessions, "list").mockResolvedValue(part(session));
    const rename = vi.spyOn(savedSessions, "rename").mockResolvedValue(session);
    const page = await show(SavedPage, "/saved");
    await flushPromises();
    await control(page, "button", "Rename Monday").trigger("click");
    await page.get("dialog input").setValue(" Tuesday ");
    list.mockResolvedValue(part({ ...session, title: "Tuesday" }));
    await page.get("dialog form").trigger("submit");
    await flushPromises();

    expect(page.text()).toContain("Tuesday");
    expect(rename).toHaveBeenCalledExactlyOnceWith("notes", "Tuesday");
    expect(page.find("dialog").exists()).toBe(false);
  });

  it("stay when deleting them fails, and show why", async () => {
    vi.spyOn(savedSessions, "list").mockResolvedValue(part(session));
    vi.spyOn(savedSessions, "remove").mockRejectedValue(new ApiError(500, "internal", "Not now."));
    const page = await show(SavedPage, "/saved");
    await flushPromises();
    await control(page, "button", "Delete Monday").trigger("click");
    await control(page, "button", "Delete").trigger("click");
    await flushPromises();

    expect(toasts.getSnapshot().map(({ text }) => text)).toContain("Not now.");
    expect(control(page, "a", "Open Monday").attributes("href")).toBe("/session/notes");
  });

  it("have pages, and the page is in the address", async () => {
    const list = vi.spyOn(savedSessions, "list").mockResolvedValue({ items: [session], total: 51 });
    const page = await show(SavedPage, "/saved");
    await flushPromises();
    await control(page, "a", "Next").trigger("click");
    await flushPromises();

    expect(page.text()).toContain("51–51 of 51");
    expect(list).toHaveBeenLastCalledWith({ limit: 50, offset: 50 });
    expect(control(page, "a", "Previous").attributes("href")).toBe("/saved");
    expect(page.findAll("a").map((one) => one.text())).not.toContain("Next");
  });

  it("request nothing while the user leaves the page", async () => {
    const list = vi.spyOn(savedSessions, "list").mockResolvedValue({ items: [session], total: 51 });
    const page = await show(SavedPage, "/saved?page=2");
    await flushPromises();
    list.mockClear();
    await control(page, "a", "Open Monday").trigger("click");
    await flushPromises();
    expect(list).not.toHaveBeenCalled();
  });
});
