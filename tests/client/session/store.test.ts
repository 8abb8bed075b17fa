import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type SessionStore } from "@duplex/session/store";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { data, STATE, texts, textsOf } from "../support/contract";
import { closeStore, openStore } from "../support/store";

describe("the session store", () => {
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
});
