import { act, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import LivePage from "../../src/pages/LivePage";
import { STATE_NAMES, stateLabel } from "../../src/ui/labels";
import { liveSession } from "../../src/ui/liveSession";
import { displayName } from "../../src/ui/profile";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "../unit/support/fakeSocket";
import { show } from "./render";

const entry = {
  state: STATE_NAMES[0] ?? "",
  text: "Good morning",
  by: "Ben",
  at: "2026-01-05T09:00:00Z",
};

beforeEach(() => {
  vi.useFakeTimers();
  installFakeSocket();
  displayName.set("Ada");
});

afterEach(() => {
  liveSession.closeSocket();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function open(entries = [entry]): Promise<FakeSocket> {
  show(<LivePage />, "/session/notes", "/session/:id");
  return act(async () => {
    const socket = await nextSocket();
    welcome(socket, { snapshot: { entries } });
    return socket;
  });
}

describe("the live page", () => {
  it("joins the session of its address once, in strict mode too", async () => {
    const socket = await open();

    expect(FakeSocket.all).toHaveLength(1);
    expect(socket.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
  });

  it("asks for a name first when there is none yet", async () => {
    displayName.set("");
    liveSession.closeSocket();
    show(<LivePage />, "/session/other", "/session/:id");
    expect(screen.getByRole("heading", { name: "Join “other”" })).toBeTruthy();
    expect(FakeSocket.all).toHaveLength(0);

    fireEvent.change(screen.getByRole("textbox", { name: "Your name" }), {
      target: { value: " Ben " },
    });
    fireEvent.click(screen.getByRole("button", { name: "Join session" }));
    await act(async () => {
      (await nextSocket()).accept();
    });

    expect(FakeSocket.all[0]?.sent[0]).toMatchObject({ session: "other", name: "Ben" });
  });

  it("shows who is here and what was written, newest first", async () => {
    const socket = await open();
    act(() => {
      socket.receive({ state: "joined", data: { participant: "p-ben", name: "Ben" }, seq: 1 });
    });

    const people = within(screen.getByRole("list", { name: "Participants" }));
    expect(people.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
      expect.stringContaining("Ada (you)"),
      expect.stringMatching(/Ben $/u),
    ]);
    const notes = within(screen.getByRole("list", { name: "Shared notes" }));
    expect(notes.getByRole("listitem").textContent).toContain("Good morning");
    expect(notes.getByText(stateLabel(entry.state))).toBeTruthy();
  });

  it("sends the form to the chosen state and empties the text", async () => {
    const socket = await open();
    const text = screen.getByRole<HTMLInputElement>("textbox", { name: "Text" });
    fireEvent.change(text, { target: { value: "Hello" } });
    fireEvent.click(screen.getByRole("button", { name: "Send" }));
    await act(() => vi.advanceTimersByTimeAsync(0));

    expect(socket.requests()).toMatchObject([{ state: STATE_NAMES[0] }]);
    expect(JSON.stringify(socket.requests()[0])).toContain("Hello");
    expect(text.value).toBe("");
  });

  it("says in words why the session ended, and takes no more requests", async () => {
    const socket = await open();
    act(() => {
      socket.breaks(1000, "ended");
    });

    expect(screen.getByRole("alert").textContent).toBe(liveSession.getSnapshot().reason);
    expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Start a new session" }));
    expect(screen.getByText("Elsewhere: /session")).toBeTruthy();
  });

  it("does not ask for a first note when the session is over", async () => {
    const socket = await open([]);
    expect(screen.getByText("Nothing here yet")).toBeTruthy();
    act(() => {
      socket.breaks(1000, "ended");
    });

    expect(screen.queryByText("Nothing here yet")).toBeNull();
  });

  it.each([
    ["an idle time", 4408],
    ["a reason that the page does not know", 4477],
  ])("joins the same session again after %s ended it", async (_, code) => {
    const socket = await open();
    act(() => {
      socket.breaks(code);
    });
    fireEvent.click(screen.getByRole("button", { name: "Join again" }));
    await act(async () => {
      welcome(await nextSocket());
    });
    expect(FakeSocket.all.at(-1)?.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
    expect(screen.getByRole("button", { name: "Send" })).toBeTruthy();
  });

  it("leads home from a session that may not be joined", async () => {
    show(<LivePage />, "/session/notes", "/session/:id");
    await act(async () => {
      const socket = await nextSocket();
      socket.accept();
      socket.receive({
        state: "error",
        error: "You may not join this session.",
        code: "forbidden",
      });
      socket.breaks(4403);
    });
    expect(screen.getByText("You may not join this session.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Go to the home page" }));
    expect(screen.getByText("Elsewhere: /")).toBeTruthy();
  });

  it("says that messages were missed until it is dismissed", async () => {
    const socket = await open();
    await act(async () => {
      socket.breaks();
      welcome(await nextSocket(), { seq: 9 });
    });
    expect(screen.getByText(/Some messages were missed/u)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText(/Some messages were missed/u)).toBeNull();
  });

  it("says that the server is being updated, before and while it is away", async () => {
    const socket = await open();
    act(() => {
      socket.receive({ state: "draining", data: { within: 20 } });
    });
    expect(screen.getByText(/being updated\. The page reconnects/u)).toBeTruthy();
    act(() => {
      socket.breaks(4503);
    });
    expect(screen.getByText(/being updated; reconnecting…/u)).toBeTruthy();
    await act(async () => {
      welcome(await nextSocket(), { recovered: true });
    });
    expect(screen.queryByText(/being updated/u)).toBeNull();
  });

  it("offers to reload a page that is older than the server, and stays in the session", async () => {
    const reload = vi.spyOn(location, "reload").mockReturnValue();
    const socket = await open();
    await act(async () => {
      socket.breaks();
      welcome(await nextSocket(), { recovered: true, contract_changed: true });
    });
    act(() => {
      FakeSocket.all.at(-1)?.breaks();
    });
    fireEvent.click(screen.getByRole("button", { name: "Reload" }));
    expect(reload).toHaveBeenCalledOnce();
    expect(FakeSocket.all.flatMap((one) => one.of("leave"))).toEqual([]);
    sessionStorage.clear();
  });

  it("offers to reload when the server does not take this page any more", async () => {
    const reload = vi.spyOn(location, "reload").mockReturnValue();
    const socket = await open();
    act(() => {
      socket.breaks(4409);
    });
    expect(screen.getByRole("alert").textContent).toContain("was updated");
    fireEvent.click(screen.getByRole("button", { name: "Reload" }));
    expect(reload).toHaveBeenCalledOnce();
    sessionStorage.clear();
  });
});
