import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { ask, closeClient, idOf, openClient, reconnect, reply } from "../support/client";
import { data } from "../support/contract";

describe("requests after a lost connection", () => {
  let client: SocketClient;
  let socket: FakeSocket;

  beforeEach(async () => {
    ({ client, socket } = await openClient());
  });
  afterEach(() => {
    closeClient(client);
  });

  it("are sent again after a resume when unanswered: same id, same order, handled ones not", async () => {
    const [one, two, three] = [ask(client, "one"), ask(client, "two"), ask(client, "three")];
    const ids = socket.requests().map((frame) => frame["id"]);
    reply(socket, ids[1], "done", { seq: 1 });
    await two;
    socket = await reconnect(socket, { recovered: true, seq: 1 });
    expect(socket.requests().map((frame) => frame["id"])).toEqual([ids[0], ids[2]]);
    reply(socket, ids[0], "one done");
    reply(socket, ids[2], "three done");
    await expect(one).resolves.toEqual({ text: "one done" });
    await expect(three).resolves.toEqual({ text: "three done" });
  });

  it("are not sent again once the reply was replayed", async () => {
    const one = ask(client, "one");
    const sent = idOf(socket);
    socket = await reconnect(socket, { recovered: true, seq: 1 });
    reply(socket, sent, "done", { seq: 1 });
    await expect(one).resolves.toEqual({ text: "done" });
    socket = await reconnect(socket, { recovered: true, seq: 1 });
    expect(socket.requests()).toEqual([]);
  });

  it("are sent again to a server that lost the log but knows the participant", async () => {
    void ask(client, "one");
    const sent = idOf(socket);
    socket = await reconnect(socket, { recovered: false, seq: 900 });
    expect(socket.requests().map((frame) => frame["id"])).toEqual([sent]);
  });

  it.each([
    ["a restarted session", { epoch: "e2" }],
    ["a new participant", { participant: "p-new" }],
  ])("are never sent as new to %s: their outcome is not known", async (_, changed) => {
    const sent = ask(client, "sent");
    socket.breaks();
    const unsent = ask(client, "not sent yet");
    socket = await nextSocket();
    welcome(socket, { recovered: false, ...changed });
    await expect(sent).rejects.toMatchObject({ code: "outcome_unknown" });
    expect(socket.requests().map((frame) => frame["data"])).toEqual([data("not sent yet")]);
    reply(socket, idOf(socket), "done");
    await expect(unsent).resolves.toEqual({ text: "done" });
  });

  it("are not sent as new requests while they wait to be sent again", async () => {
    const sent = ask(client, "sent");
    socket.breaks();
    socket = await nextSocket();
    socket.bufferedAmount = 1_000_000;
    welcome(socket, { recovered: true });
    expect(socket.requests()).toEqual([]);
    socket = await reconnect(socket, { recovered: false, epoch: "e2" });
    await expect(sent).rejects.toMatchObject({ code: "outcome_unknown" });
    expect(socket.requests()).toEqual([]);
  });

  it("cancel on the server also while they wait to be sent again", async () => {
    const controller = new AbortController();
    void ask(client, "one", { signal: controller.signal });
    const sent = idOf(socket);
    socket.breaks();
    socket = await nextSocket();
    socket.bufferedAmount = 1_000_000;
    welcome(socket, { recovered: true });
    controller.abort();
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(50);
    expect(socket.of("cancel")).toEqual([{ state: "cancel", id: sent }]);
    expect(socket.requests()).toEqual([]);
  });
});
