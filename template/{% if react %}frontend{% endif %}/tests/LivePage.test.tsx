import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CLOSE, displayName, liveSession } from "../src/duplex";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "../src/duplex/testing";
import LivePage from "../src/pages/LivePage";
import { show } from "./setup.tsx";

beforeEach(() => {
  vi.useFakeTimers();
  installFakeSocket();
  displayName.set("Ada");
});

afterEach(() => {
  liveSession.closeSocket();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

async function open(): Promise<FakeSocket> {
  show(<LivePage />, "/session/notes", "/session/:id");
  return act(async () => {
    const socket = await nextSocket();
    welcome(socket);
    return socket;
  });
}

function press(name: string): void {
  fireEvent.click(screen.getByRole("button", { name }));
}

describe("the page of a session", () => {
  it("joins the session of its address once, in strict mode too", async () => {
    const socket = await open();
    expect(FakeSocket.all).toHaveLength(1);
    expect(socket.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
  });

  it("asks for a name first when there is none yet", async () => {
    displayName.set("");
    show(<LivePage />, "/session/other", "/session/:id");
    expect(screen.getByRole("heading", { name: "Join “other”" })).toBeTruthy();
    expect(FakeSocket.all).toHaveLength(0);

    const field = screen.getByRole("textbox", { name: "Your name" });
    fireEvent.change(field, { target: { value: " Ben " } });
    press("Join session");
    await act(async () => {
      (await nextSocket()).accept();
    });
    expect(FakeSocket.all[0]?.sent[0]).toMatchObject({ session: "other", name: "Ben" });
  });

  it("does not exist for an id that no session can have", () => {
    show(<LivePage />, "/session/no%20id", "/session/:id");
    expect(screen.getByRole("heading", { name: "Page not found" })).toBeTruthy();
    expect(FakeSocket.all).toHaveLength(0);
  });

  it("shows who joins and leaves", async () => {
    const socket = await open();
    act(() => {
      socket.receive({ state: "joined", data: { participant: "p-ben", name: "Ben" }, seq: 1 });
    });
    expect(screen.getByText(/^2 people here/u)).toBeTruthy();
  });

  it("explains why the session ended, and takes no more requests", async () => {
    const socket = await open();
    act(() => {
      socket.breaks(CLOSE.ended, "ended");
    });
    expect(screen.getByRole("alert").textContent).toBe(liveSession.getSnapshot().reason);
    expect(screen.queryByRole("button", { name: /^Send/u })).toBeNull();
    press("Start a new session");
    expect(screen.getByText("Elsewhere: /session")).toBeTruthy();
  });

  it("joins the same session again after an idle time ended it", async () => {
    const socket = await open();
    act(() => {
      socket.breaks(CLOSE.idle);
    });
    press("Join again");
    await act(async () => {
      welcome(await nextSocket());
    });
    expect(FakeSocket.all.at(-1)?.sent[0]).toMatchObject({ session: "notes", name: "Ada" });
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
      socket.breaks(CLOSE.forbidden);
    });
    expect(screen.getByText("You may not join this session.")).toBeTruthy();
    press("Go to the home page");
    expect(screen.getByText("Elsewhere: /")).toBeTruthy();
  });

  it("reports missed messages until the notice is dismissed", async () => {
    const socket = await open();
    await act(async () => {
      socket.breaks();
      welcome(await nextSocket(), { seq: 9 });
    });
    expect(screen.getByText(/Some messages were missed/u)).toBeTruthy();
    press("Dismiss");
    expect(screen.queryByText(/Some messages were missed/u)).toBeNull();
  });

  it("offers to reload a page that is older than the server, and stays in the session", async () => {
    const reload = vi.spyOn(location, "reload").mockReturnValue();
    const socket = await open();
    await act(async () => {
      socket.breaks();
      welcome(await nextSocket(), { recovered: true, contract_changed: true });
    });
    press("Reload");
    expect(reload).toHaveBeenCalledOnce();
    expect(FakeSocket.all.flatMap((one) => one.of("leave"))).toEqual([]);
  });
});
