import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ISocketResponse, SocketClient } from "@duplex/client/types";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { ask, closeClient, idOf, openClient, reconnect, reply } from "../support/client";
import { data, socketRequest, STATE } from "../support/contract";

describe("requests", () => {
  let client: SocketClient;
  let socket: FakeSocket;

  beforeEach(async () => {
    ({ client, socket } = await openClient());
  });
  afterEach(() => {
    closeClient(client);
  });

  it("resolve with the reply that carries their id", async () => {
    const [one, two] = [ask(client, "one"), ask(client, "two")];
    expect(client.pending).toBe(2);
    reply(socket, idOf(socket, 1), "for two");
    reply(socket, idOf(socket, 0), "for one");
    await expect(one).resolves.toEqual({ text: "for one" });
    await expect(two).resolves.toEqual({ text: "for two" });
    expect(client.pending).toBe(0);
  });

  it("have short ids that are unique to this visit of the page", async () => {
    void ask(client, "one");
    const first = idOf(socket);
    const other = socketRequest();
    other.open().catch(() => undefined);
    socket = await nextSocket();
    welcome(socket);
    other.request(STATE, data("one")).catch(() => undefined);
    expect(idOf(socket)).not.toBe(first);
    expect(String(idOf(socket)).length).toBeLessThan(20);
    other.close();
  });

  it("reject with the server's sentence, code and details, and the session continues", async () => {
    const refused = ask(client, "one");
    socket.receive({
      state: "error",
      error: "Not now.",
      code: "refused",
      id: idOf(socket),
      details: { state: STATE },
    });
    await expect(refused).rejects.toMatchObject({
      name: "SessionError",
      message: "Not now.",
      code: "refused",
      details: { state: STATE },
    });
    expect(client.status).toBe("open");
    expect(client.pending).toBe(0);
  });

  it("replace half of a surrogate pair, in texts and in names of fields, and leave the rest as it is", () => {
    const half = "\ud83d";
    const text = `${half} 😀 \\ud83d \u0007 ${half}`;
    client.request(STATE, { ...data(text), ...{ [half]: [half, 1] } }).catch(() => undefined);
    expect(socket.requests()[0]?.["data"]).toEqual({
      text: "\ufffd 😀 \\ud83d \u0007 \ufffd",
      "\ufffd": ["\ufffd", 1],
    });
    client.sendPacked({ state: "custom", data: half });
    expect(socket.of("custom")[0]?.["data"]).toBe("\ufffd");
  });

  describe("that the server cannot read", () => {
    const unreadable = {
      state: "error",
      error: "A frame is JSON.",
      code: "bad_frame",
    };
    const texts = (): unknown[] => socket.requests().map((frame) => frame["data"]);

    it("are rejected at once when no other request can be meant, and are not sent again", async () => {
      const asked = ask(client, "one");
      socket.receive(unreadable);
      await expect(asked).rejects.toMatchObject({
        code: "bad_frame",
        message: "A frame is JSON.",
      });
      expect(client.pending).toBe(0);
      socket = await reconnect(socket, { recovered: true });
      expect(texts()).toEqual([]);
    });

    it("are identified among several on a new connection, which sends them one at a time", async () => {
      const [one, bad, last] = [ask(client, "one"), ask(client, "bad"), ask(client, "last")];
      socket.receive(unreadable);
      socket = await nextSocket();
      welcome(socket, { recovered: true });
      expect(texts()).toEqual([data("one")]);
      reply(socket, idOf(socket), "for one");
      expect(texts()).toEqual([data("one"), data("bad")]);
      socket.receive(unreadable);
      reply(socket, idOf(socket), "for last");
      await expect(one).resolves.toEqual({ text: "for one" });
      await expect(bad).rejects.toMatchObject({ code: "bad_frame" });
      await expect(last).resolves.toEqual({ text: "for last" });
      for (const text of ["four", "five"]) void ask(client, text);
      expect(texts().slice(-2)).toEqual([data("four"), data("five")]);
    });

    it("are not confused with a frame without a reply", async () => {
      client.sendPacked({ state: "custom" });
      const asked = ask(client, "one");
      socket.receive(unreadable);
      socket = await nextSocket();
      welcome(socket, { recovered: true });
      expect(socket.of("custom")).toEqual([]);
      reply(socket, idOf(socket), "for one");
      await expect(asked).resolves.toEqual({ text: "for one" });
    });

    it("are not confused with a stream that the server has begun", async () => {
      const replies = client.stream(STATE, data("stream"));
      const first = replies.next();
      reply(socket, idOf(socket), "1", { more: true });
      await first;
      const asked = ask(client, "bad");
      socket.receive(unreadable);
      await expect(asked).rejects.toMatchObject({ code: "bad_frame" });
      const second = replies.next();
      reply(socket, idOf(socket, 0), "2", { more: true });
      await expect(second).resolves.toMatchObject({ value: { text: "2" } });
    });

    it("reject when the error names them", async () => {
      const [one, bad] = [ask(client, "one"), ask(client, "bad")];
      socket.receive({ ...unreadable, id: idOf(socket, 1) });
      await expect(bad).rejects.toMatchObject({ code: "bad_frame" });
      reply(socket, idOf(socket, 0), "for one");
      await expect(one).resolves.toEqual({ text: "for one" });
    });
  });

  it("wait for the connection and go out in their order, each once", async () => {
    socket.breaks();
    void ask(client, "one");
    void ask(client, "two");
    socket = await nextSocket();
    socket.accept();
    expect(socket.requests()).toEqual([]);
    welcome(socket, { recovered: true });
    expect(socket.requests().map((frame) => frame["data"])).toEqual([data("one"), data("two")]);
  });

  it("are refused at once with a clear error when too many wait", async () => {
    socket.breaks();
    for (let n = 0; n < 50; n += 1) void ask(client, "one of many");
    await expect(ask(client, "one too many")).rejects.toMatchObject({
      code: "queue_full",
    });
    expect(() => {
      client.sendPacked({ state: "custom" });
    }).toThrow(/waiting/);
    expect(client.pending).toBe(50);
  });

  it("are refused as too big, not as too many, when one alone would not fit", async () => {
    await expect(ask(client, "x".repeat(1024 * 1024))).rejects.toMatchObject({
      code: "too_big",
      details: {
        size: expect.toSatisfy((size: number) => size > 1024 * 1024) as number,
      },
    });
    expect(client.pending).toBe(0);
  });

  it("wait while the browser's buffer is full", async () => {
    socket.bufferedAmount = 1_000_000;
    void ask(client, "one");
    expect(socket.requests()).toHaveLength(0);
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(50);
    expect(socket.requests()).toHaveLength(1);
  });

  it("reject the one that was too big for the server, and keep the others", async () => {
    const small = ask(client, "small");
    const big = ask(client, "big".repeat(1000));
    const smallId = idOf(socket, 0);
    const refused = vi.fn();
    client.onUpdate.addListener(refused);
    const details = { limit: 2048 };
    socket.receive({
      state: "error",
      error: "At most 2048 bytes.",
      code: "too_big",
      details,
    });
    socket.breaks(1009);
    await expect(big).rejects.toMatchObject({
      code: "too_big",
      details: {
        limit: 2048,
        size: expect.toSatisfy((size: number) => size > 3000) as number,
      },
    });
    // It belongs to that request alone.
    expect(refused).not.toHaveBeenCalled();
    socket = await nextSocket();
    welcome(socket, { recovered: true });
    expect(socket.requests().map((frame) => frame["id"])).toEqual([smallId]);
    reply(socket, smallId, "done");
    await expect(small).resolves.toEqual({ text: "done" });
  });

  it("are not rejected for another frame that was too big", async () => {
    const small = ask(client, "small");
    const smallId = idOf(socket);
    const told = vi.fn();
    client.onUpdate.addListener(told);
    client.sendPacked({ state: "custom", data: "x".repeat(5000) });
    socket.breaks(1009);
    expect(told).toHaveBeenCalledWith(expect.objectContaining({ state: "error", code: "too_big" }));
    socket = await nextSocket();
    welcome(socket, { recovered: true });
    expect(socket.requests().map((frame) => frame["id"])).toEqual([smallId]);
    expect(socket.of("custom")).toEqual([]);
    reply(socket, smallId, "done");
    await expect(small).resolves.toEqual({ text: "done" });
  });

  it("may be frames of any shape through sendPacked", () => {
    client.sendPacked({ state: "custom", data: { n: 0 } });
    expect(socket.sent.at(-1)).toEqual({ state: "custom", data: { n: 0 } });
  });

  describe("listeners", () => {
    it("receive every frame, and none once removed", () => {
      const seen: string[] = [];
      const listener = ({ state }: ISocketResponse): void => {
        seen.push(state);
      };
      client.onUnpackedMessage.addListener(listener);
      client.onUnpackedMessage.addListener(listener);
      socket.receive({ state: "pong" });
      reply(socket, "not mine", "from somebody", { from: "p-2", seq: 1 });
      client.onUnpackedMessage.removeListener(listener);
      socket.receive({ state: "pong" });
      expect(seen).toEqual(["pong", STATE]);
    });

    it("that throw stop neither the others nor the socket", () => {
      const reported = vi.fn();
      vi.stubGlobal("reportError", reported);
      const seen = vi.fn();
      client.onUnpackedMessage.addListener(() => {
        throw new Error("a page's bug");
      });
      client.onUnpackedMessage.addListener(seen);
      socket.receive({ state: "pong" });
      expect(seen).toHaveBeenCalledOnce();
      expect(reported).toHaveBeenCalledOnce();
      expect(client.status).toBe("open");
    });
  });
});
