import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ISocketResponse, SocketClient } from "@duplex/client/types";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { closeClient, idOf, openClient } from "../support/client";
import { data, STATE } from "../support/contract";

describe("a stream", () => {
  let client: SocketClient;
  let socket: FakeSocket;

  beforeEach(async () => {
    ({ client, socket } = await openClient());
  });
  afterEach(() => {
    closeClient(client);
  });

  const reply = (text: string, more: boolean): void => {
    socket.receive({ state: STATE, data: { text }, id: idOf(socket), ...(more && { more }) });
  };

  /** Reads a stream to its end; answers what came and how it ended. */
  async function read(options = {}): Promise<{ replies: unknown[]; error: unknown }> {
    const replies: unknown[] = [];
    try {
      for await (const one of client.stream(STATE, data("go"), options)) replies.push(one);
    } catch (error) {
      return { replies, error };
    }
    return { replies, error: null };
  }

  it("yields every reply, including the last one, and then ends", async () => {
    const reading = read();
    reply("one", true);
    reply("two", true);
    reply("three", false);
    await expect(reading).resolves.toEqual({
      replies: [{ text: "one" }, { text: "two" }, { text: "three" }],
      error: null,
    });
    expect(socket.of("cancel")).toEqual([]);
    expect(client.pending).toBe(0);
  });

  it("yields replies that arrive while the reader is busy", async () => {
    let free: () => void = () => undefined;
    const replies: unknown[] = [];
    const reading = (async () => {
      for await (const one of client.stream(STATE, data("go"))) {
        replies.push(one);
        if (replies.length === 1) await new Promise<void>((resolve) => (free = resolve));
      }
    })();
    reply("one", true);
    await vi.waitFor(() => {
      expect(replies).toHaveLength(1);
    });
    reply("two", true);
    reply("three", false);
    free();
    await reading;
    expect(replies).toEqual([{ text: "one" }, { text: "two" }, { text: "three" }]);
  });

  it("fails with a numbered error, which is one of the session's messages", async () => {
    const updates: ISocketResponse[] = [];
    client.onUpdate.addListener((frame) => updates.push(frame));
    const reading = read();
    socket.receive({ state: STATE, data: { text: "one" }, id: idOf(socket), more: true, seq: 1 });
    socket.receive({ state: "error", error: "No.", code: "refused", id: idOf(socket), seq: 2 });
    await expect(reading).resolves.toMatchObject({
      replies: [{ text: "one" }],
      error: { code: "refused" },
    });
    expect(updates.map(({ state }) => state)).toEqual([STATE, "error"]);
    socket.receive({ state: STATE, data: { text: "other" }, from: "p-2", seq: 3 });
    expect(client.status).toBe("open");
    expect(client.resume?.seq).toBe(3);
  });

  it("may end with a frame without data", async () => {
    const reading = read();
    reply("one", true);
    socket.receive({ state: STATE, data: null, id: idOf(socket) });
    await expect(reading).resolves.toEqual({ replies: [{ text: "one" }], error: null });
  });

  it("resolves request() with its last reply", async () => {
    const last = client.request(STATE, data("go"));
    reply("one", true);
    reply("two", false);
    await expect(last).resolves.toEqual({ text: "two" });
  });

  it("is cancelled on the server when the loop is left", async () => {
    const reading = (async () => {
      for await (const one of client.stream(STATE, data("go"))) return one;
      return null;
    })();
    reply("one", true);
    await expect(reading).resolves.toEqual({ text: "one" });
    expect(socket.of("cancel")).toEqual([{ state: "cancel", id: idOf(socket) }]);
    expect(client.pending).toBe(0);
  });

  it("fails with the server's sentence after its earlier replies", async () => {
    const reading = read();
    reply("one", true);
    socket.receive({ state: "error", error: "It broke.", code: "internal", id: idOf(socket) });
    await expect(reading).resolves.toMatchObject({
      replies: [{ text: "one" }],
      error: { code: "internal", message: "It broke." },
    });
  });

  it("stops on its signal and at its deadline", async () => {
    const controller = new AbortController();
    const aborted = read({ signal: controller.signal });
    controller.abort();
    await expect(aborted).resolves.toMatchObject({ error: { code: "cancelled" } });

    const late = read({ deadline: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(late).resolves.toMatchObject({ error: { code: "deadline" } });
    expect(socket.of("cancel")).toHaveLength(2);
  });

  it("continues over a new connection", async () => {
    const reading = read();
    const sent = idOf(socket);
    reply("one", true);
    socket.breaks();
    socket = await nextSocket();
    welcome(socket, { recovered: true });
    expect(idOf(socket)).toBe(sent);
    reply("two", false);
    await expect(reading).resolves.toMatchObject({ replies: [{ text: "one" }, { text: "two" }] });
  });

  describe("whose session lost its history while the connection was away", () => {
    async function comeBack(): Promise<unknown> {
      const sent = idOf(socket);
      socket.breaks();
      socket = await nextSocket();
      welcome(socket, { recovered: false, seq: 900 });
      return sent;
    }

    it("reports missing replies, and does not end as if it were complete", async () => {
      const reading = read();
      reply("one", true);
      const sent = await comeBack();
      socket.receive({
        state: STATE,
        data: { text: "nine hundred" },
        id: sent,
        seq: 901,
        more: true,
      });
      socket.receive({ state: STATE, data: null, id: sent, seq: 902 });
      await expect(reading).resolves.toMatchObject({
        replies: [{ text: "one" }],
        error: { code: "interrupted" },
      });
      expect(socket.requests()).toEqual([]);
      expect(socket.of("cancel")).toEqual([{ state: "cancel", id: sent }]);
    });

    it("does not resolve request() with an older reply", async () => {
      const last = client.request(STATE, data("go"));
      last.catch(() => undefined);
      reply("one", true);
      const sent = await comeBack();
      socket.receive({ state: STATE, data: null, id: sent, seq: 902 });
      await expect(last).rejects.toMatchObject({ code: "interrupted" });
    });
  });

  it("is cancelled when nobody reads it, before it fills the memory", async () => {
    const stream = client.stream(STATE, data("go"));
    const first = stream.next();
    reply("the first", true);
    await first;
    for (let n = 0; n < 1_001; n += 1) reply("unread", true);
    expect(socket.of("cancel")).toHaveLength(1);
    const rest = (async () => {
      const replies: unknown[] = [];
      for await (const one of stream) replies.push(one);
      return replies;
    })();
    await expect(rest).rejects.toMatchObject({ code: "slow" });
  });
});
