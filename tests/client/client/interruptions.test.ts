import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { FakeSocket, nextSocket, setOnline, showPage, welcome } from "@duplex/testing";
import { closeClient, connect, prepareSockets } from "../support/client";
import { data, socketRequest, STATE } from "../support/contract";

/** Longer than any wait for the next attempt. */
const ANY_WAIT = 31_000;

describe("an interrupted connection", () => {
  const token = vi.fn<(options: { refresh: boolean }) => Promise<string | null>>();
  let client: SocketClient;

  beforeEach(() => {
    prepareSockets();
    token.mockReset().mockResolvedValue(null);
    client = socketRequest({ token, session: "notes", name: "Ada" });
  });
  afterEach(() => {
    closeClient(client);
  });

  it("stays connected to a draining server until it is disconnected, then reconnects soon", async () => {
    const socket = await connect(client);
    socket.receive({ state: "draining", data: { within: 20 } });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(client.status).toBe("open");
    socket.breaks(4503);
    welcome(await nextSocket(500), { recovered: true });
    expect(client.status).toBe("open");
  });

  it.each([
    ["without a word before", 4503, false],
    ["for good at the end of a drain", 1012, true],
    ["when it was killed while it drained", 1006, true],
  ])(
    "spreads the return over five seconds when the server closes for all at once, %s",
    async (_, code, drains) => {
      const socket = await connect(client);
      if (drains) socket.receive({ state: "draining", data: { within: 20 } });
      socket.breaks(code);
      await vi.advanceTimersByTimeAsync(2_499);
      expect(FakeSocket.all).toHaveLength(1);
      await nextSocket(1);
      expect(FakeSocket.all).toHaveLength(2);
    },
  );

  it("detects a dead connection within two heartbeats and replaces it at once", async () => {
    const socket = await connect(client);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(socket.of("ping").length).toBeGreaterThan(0);
    expect(socket.closedWith?.code).toBe(4500);
    expect(client.status).toBe("recovering");
    expect(client.reason).toBe("The server does not answer any more.");
    welcome(await nextSocket(), { recovered: true });
    expect(client.status).toBe("open");
    // Frames of the old connection are ignored.
    const heard = vi.fn();
    client.onUnpackedMessage.addListener(heard);
    socket.receive({ state: "left", data: { participant: "p-2", name: "Bo" }, seq: 1 });
    expect(heard).not.toHaveBeenCalled();
    socket.breaks(4403);
    expect(client.status).toBe("open");
  });

  it("is offline while the browser is, and reconnects at once afterwards", async () => {
    const socket = await connect(client);
    socket.breaks();
    (await nextSocket(500)).breaks();
    setOnline(false);
    expect(client.status).toBe("offline");
    setOnline(true);
    const attempts = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.all).toHaveLength(attempts + 1);
    expect(client.status).toBe("recovering");
  });

  it("reconnects at once when the page becomes visible", async () => {
    const socket = await connect(client);
    socket.breaks();
    const attempts = FakeSocket.all.length;
    showPage();
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.all).toHaveLength(attempts + 1);
  });

  it("checks the connection when the network changes or the page is shown again", async () => {
    const socket = await connect(client);
    socket.receive({ state: "pong" });
    const before = socket.of("ping").length;
    showPage();
    expect(socket.of("ping")).toHaveLength(before + 1);
    socket.receive({ state: "pong" });
    setOnline(false);
    expect(socket.of("ping")).toHaveLength(before + 2);
    // A server on this very computer answers without a network.
    socket.receive({ state: "pong" });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(client.status).toBe("open");
  });

  it("keeps its place while the page is suspended, and resumes afterwards", async () => {
    const socket = await connect(client);
    const request = client.request(STATE, data("on its way"));
    const before = FakeSocket.all.length;
    client.suspend();
    expect(socket.of("leave")).toEqual([]);
    expect(socket.closedWith?.code).toBe(4501);
    expect(client.status).toBe("recovering");
    setOnline(true);
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(before);

    client.wake();
    const back = await nextSocket(1);
    back.accept();
    expect(back.sent[0]).toMatchObject({ session: "notes", resume: { token: "resume-secret" } });
    welcome(back, { recovered: true });
    const [again] = back.requests();
    back.receive({ state: STATE, data: { text: "done" }, id: again?.["id"], seq: 1 });
    await expect(request).resolves.toEqual({ text: "done" });
  });

  it("can be suspended before the first reply, and woken without a suspension", async () => {
    client.open().catch(() => undefined);
    await nextSocket();
    client.suspend();
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(1);
    client.wake();
    client.wake();
    welcome(await nextSocket(1));
    expect(client.status).toBe("open");
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("takes over the place of an earlier client", async () => {
    const resume = { token: "r1", epoch: "e1", seq: 7 };
    client = socketRequest({ token, session: "notes", resume });
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    expect(socket.sent[0]).toMatchObject({ session: "notes", resume });
    welcome(socket, { recovered: true, seq: 9, resume_token: "r1" });
    socket.receive({ state: STATE, data: { text: "t" }, from: "p-2", seq: 10 });
    expect(client.resume).toEqual({ token: "r1", epoch: "e1", seq: 10 });
  });

  it("keeps the sequence number of that place until a new message arrives", async () => {
    const resume = { token: "r1", epoch: "e1", seq: 7 };
    client = socketRequest({ token, session: "notes", resume });
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    welcome(socket, { recovered: true, seq: 7, resume_token: "r1" });
    socket.breaks();
    const next = await nextSocket();
    next.accept();
    expect(next.sent[0]).toMatchObject({ resume });
  });
});
