import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { FakeSocket, nextSocket, setOnline, showPage, welcome } from "@duplex/testing";
import { closeClient, connect, prepareSockets } from "../support/client";
import { socketRequest } from "../support/contract";

/** Longer than any wait for the next attempt. */
const ANY_WAIT = 31_000;

describe("the end of a connection", () => {
  let client: SocketClient;

  beforeEach(() => {
    prepareSockets();
    client = socketRequest({ session: "notes", name: "Ada" });
  });
  afterEach(() => {
    closeClient(client);
  });

  it("ends with the server's own sentence when the hello is refused", async () => {
    const opening = client.open();
    const socket = await nextSocket();
    socket.accept();
    socket.receive({ state: "error", error: "This session is full.", code: "forbidden" });
    socket.breaks(4403);
    await expect(opening).rejects.toMatchObject({
      name: "SessionError",
      code: "forbidden",
      message: "This session is full.",
    });
    expect(client.status).toBe("ended");
    expect(client.reason).toBe("This session is full.");
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("reports once why the server is busy, and tries again", async () => {
    const told = vi.fn();
    client.onUpdate.addListener(told);
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    const error = "The session's store cannot be reached.";
    socket.receive({ state: "error", error, code: "broker_unavailable" });
    socket.breaks(4503);
    expect(client.reason).toBe(error);
    expect(told).not.toHaveBeenCalled();
    welcome(await nextSocket());
    expect(client.status).toBe("open");
  });

  it.each([1000, 4400, 4403, 4408, 4409, 4429])(
    "does not come back after the final code %i",
    async (code) => {
      const socket = await connect(client);
      socket.breaks(code);
      expect(client.status).toBe("ended");
      expect(client.reason).toMatch(/\.$/);
      await vi.advanceTimersByTimeAsync(ANY_WAIT);
      expect(FakeSocket.all).toHaveLength(1);
      await expect(client.open()).rejects.toMatchObject({ code: "ended" });
    },
  );

  it.each([1001, 1006, 1011, 1012, 4503, 4508])("reconnects after %i", async (code) => {
    const socket = await connect(client);
    socket.breaks(code);
    expect(client.status).toBe("recovering");
    welcome(await nextSocket(), { recovered: true });
    expect(FakeSocket.all).toHaveLength(2);
    expect(client.status).toBe("open");
  });

  it("leaves and closes with 1000 when the user ends the session", async () => {
    const socket = await connect(client);
    client.close();
    expect(socket.sent.at(-1)).toEqual({ state: "leave" });
    expect(socket.closedWith?.code).toBe(1000);
    expect(client.status).toBe("ended");
    expect(client.reason).toBe("You left the session.");
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("reports no error that the close code explains", async () => {
    const socket = await connect(client);
    const told = vi.fn();
    client.onUpdate.addListener(told);
    for (const code of ["idle", "slow", "not_signed_in", "too_big"]) {
      socket.receive({ state: "error", error: "Because.", code });
    }
    expect(told).not.toHaveBeenCalled();
  });

  it("ends with the reason that the server gave to the whole session", async () => {
    const told = vi.fn();
    const socket = await connect(client);
    client.onUpdate.addListener(told);
    socket.receive({ state: "error", error: "This board was deleted.", code: "refused", seq: 1 });
    socket.breaks(1000);
    expect([client.status, client.reason]).toEqual(["ended", "This board was deleted."]);
    expect(told).not.toHaveBeenCalled();
  });

  it("reports the close code", async () => {
    const ends: (number | null)[] = [];
    client.onStatus.addListener(({ code }) => ends.push(code));
    (await connect(client)).breaks(4408);
    expect(ends.slice(-2)).toEqual([null, 4408]);
  });

  it("ends when its hello is too big, because the next one would be too", async () => {
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    socket.breaks(1009);
    expect(client.status).toBe("ended");
  });

  it("leaves nothing behind when it is closed: no timer, no listener", async () => {
    const socket = await connect(client);
    socket.receive({ state: "draining", data: { within: 20 } });
    client.close();
    expect(vi.getTimerCount()).toBe(0);
    setOnline(false);
    setOnline(true);
    showPage();
    expect(client.status).toBe("ended");
  });
});
