import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createSessionStore, type SessionStore } from "@duplex/session/store";
import { FakeSocket, nextSocket, pageTransition, welcome } from "@duplex/testing";
import { data, PARTS, STATE, STREAM, texts, textsOf } from "../support/contract";
import { closeStore, openStore } from "../support/store";

describe("the place of a page in its session", () => {
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

  describe("before a reload of the page", () => {
    it("passes its place to the reloaded page once, and does not leave", async () => {
      store.handOver();
      pageTransition("pagehide", false);
      expect(socket.of("leave")).toEqual([]);
      // Not 4501: nobody need see it leave.
      expect(socket.closedWith?.code).toBe(4500);

      const next = createSessionStore(() => PARTS);
      expect(sessionStorage).toHaveLength(0);
      for (const resume of [{ token: "resume-secret", epoch: "e1", seq: 5 }, undefined]) {
        next.initialiseSocket({ session: "notes", name: "Ada" }).catch(() => undefined);
        socket = await nextSocket();
        socket.accept();
        expect(socket.sent[0]?.["resume"]).toEqual(resume);
      }
      next.closeSocket();
    });

    it("passes nothing to another session", async () => {
      store.handOver();
      const next = createSessionStore(() => PARTS);
      next.initialiseSocket({ session: "other" }).catch(() => undefined);
      socket = await nextSocket();
      socket.accept();
      expect(socket.sent[0]).not.toHaveProperty("resume");
      next.closeSocket();
    });

    it("ignores invalid data in the storage", async () => {
      const halves = ['{"session":"notes","token":7}', '{"session":"notes","token":"t"}'];
      for (const text of ["{", "null", "{}", ...halves]) {
        sessionStorage.setItem("session-place", text);
        const next = createSessionStore(() => PARTS);
        next.initialiseSocket({ session: "notes" }).catch(() => undefined);
        socket = await nextSocket();
        socket.accept();
        expect(socket.sent[0]).not.toHaveProperty("resume");
        next.closeSocket();
      }
    });
  });

  describe("when the page is closed or suspended", () => {
    it("is seen to leave, and keeps its place for a reload", async () => {
      pageTransition("pagehide", false);
      expect(socket.of("leave")).toEqual([]);
      expect(socket.closedWith?.code).toBe(4501);

      const next = createSessionStore(() => PARTS);
      next.initialiseSocket({ session: "notes" }).catch(() => undefined);
      socket = await nextSocket();
      socket.accept();
      expect(socket.sent[0]?.["resume"]).toEqual({ token: "resume-secret", epoch: "e1", seq: 5 });
      next.closeSocket();
    });

    it("keeps no place in a session that it has left", () => {
      store.closeSocket();
      pageTransition("pagehide", false);
      expect(sessionStorage).toHaveLength(0);
    });

    /** A stream had its first reply, then the page was reloaded: its id, and the store of the new page. */
    async function reloadedStream(
      ...shown: string[]
    ): Promise<{ id: unknown; next: SessionStore }> {
      const reading = store.streamSocketRequest(STREAM, data("question"));
      const first = reading.next();
      const id = socket.requests().at(-1)?.["id"];
      socket.receive({ state: STREAM, data: { text: "one" }, id, more: true, seq: 6 });
      await expect(first).resolves.toMatchObject({ value: { text: "one" } });
      pageTransition("pagehide", false);

      const next = createSessionStore(() => PARTS);
      next.initialiseSocket({ session: "notes" }).catch(() => undefined);
      socket = await nextSocket();
      welcome(socket, { recovered: true, seq: 7, snapshot: texts(...shown) });
      return { id, next };
    }

    it("continues its streams after a reload, from their first reply on", async () => {
      const { id, next } = await reloadedStream("one", "two");
      expect(next.getSnapshot().streaming).toEqual([{ state: STREAM, from: null }]);
      // Sent again under its id, which the server has handled already.
      expect(socket.requests()).toEqual([{ state: STREAM, data: data("question"), id }]);
      socket.receive({ state: STREAM, data: { text: "two" }, id, more: true, seq: 7 });

      expect(next.resumedStreams(STATE)).toEqual([]);
      const [resumed] = next.resumedStreams(STREAM);
      expect(next.resumedStreams(STREAM)).toEqual([]);
      expect(resumed?.data).toEqual(data("question"));
      socket.receive({ state: STREAM, data: null, id, seq: 8, ended: "done" });
      const whole: string[] = [];
      for await (const { text } of resumed?.replies ?? []) whole.push(text);
      expect(whole).toEqual(["one", "two"]);
      expect(socket.of("cancel")).toEqual([]);
      expect(next.getSnapshot().streaming).toEqual([]);
      next.closeSocket();
    });

    it("can cancel a stream of before the reload that waits for its next reply", async () => {
      const { id, next } = await reloadedStream("one");
      const [resumed] = next.resumedStreams(STREAM);
      const { replies } = resumed ?? expect.unreachable("the stream was not resumed");
      await expect(replies.next()).resolves.toMatchObject({ value: { text: "one" } });
      const waiting = replies.next();
      resumed?.cancel();
      await expect(waiting).resolves.toMatchObject({ done: true });
      expect(socket.of("cancel")).toEqual([{ state: "cancel", id }]);
      next.closeSocket();
    });

    it("keeps its place while it is suspended, and resumes it afterwards", async () => {
      const reply = store.sendSocketRequest(STATE, data("mine"));
      pageTransition("pagehide", true);
      expect(socket.of("leave")).toEqual([]);
      expect(socket.closedWith?.code).toBe(4501);
      expect(now().status).toBe("recovering");

      pageTransition("pageshow", true);
      socket = await nextSocket();
      socket.accept();
      expect(socket.sent[0]).toMatchObject({ session: "notes", resume: { epoch: "e1", seq: 5 } });
      welcome(socket, { recovered: true, seq: 6, snapshot: texts("old", "missed") });
      socket.receive({ state: STATE, data: { text: "missed" }, from: "p-2", seq: 6 });
      const id = socket.requests()[0]?.["id"];
      socket.receive({ state: STATE, data: { text: "mine" }, id, seq: 7 });
      await expect(reply).resolves.toEqual({ text: "mine" });
      expect(now()).toMatchObject({ status: "open", loss: null });
      expect(shown()).toEqual(["old", "missed", "mine"]);
    });

    it("resumes nothing on a first visit, or for an ended session", async () => {
      store.closeSocket();
      const sockets = FakeSocket.all.length;
      pageTransition("pagehide", true);
      pageTransition("pageshow", true);
      createSessionStore(() => PARTS);
      pageTransition("pageshow", false);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(FakeSocket.all).toHaveLength(sockets);
    });
  });
});
