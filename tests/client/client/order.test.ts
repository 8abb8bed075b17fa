import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "@duplex/testing";
import { data, socketRequest, STATE } from "../support/contract";

describe("one order, no loss, no duplicates", () => {
  let client: SocketClient;
  let socket: FakeSocket;
  let updates: unknown[];

  beforeEach(async () => {
    vi.useFakeTimers();
    installFakeSocket();
    client = socketRequest({ session: "notes" });
    updates = [];
    client.onUpdate.addListener(({ state, seq }) => updates.push(seq ?? state));
    client.open().catch(() => undefined);
    socket = await nextSocket();
    welcome(socket, { seq: 10 });
    updates = [];
  });
  afterEach(() => {
    client.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function message(seq: number, more = {}): void {
    socket.receive({ state: STATE, data: { text: "t" }, from: "p-2", seq, ...more });
  }

  async function resume(welcomed: Parameters<typeof welcome>[1]): Promise<void> {
    socket = await nextSocket();
    welcome(socket, welcomed);
  }

  it("applies each message once", () => {
    message(11);
    message(11);
    message(12);
    message(9);
    expect(updates).toEqual([11, 12]);
  });

  it("resumes at a gap from the last message before it, and ignores messages after the gap", async () => {
    message(11);
    message(13);
    message(14);
    expect(updates).toEqual([11]);
    expect(socket.closedWith?.code).toBe(4500);
    expect(client.status).toBe("recovering");
    socket = await nextSocket();
    socket.accept();
    expect(socket.sent[0]).toMatchObject({ resume: { seq: 11 } });
  });

  it("applies a replay although the server omits messages that it does not keep", async () => {
    message(11);
    socket.breaks();
    await resume({ recovered: true, seq: 20 });
    updates = [];
    message(14);
    message(18);
    // The session goes on from its head; what was replayed need not reach it.
    message(21);
    expect(updates).toEqual([14, 18, 21]);
    expect(client.status).toBe("open");
    message(23);
    expect(client.status).toBe("recovering");
  });

  it("continues after messages that the server skipped for a slow consumer", () => {
    message(11);
    socket.receive({ state: "skipped", data: { through: 19 } });
    message(20);
    expect(updates).toEqual([11, 20]);
    expect(client.status).toBe("open");
    message(22);
    expect(client.status).toBe("recovering");
  });

  it("starts from the current document when the server cannot replay", async () => {
    message(11);
    socket.breaks();
    await resume({ recovered: false, seq: 40, epoch: "e2" });
    updates = [];
    message(30);
    message(41);
    expect(updates).toEqual([41]);
    socket.breaks();
    socket = await nextSocket();
    socket.accept();
    expect(socket.sent[0]).toMatchObject({ resume: { epoch: "e2", seq: 41 } });
  });

  it("starts from a lower number when the session was restarted", async () => {
    message(11);
    socket.breaks();
    await resume({ recovered: false, seq: 0, epoch: "e2" });
    updates = [];
    message(1);
    expect(updates).toEqual([1]);
  });

  it("applies the own reply once, replayed or repeated, and settles the call", async () => {
    const reply = client.request(STATE, data("mine"));
    const id = socket.requests()[0]?.["id"];
    socket.breaks();
    await resume({ recovered: true, seq: 11 });
    updates = [];
    const own = { state: STATE, data: { text: "mine" }, seq: 11 };
    socket.receive({ ...own, from: "p-ada" });
    socket.receive({ ...own, id });
    expect(updates).toEqual([11]);
    await expect(reply).resolves.toEqual({ text: "mine" });
  });

  it("settles the call of a request that the new document already includes", async () => {
    const reply = client.request(STATE, data("mine"));
    const id = socket.requests()[0]?.["id"];
    socket.breaks();
    await resume({ recovered: false, seq: 11 });
    updates = [];
    socket.receive({ state: STATE, data: { text: "mine" }, seq: 11, id });
    expect(updates).toEqual([]);
    await expect(reply).resolves.toEqual({ text: "mine" });
  });

  it("accepts replies to the sender only, which have no number", () => {
    client.request(STATE, data("mine")).catch(() => undefined);
    socket.receive({ state: STATE, data: { text: "t" }, id: socket.requests()[0]?.["id"] });
    message(11);
    expect(updates).toEqual([STATE, 11]);
  });

  it("counts presence in the same order", () => {
    socket.receive({ state: "joined", data: { participant: "p-2", name: "Bo" }, seq: 11 });
    socket.receive({ state: "joined", data: { participant: "p-2", name: "Bo" }, seq: 11 });
    socket.receive({ state: "left", data: { participant: "p-2", name: "Bo" }, seq: 12 });
    expect(updates).toEqual([11, 12]);
    expect(FakeSocket.all).toHaveLength(1);
  });
});
