import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createSessionStore, type SessionStore } from "@duplex/session/store";
import { FakeSocket, nextSocket, pageTransition, welcome } from "@duplex/testing";
import { data, PARTS, socketRequest, STATE, STREAM, texts, textsOf } from "../support/contract";
import { closeStore, openStore } from "../support/store";

describe("opening a session", () => {
  let store: SessionStore;
  let socket: FakeSocket;

  beforeEach(async () => {
    ({ store, socket } = await openStore());
  });
  afterEach(() => {
    closeStore(store);
  });

  const now = (): ReturnType<SessionStore["getSnapshot"]> => store.getSnapshot();
  const shown = (): string[] => textsOf(now().document);

  it("leaves the old session when another one is opened, and receives nothing of it", async () => {
    store.initialiseSocket({ session: "other" }).catch(() => undefined);
    expect(socket.sent.at(-1)).toEqual({ state: "leave" });
    const old = socket;
    socket = await nextSocket();
    welcome(socket, { session: "other", snapshot: texts("other") });
    old.breaks(4403);
    old.receive({ state: STATE, data: { text: "ghost" }, seq: 6 });
    expect(now()).toMatchObject({ status: "open", session: "other" });
    expect(shown()).toEqual(["other"]);
  });

  describe("while the client is being loaded", () => {
    type Loaded = Awaited<ReturnType<typeof PARTS.load>>;
    let fresh: SessionStore;
    let loaded: (client: Loaded) => void;
    let failed: (error: Error) => void;

    const start = (): Promise<unknown> => fresh.initialiseSocket({ session: "notes", name: "Ada" });
    const arrives = async (): Promise<void> => loaded(await PARTS.load());

    beforeEach(() => {
      const load = (): Promise<Loaded> =>
        new Promise((resolve, reject) => {
          loaded = resolve;
          failed = reject;
        });
      fresh = createSessionStore(() => ({ ...PARTS, load }));
    });
    afterEach(() => {
      fresh.closeSocket();
    });

    it("is connecting, and sends requests and streams afterwards in their order", async () => {
      start().catch(() => undefined);
      expect(fresh.getSnapshot()).toMatchObject({ status: "connecting", session: "notes" });
      fresh.sendSocketRequest(STATE, data("one")).catch(() => undefined);
      const stream = fresh.streamSocketRequest(STREAM, data("two"));
      stream.next().catch(() => undefined);
      fresh.sendSocketRequest(STATE, data("three")).catch(() => undefined);
      await arrives();
      socket = await nextSocket();
      welcome(socket);
      const sent = socket.requests().map((request) => request["data"]);
      expect(sent).toEqual([data("one"), data("two"), data("three")]);
    });

    it("opens nothing when the session is left before", async () => {
      const starting = start();
      const request = fresh.sendSocketRequest(STATE, data("one"));
      fresh.closeSocket();
      expect(fresh.getSnapshot()).toMatchObject({ status: "ended", code: 1000 });
      const count = FakeSocket.all.length;
      await arrives();
      await expect(starting).rejects.toMatchObject({ code: "ended" });
      await expect(request).rejects.toMatchObject({ code: "ended" });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(FakeSocket.all).toHaveLength(count);
    });

    it("opens only the session that was asked for last", async () => {
      const first = start();
      const firstArrives = loaded;
      fresh.initialiseSocket({ session: "other" }).catch(() => undefined);
      firstArrives(await PARTS.load());
      await expect(first).rejects.toMatchObject({ code: "ended" });
      await arrives();
      socket = await nextSocket();
      socket.accept();
      expect(socket.sent[0]).toMatchObject({ session: "other" });
    });

    it("ends the session when that fails, and may be tried again", async () => {
      const report = vi.fn();
      vi.stubGlobal("reportError", report);
      const starting = start();
      const lost = new Error("no such file");
      failed(lost);
      await expect(starting).rejects.toMatchObject({ message: expect.stringMatching(/loaded/u) });
      expect(fresh.getSnapshot()).toMatchObject({ status: "ended", code: 1006 });
      expect(report).toHaveBeenCalledWith(lost);

      start().catch(() => undefined);
      await arrives();
      socket = await nextSocket();
      welcome(socket);
      expect(fresh.getSnapshot()).toMatchObject({ status: "open", reason: null, code: null });
    });

    it("keeps the place of an earlier page for the next one", async () => {
      store.handOver();
      fresh = createSessionStore(() => ({ ...PARTS, load: () => new Promise(() => undefined) }));
      start().catch(() => undefined);
      pageTransition("pagehide", false);
      const next = createSessionStore(() => PARTS);
      next.initialiseSocket({ session: "notes" }).catch(() => undefined);
      socket = await nextSocket();
      socket.accept();
      expect(socket.sent[0]).toHaveProperty("resume");
      next.closeSocket();
    });
  });

  it("opens with a client that the application gives instead of loading it", async () => {
    const { contract, watchers } = PARTS;
    const given = createSessionStore(() => ({ contract, watchers, socketRequest }));
    given.initialiseSocket({ session: "notes" }).catch(() => undefined);
    socket = await nextSocket();
    welcome(socket, { session: "notes" });
    expect(given.getSnapshot()).toMatchObject({ status: "open", session: "notes" });
    given.closeSocket();
  });

  it("refuses requests without a session", async () => {
    const fresh = createSessionStore(() => PARTS);
    await expect(fresh.sendSocketRequest(STATE, data("x"))).rejects.toMatchObject({
      code: "not_initialised",
    });
  });

  it("rejects when the server refuses, with the reason also in the state", async () => {
    const starting = store.initialiseSocket({ session: "secret" });
    socket = await nextSocket();
    socket.accept();
    socket.receive({ state: "error", error: "You may not join.", code: "forbidden" });
    socket.breaks(4403);
    await expect(starting).rejects.toMatchObject({ code: "forbidden" });
    expect(now()).toMatchObject({ status: "ended", reason: "You may not join." });
  });
});
