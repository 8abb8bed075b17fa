import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createSessionStore, type SessionStore } from "@duplex/session/store";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "@duplex/testing";
import { pageTransition } from "@duplex/testing";
import { data, PARTS, socketRequest, STATE, STREAM, texts, textsOf } from "../support/contract";

describe("the session store", () => {
  let store: SessionStore;
  let socket: FakeSocket;

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    installFakeSocket();
    store = createSessionStore(() => PARTS);
    store.initialiseSocket({ session: "notes", name: "Ada" }).catch(() => undefined);
    socket = await nextSocket();
    welcome(socket, { snapshot: texts("old"), seq: 5 });
  });
  afterEach(() => {
    store.closeSocket();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const now = (): ReturnType<SessionStore["getSnapshot"]> => store.getSnapshot();
  const shown = (): string[] => textsOf(now().document);
  const names = (): string[] => now().participants.map(({ name }) => name);

  it("shows the session as the server initialised it", () => {
    expect(now()).toMatchObject({
      status: "open",
      reason: null,
      session: "notes",
      participant: "p-ada",
      name: "Ada",
      contractChanged: false,
    });
    expect(names()).toEqual(["Ada"]);
    expect(shown()).toEqual(["old"]);
  });

  it("applies own replies and updates of others to the document, once each and in order", async () => {
    const reply = store.sendSocketRequest(STATE, data("mine"));
    const id = socket.requests()[0]?.["id"];
    socket.receive({ state: STATE, data: { text: "theirs" }, from: "p-2", seq: 6 });
    socket.receive({ state: STATE, data: { text: "mine" }, id, seq: 7 });
    socket.receive({ state: STATE, data: { text: "mine" }, id, seq: 7 });
    await reply;
    expect(shown()).toEqual(["old", "p-2: theirs", "mine"]);
  });

  it("builds the request with the state's watcher from the page's form", async () => {
    const reply = store.watchRequestSocket(STATE, { text: "from the form" });
    const request = socket.requests()[0];
    expect(request).toMatchObject({ state: STATE, data: data("from the form") });
    expect(now().pending).toBe(1);
    socket.receive({ state: STATE, data: { text: "done" }, id: request?.["id"], seq: 6 });
    await expect(reply).resolves.toEqual({ text: "done" });
    expect(now().pending).toBe(0);
  });

  it("reports the error of a request only to its caller", async () => {
    const reply = store.sendSocketRequest(STATE, data("no"));
    const id = socket.requests()[0]?.["id"];
    socket.receive({ state: "error", error: "No.", code: "refused", id });
    await expect(reply).rejects.toMatchObject({ message: "No." });
    expect(now()).toMatchObject({ error: null, pending: 0, status: "open" });
  });

  it("shows an error that belongs to no request", () => {
    socket.receive({ state: "error", error: "Slow down.", code: "too_fast" });
    expect(now().error).toBe("Slow down.");
    socket.receive({ state: STATE, data: { text: "on" }, from: "p-2", seq: 6 });
    expect(now().error).toBeNull();
  });

  it("follows participants who join and leave", () => {
    socket.receive({ state: "joined", data: { participant: "p-2", name: "Bo" }, seq: 6 });
    socket.receive({ state: "joined", data: { participant: "p-2", name: "Bob" }, seq: 7 });
    expect(names()).toEqual(["Ada", "Bob"]);
    socket.receive({ state: "left", data: { participant: "p-2", name: "Bob" }, seq: 8 });
    socket.receive({ state: "left", data: { participant: "p-ada", name: "Ada" }, seq: 9 });
    expect(names()).toEqual(["Ada"]);
  });

  it("follows combined changes of presence, and the size of a crowd", () => {
    const [bo, cy] = [
      { participant: "p-2", name: "Bo" },
      { participant: "p-3", name: "Cy" },
    ];
    socket.receive({ state: "presence", data: { joined: [bo, cy], left: [], total: 3 }, seq: 6 });
    expect(names()).toEqual(["Ada", "Bo", "Cy"]);
    socket.receive({ state: "presence", data: { joined: [], left: [bo], total: 2 }, seq: 7 });
    expect(now()).toMatchObject({ total: 2, contractChanged: false });
    expect(names()).toEqual(["Ada", "Cy"]);
    socket.receive({ state: "presence", data: { total: 5_000 }, seq: 8 });
    expect(now().total).toBe(5_000);
    socket.receive({ state: "presence", data: { participants: [cy], total: 1 }, seq: 9 });
    expect(names()).toEqual(["Cy"]);
  });

  it("lists its own participant in a crowd, and applies no replayed change again", async () => {
    socket.breaks();
    socket = await nextSocket();
    const first = { participant: "p-1", name: "First" };
    welcome(socket, { recovered: true, seq: 8, participants: [first], participants_total: 500 });
    expect(names()).toEqual(["First", "Ada"]);
    socket.receive({ state: "left", data: first, seq: 7 });
    socket.receive({ state: "presence", data: { total: 499 }, seq: 8 });
    expect(names()).toEqual(["First", "Ada"]);
    expect(now().total).toBe(500);
  });

  it("sets the fields that a request holds, and applies no replayed change again", async () => {
    const held = (busy: unknown, seq: number) =>
      socket.receive({ state: "held", data: { busy } as object, seq });
    held({ by: "Bo" }, 6);
    expect(now().document).toMatchObject({ busy: { by: "Bo" } });
    expect(shown()).toEqual(["old"]);
    expect(now().contractChanged).toBe(false);
    socket.breaks();
    socket = await nextSocket();
    welcome(socket, { recovered: true, seq: 7, snapshot: texts("old") });
    held(null, 7);
    expect(now().document).not.toHaveProperty("busy");
    held({ by: "Cy" }, 8);
    held(null, 9);
    expect(now().document).toMatchObject({ busy: null });
  });

  it("uses the server's document after a resume and applies no replayed message to it", async () => {
    socket.breaks();
    expect(now().status).toBe("recovering");
    expect(shown()).toEqual(["old"]);
    socket = await nextSocket();
    welcome(socket, { recovered: true, seq: 7, snapshot: texts("old", "missed", "mine") });
    socket.receive({ state: STATE, data: { text: "missed" }, from: "p-2", seq: 6 });
    socket.receive({ state: STATE, data: { text: "mine" }, from: "p-ada", seq: 7 });
    // Once each: the server's snapshot has them, and what is replayed is not added again.
    expect(shown()).toEqual(["old", "missed", "mine"]);
    socket.receive({ state: STATE, data: { text: "next" }, from: "p-2", seq: 8 });
    expect(shown()).toEqual(["old", "missed", "mine", "p-2: next"]);
  });

  it("uses the current document when the server could not recover the session", async () => {
    socket.breaks();
    socket = await nextSocket();
    welcome(socket, { recovered: false, seq: 90, snapshot: texts("fresh") });
    expect(shown()).toEqual(["fresh"]);
  });

  it("explains why it ended, and keeps the document", () => {
    socket.breaks(4408);
    expect(now()).toMatchObject({
      status: "ended",
      reason: "The session ended because nothing happened for a while.",
    });
    expect(shown()).toEqual(["old"]);
  });

  it("delivers the reply of a closing state before the session ends", async () => {
    const reply = store.sendSocketRequest(STATE, data("bye"));
    const id = socket.requests()[0]?.["id"];
    socket.receive({ state: STATE, data: { text: "saved" }, id, seq: 6 });
    socket.breaks(1000, "ended");
    await expect(reply).resolves.toEqual({ text: "saved" });
    expect(now()).toMatchObject({ status: "ended", reason: "The session has ended.", pending: 0 });
  });

  it("reports a changed contract, also without a connection", async () => {
    socket.breaks();
    socket = await nextSocket();
    welcome(socket, { recovered: true, contract_changed: true });
    expect(now().contractChanged).toBe(true);
    socket.breaks();
    expect(now()).toMatchObject({ status: "recovering", contractChanged: true });
  });

  it.each([
    ["messages", "e1"],
    ["session", "e2"],
  ] as const)("tells that %s were lost until that was read", async (loss, epoch) => {
    expect(now().loss).toBeNull();
    socket.breaks();
    socket = await nextSocket();
    welcome(socket, { recovered: false, seq: 90, epoch });
    expect(now().loss).toBe(loss);
    socket.breaks();
    socket = await nextSocket();
    welcome(socket, { recovered: true, seq: 90, epoch });
    expect(now().loss).toBe(loss);
    store.forgetLoss();
    expect(now().loss).toBeNull();
  });

  it("reports a draining server until another one has answered", async () => {
    socket.receive({ state: "draining", data: { within: 20 } });
    expect(now()).toMatchObject({ status: "open", draining: true });
    socket.breaks(4503);
    expect(now()).toMatchObject({ status: "recovering", draining: true });
    socket = await nextSocket();
    welcome(socket, { recovered: true });
    expect(now().draining).toBe(false);
  });

  it("handles the server's own frames", () => {
    for (const state of ["authenticate", "expiring", "pong"]) {
      socket.receive({ state, data: null });
    }
    expect(now()).toMatchObject({ status: "open", contractChanged: false, error: null });
  });

  it("survives a state that only a newer server knows", () => {
    socket.receive({ state: "brandNew", data: {}, from: "p-2", seq: 6 });
    socket.receive({ state: "toString", data: {}, from: "p-2", seq: 7 });
    expect(now()).toMatchObject({ status: "open", contractChanged: true });
    expect(shown()).toEqual(["old"]);
  });

  it("counts a stream as waiting until its last reply", async () => {
    const stream = store.streamSocketRequest(STATE, data("go"));
    const first = stream.next();
    await vi.advanceTimersByTimeAsync(0);
    expect(now().pending).toBe(1);
    const { id } = socket.requests().at(-1) ?? {};
    socket.receive({ state: STATE, data: { text: "one" }, id, more: true });
    await expect(first).resolves.toMatchObject({ value: { text: "one" } });
    socket.receive({ state: STATE, data: { text: "two" }, id });
    await expect(stream.next()).resolves.toMatchObject({ value: { text: "two" } });
    await expect(stream.next()).resolves.toMatchObject({ done: true });
    expect(now().pending).toBe(0);
  });

  it("measures the latency", async () => {
    await vi.advanceTimersByTimeAsync(30);
    socket.receive({ state: "pong" });
    expect(now().latency).toBe(30);
  });

  it("reports every frame of every socket to listeners", async () => {
    const names: unknown[] = [];
    store.onWire.addListener(({ direction, frame }) => names.push([direction, frame["state"]]));
    socket.receive({ state: STATE, data: { text: "t" }, from: "p-2", seq: 6 });
    store.initialiseSocket({ session: "other" }).catch(() => undefined);
    welcome(await nextSocket());
    expect(names.slice(0, 2)).toEqual([
      ["received", STATE],
      ["sent", "leave"],
    ]);
    expect(names.slice(2, 4)).toEqual([
      ["sent", undefined],
      ["received", "initialised"],
    ]);
  });

  it("never modifies a snapshot: each change is a new object, and without a change it stays the same", () => {
    const before = now();
    const copy = structuredClone(before);
    socket.receive({ state: STATE, data: { text: "new" }, from: "p-2", seq: 6 });
    expect(before).toEqual(copy);
    expect(now()).not.toBe(before);
    expect(now()).toBe(now());
  });

  it("tells subscribers of each change until they unsubscribe", () => {
    const told = vi.fn();
    const unsubscribe = store.subscribe(told);
    socket.receive({ state: STATE, data: { text: "new" }, from: "p-2", seq: 6 });
    expect(told).toHaveBeenCalled();
    unsubscribe();
    told.mockClear();
    socket.receive({ state: STATE, data: { text: "new" }, from: "p-2", seq: 7 });
    expect(told).not.toHaveBeenCalled();
  });

  it("a throwing subscriber stops neither the others nor a request", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const bug = new Error("a page's bug");
    store.subscribe(() => {
      throw bug;
    });
    const told = vi.fn();
    store.subscribe(told);
    const asked = store.sendSocketRequest(STATE, data("x"));
    const [{ id } = { id: null }] = socket.requests();
    socket.receive({ state: STATE, data: { text: "x" }, id, seq: 6 });
    await expect(asked).resolves.toEqual({ text: "x" });
    expect(told).toHaveBeenCalled();
    expect(reported).toHaveBeenCalledWith(bug);
  });

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

  it("lists the participants of a crowd page by page, until all are known", async () => {
    const person = (name: string) => ({ participant: `p-${name}`, name });
    const [ada, bob, eve] = [person("ada"), person("bob"), person("eve")];
    socket.receive({ state: "presence", data: { total: 3, participants: [ada] } });

    /** Answers the page's next request for participants. */
    async function answer(after: string | undefined, page: object): Promise<void> {
      const request = await vi.waitFor(() => {
        const sent = socket.of("participants").at(-1);
        expect(sent?.["data"]).toEqual(after === undefined ? null : { after });
        return sent;
      });
      socket.receive({ state: "participants", data: page, id: request?.["id"] });
    }
    const names = (): string[] => now().participants.map(({ name }) => name);

    const first = store.listMore();
    // The beginning is known, so the page asks for the next one too.
    await answer(undefined, { participants: [ada], total: 3, next: "1" });
    await answer("1", { participants: [bob], total: 3, next: "2" });
    await first;
    expect(names()).toEqual(["ada", "bob"]);

    const second = store.listMore();
    await answer("2", { participants: [eve], total: 3 });
    await second;
    expect(names()).toEqual(["ada", "bob", "eve"]);
    expect(now().total).toBe(3);
  });

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
