import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type SessionStore } from "@duplex/session/store";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { closeStore, openStore } from "../support/store";

describe("the participants of a session", () => {
  let store: SessionStore;
  let socket: FakeSocket;

  beforeEach(async () => {
    ({ store, socket } = await openStore());
  });
  afterEach(() => {
    closeStore(store);
  });

  const now = (): ReturnType<SessionStore["getSnapshot"]> => store.getSnapshot();
  const names = (): string[] => now().participants.map(({ name }) => name);

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
});
