import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { ask, closeClient, idOf, openClient, reconnect, reply } from "../support/client";

describe("requests that end without a reply", () => {
  let client: SocketClient;
  let socket: FakeSocket;

  beforeEach(async () => {
    ({ client, socket } = await openClient());
  });
  afterEach(() => {
    closeClient(client);
  });

  it("give up at their deadline and tell the server", async () => {
    const late = ask(client, "late", { deadline: 2_000 });
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(late).rejects.toMatchObject({ code: "deadline" });
    expect(socket.of("cancel")).toEqual([{ state: "cancel", id: idOf(socket, 0) }]);
    expect(client.pending).toBe(0);
  });

  it("give up after a minute when the caller named no deadline", async () => {
    const forgotten = ask(client, "forgotten");
    socket.breaks();
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(forgotten).rejects.toMatchObject({ code: "deadline" });
  });

  it("wait without a limit if the caller asks for it", async () => {
    const patient = ask(client, "patient", { deadline: Infinity });
    for (let n = 0; n < 7; n += 1) {
      await vi.advanceTimersByTimeAsync(10_000);
      socket.receive({ state: "pong" });
    }
    reply(socket, idOf(socket), "at last");
    await expect(patient).resolves.toEqual({ text: "at last" });
  });

  it("are taken out of the queue when cancelled before they were sent", async () => {
    const controller = new AbortController();
    socket.breaks();
    const cancelled = ask(client, "one", { signal: controller.signal });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    socket = await nextSocket();
    welcome(socket, { recovered: true });
    expect(socket.requests()).toEqual([]);
    expect(socket.of("cancel")).toEqual([]);
  });

  it("are cancelled on the server by their signal, also after a lost connection", async () => {
    const controller = new AbortController();
    const cancelled = ask(client, "one", { signal: controller.signal });
    const sent = idOf(socket);
    socket.breaks();
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    socket = await nextSocket();
    welcome(socket, { recovered: true });
    expect(socket.requests()).toEqual([]);
    expect(socket.of("cancel")).toEqual([{ state: "cancel", id: sent }]);
  });

  it("are settled once although two workers answer them", async () => {
    // One had the stream, the other one the same request, sent again and waiting for it.
    const updates: unknown[] = [];
    client.onUpdate.addListener((frame) => updates.push(frame));
    const outcomes: unknown[] = [];
    const cancelled = ask(client, "one").catch((error: unknown) => outcomes.push(error));
    const error = { state: "error", error: "Cancelled.", code: "cancelled", id: idOf(socket) };
    socket.receive(error);
    socket.receive({ ...error, seq: 1 });
    await cancelled;
    expect(outcomes).toMatchObject([{ code: "cancelled" }]);
    expect(updates).toEqual([{ ...error, seq: 1 }]);
    expect(client.pending).toBe(0);
    const next = ask(client, "two");
    socket = await reconnect(socket, { recovered: true });
    expect(socket.requests()).toHaveLength(1);
    reply(socket, idOf(socket), "two");
    await expect(next).resolves.toEqual({ text: "two" });
  });

  it("are not sent with an aborted signal", async () => {
    await expect(ask(client, "one", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(socket.requests()).toEqual([]);
  });

  it("all fail when the session ends, and new ones at once", async () => {
    const waiting = ask(client, "one");
    socket.breaks(4408);
    await expect(waiting).rejects.toMatchObject({
      code: "ended",
      message: client.reason,
    });
    await expect(ask(client, "two")).rejects.toMatchObject({ code: "ended" });
    expect(() => {
      client.sendPacked({ state: "custom" });
    }).toThrow(/nothing happened/);
  });
});
