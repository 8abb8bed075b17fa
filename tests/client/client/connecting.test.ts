import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { FakeSocket, installFakeSocket, nextSocket, welcome } from "@duplex/testing";
import { setOnline, showPage } from "@duplex/testing";
import { CONTRACT, data, socketRequest, STATE } from "../support/contract";

/** Longer than any wait for the next attempt. */
const ANY_WAIT = 31_000;

describe("connecting", () => {
  const token = vi.fn<(options: { refresh: boolean }) => Promise<string | null>>();
  let client: SocketClient;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    installFakeSocket();
    token.mockReset().mockResolvedValue(null);
    client = socketRequest({ token, session: "notes", name: "Ada" });
  });
  afterEach(() => {
    client.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  /** Connects; answers the socket and what `open` came to. */
  async function connect(): Promise<FakeSocket> {
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    welcome(socket);
    return socket;
  }

  it("sends a hello with token, session, name and contract to the page's own server", async () => {
    token.mockResolvedValue("token-1");
    const opening = client.open();
    const socket = await nextSocket();
    expect(client.status).toBe("connecting");
    expect(socket.url).toBe(`${location.origin.replace("http", "ws")}/api/v1/socket`);
    socket.accept();
    expect(socket.sent).toEqual([
      { token: "token-1", session: "notes", name: "Ada", contract: CONTRACT },
    ]);
    welcome(socket, { participant: "p-7" });
    await expect(opening).resolves.toMatchObject({ session: "notes", participant: "p-7" });
    expect(client.status).toBe("open");
  });

  it("omits missing fields from the hello", async () => {
    client = socketRequest({ token });
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    expect(socket.sent).toEqual([{ contract: CONTRACT }]);
  });

  it("requests a token for every attempt", async () => {
    token.mockResolvedValueOnce("token-1").mockResolvedValueOnce("token-2");
    const first = await connect();
    first.breaks();
    const second = await nextSocket();
    second.accept();
    expect(second.sent[0]).toMatchObject({ token: "token-2" });
  });

  it("resumes its place in the session that the server named", async () => {
    client = socketRequest({ token });
    client.open().catch(() => undefined);
    const first = await nextSocket();
    welcome(first, { session: "made-by-server", epoch: "e9", seq: 41, resume_token: "r1" });
    first.receive({ state: "joined", data: { participant: "p-2", name: "Bo" }, seq: 42 });
    first.breaks();
    expect(client.status).toBe("recovering");
    const second = await nextSocket();
    second.accept();
    expect(second.sent[0]).toMatchObject({
      session: "made-by-server",
      resume: { token: "r1", epoch: "e9", seq: 42 },
    });
  });

  it("keeps trying without a server, with increasing delays, and reports it", async () => {
    client.open().catch(() => undefined);
    const reasons: (string | null)[] = [];
    client.onStatus.addListener(({ reason }) => reasons.push(reason));
    (await nextSocket()).breaks();
    for (const wait of [500, 1000, 2000, 4000]) {
      const attempts = FakeSocket.all.length;
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(FakeSocket.all).toHaveLength(attempts);
      const socket = await nextSocket(1);
      expect(FakeSocket.all).toHaveLength(attempts + 1);
      socket.breaks();
    }
    expect(client.status).toBe("connecting");
    expect(reasons).toContain("The connection was lost.");
  });

  it("tries again when no token is available, as without a server", async () => {
    token.mockRejectedValueOnce(new Error("no network")).mockResolvedValue("token-1");
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    expect(client.reason).toBe("The server cannot be reached.");
    welcome(socket);
    expect(client.status).toBe("open");
  });

  it("ends with a sentence when the browser refuses the address, and does not try again", async () => {
    const attempts = vi.fn(function refuse() {
      throw new DOMException("The URL is invalid.", "SyntaxError");
    });
    vi.stubGlobal("WebSocket", attempts);
    const states: string[] = [];
    client = socketRequest({ token, url: "ws://nowhere:port" });
    client.onStatus.addListener(({ status }) => states.push(status));
    const refused = expect(client.open()).rejects.toMatchObject({ code: "ended" });
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    await refused;
    expect(states).toEqual(["connecting", "ended"]);
    expect(client.reason).toBe("This browser refuses to connect to ws://nowhere:port.");
    expect(attempts).toHaveBeenCalledTimes(1);
  });

  it("gives up an attempt that takes too long, also when only the answer to the hello is missing", async () => {
    client.open().catch(() => undefined);
    const silent = await nextSocket();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(silent.closedWith).not.toBeNull();
    expect(client.reason).toBe("Connecting took too long.");
    const half = await nextSocket();
    expect(half).not.toBe(silent);
    half.accept();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(half.closedWith).not.toBeNull();
  });

  it("ends with the server's own sentence when the hello is refused", async () => {
    const opening = client.open();
    const socket = await nextSocket();
    socket.accept();
    socket.receive({ state: "error", error: "This session is full.", code: "forbidden" });
    socket.breaks(4403);
    await expect(opening).rejects.toMatchObject({
      name: "SessionError",
      code: "forbidden",
      message: "This session is full.",
    });
    expect(client.status).toBe("ended");
    expect(client.reason).toBe("This session is full.");
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("reports once why the server is busy, and tries again", async () => {
    const told = vi.fn();
    client.onUpdate.addListener(told);
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    const error = "The session's store cannot be reached.";
    socket.receive({ state: "error", error, code: "broker_unavailable" });
    socket.breaks(4503);
    expect(client.reason).toBe(error);
    expect(told).not.toHaveBeenCalled();
    welcome(await nextSocket());
    expect(client.status).toBe("open");
  });

  it.each([1000, 4400, 4403, 4408, 4409, 4429])(
    "does not come back after the final code %i",
    async (code) => {
      const socket = await connect();
      socket.breaks(code);
      expect(client.status).toBe("ended");
      expect(client.reason).toMatch(/\.$/);
      await vi.advanceTimersByTimeAsync(ANY_WAIT);
      expect(FakeSocket.all).toHaveLength(1);
      await expect(client.open()).rejects.toMatchObject({ code: "ended" });
    },
  );

  it.each([1001, 1006, 1011, 1012, 4503, 4508])("reconnects after %i", async (code) => {
    const socket = await connect();
    socket.breaks(code);
    expect(client.status).toBe("recovering");
    welcome(await nextSocket(), { recovered: true });
    expect(FakeSocket.all).toHaveLength(2);
    expect(client.status).toBe("open");
  });

  it("signs in again once when its token is refused, and ends when that does not help", async () => {
    token.mockImplementation(({ refresh }) => Promise.resolve(refresh ? "newer" : "old"));
    const first = await connect();
    first.breaks(4401);
    const second = await nextSocket();
    second.accept();
    expect(second.sent[0]).toMatchObject({ token: "newer" });
    second.breaks(4401);
    expect(client.status).toBe("ended");
    expect(client.reason).toMatch(/signed in/);
  });

  it("ends at once when nobody is signed in any more", async () => {
    token.mockImplementation(({ refresh }) => Promise.resolve(refresh ? null : "old"));
    const opening = client.open();
    const first = await nextSocket();
    first.breaks(4401);
    const refused = expect(opening).rejects.toMatchObject({ code: "not_signed_in" });
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    await refused;
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("does not open a socket for a token that comes after it was closed", async () => {
    let give: (token: string) => void = () => undefined;
    token.mockReturnValue(new Promise((resolve) => (give = resolve)));
    client.open().catch(() => undefined);
    client.close();
    give("late");
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(0);
  });

  it("renews the token in place when it expires", async () => {
    const socket = await connect();
    token.mockResolvedValue("token-2");
    socket.receive({ state: "expiring", data: { within: 30 } });
    await vi.advanceTimersByTimeAsync(0);
    expect(token).toHaveBeenLastCalledWith({ refresh: true });
    expect(socket.of("authenticate")).toEqual([
      { state: "authenticate", data: { token: "token-2" } },
    ]);
    expect(FakeSocket.all).toHaveLength(1);
    // The server says that it took the token.
    socket.receive({ state: "authenticate", data: { expires: 1 } });
    expect(client.status).toBe("open");
  });

  it("stays connected to a draining server until it is disconnected, then reconnects soon", async () => {
    const socket = await connect();
    socket.receive({ state: "draining", data: { within: 20 } });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(client.status).toBe("open");
    socket.breaks(4503);
    welcome(await nextSocket(500), { recovered: true });
    expect(client.status).toBe("open");
  });

  it.each([
    ["without a word before", 4503, false],
    ["for good at the end of a drain", 1012, true],
    ["when it was killed while it drained", 1006, true],
  ])(
    "spreads the return over five seconds when the server closes for all at once, %s",
    async (_, code, drains) => {
      const socket = await connect();
      if (drains) socket.receive({ state: "draining", data: { within: 20 } });
      socket.breaks(code);
      await vi.advanceTimersByTimeAsync(2_499);
      expect(FakeSocket.all).toHaveLength(1);
      await nextSocket(1);
      expect(FakeSocket.all).toHaveLength(2);
    },
  );

  it("detects a dead connection within two heartbeats and replaces it at once", async () => {
    const socket = await connect();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(socket.of("ping").length).toBeGreaterThan(0);
    expect(socket.closedWith?.code).toBe(4500);
    expect(client.status).toBe("recovering");
    expect(client.reason).toBe("The server does not answer any more.");
    welcome(await nextSocket(), { recovered: true });
    expect(client.status).toBe("open");
    // What the old connection still says is not heard.
    const heard = vi.fn();
    client.onUnpackedMessage.addListener(heard);
    socket.receive({ state: "left", data: { participant: "p-2", name: "Bo" }, seq: 1 });
    expect(heard).not.toHaveBeenCalled();
    socket.breaks(4403);
    expect(client.status).toBe("open");
  });

  it("is offline while the browser is, and reconnects at once afterwards", async () => {
    const socket = await connect();
    socket.breaks();
    (await nextSocket(500)).breaks();
    setOnline(false);
    expect(client.status).toBe("offline");
    setOnline(true);
    const attempts = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.all).toHaveLength(attempts + 1);
    expect(client.status).toBe("recovering");
  });

  it("reconnects at once when the page becomes visible", async () => {
    const socket = await connect();
    socket.breaks();
    const attempts = FakeSocket.all.length;
    showPage();
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.all).toHaveLength(attempts + 1);
  });

  it("checks the connection when the network changes or the page is shown again", async () => {
    const socket = await connect();
    socket.receive({ state: "pong" });
    const before = socket.of("ping").length;
    showPage();
    expect(socket.of("ping")).toHaveLength(before + 1);
    socket.receive({ state: "pong" });
    setOnline(false);
    expect(socket.of("ping")).toHaveLength(before + 2);
    // A server on this very computer answers without a network.
    socket.receive({ state: "pong" });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(client.status).toBe("open");
  });

  it("leaves and closes with 1000 when the user ends the session", async () => {
    const socket = await connect();
    client.close();
    expect(socket.sent.at(-1)).toEqual({ state: "leave" });
    expect(socket.closedWith?.code).toBe(1000);
    expect(client.status).toBe("ended");
    expect(client.reason).toBe("You left the session.");
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("keeps its place while the page is suspended, and resumes afterwards", async () => {
    const socket = await connect();
    const request = client.request(STATE, data("on its way"));
    const before = FakeSocket.all.length;
    client.suspend();
    expect(socket.of("leave")).toEqual([]);
    expect(socket.closedWith?.code).toBe(4501);
    expect(client.status).toBe("recovering");
    setOnline(true);
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(before);

    client.wake();
    const back = await nextSocket(1);
    back.accept();
    expect(back.sent[0]).toMatchObject({ session: "notes", resume: { token: "resume-secret" } });
    welcome(back, { recovered: true });
    const [again] = back.requests();
    back.receive({ state: STATE, data: { text: "done" }, id: again?.["id"], seq: 1 });
    await expect(request).resolves.toEqual({ text: "done" });
  });

  it("can be suspended before the first reply, and woken without a suspension", async () => {
    client.open().catch(() => undefined);
    await nextSocket();
    client.suspend();
    await vi.advanceTimersByTimeAsync(ANY_WAIT);
    expect(FakeSocket.all).toHaveLength(1);
    client.wake();
    client.wake();
    welcome(await nextSocket(1));
    expect(client.status).toBe("open");
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("takes over the place of an earlier client", async () => {
    const resume = { token: "r1", epoch: "e1", seq: 7 };
    client = socketRequest({ token, session: "notes", resume });
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    expect(socket.sent[0]).toMatchObject({ session: "notes", resume });
    welcome(socket, { recovered: true, seq: 9, resume_token: "r1" });
    socket.receive({ state: STATE, data: { text: "t" }, from: "p-2", seq: 10 });
    expect(client.resume).toEqual({ token: "r1", epoch: "e1", seq: 10 });
  });

  it("keeps the sequence number of that place until a new message arrives", async () => {
    const resume = { token: "r1", epoch: "e1", seq: 7 };
    client = socketRequest({ token, session: "notes", resume });
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    welcome(socket, { recovered: true, seq: 7, resume_token: "r1" });
    socket.breaks();
    const next = await nextSocket();
    next.accept();
    expect(next.sent[0]).toMatchObject({ resume });
  });

  it("reports no error that the close code explains", async () => {
    const socket = await connect();
    const told = vi.fn();
    client.onUpdate.addListener(told);
    for (const code of ["idle", "slow", "not_signed_in", "too_big"]) {
      socket.receive({ state: "error", error: "Because.", code });
    }
    expect(told).not.toHaveBeenCalled();
  });

  it("ends with the reason that the server gave to the whole session", async () => {
    const told = vi.fn();
    const socket = await connect();
    client.onUpdate.addListener(told);
    socket.receive({ state: "error", error: "This board was deleted.", code: "refused", seq: 1 });
    socket.breaks(1000);
    expect([client.status, client.reason]).toEqual(["ended", "This board was deleted."]);
    expect(told).not.toHaveBeenCalled();
  });

  it("reports the close code", async () => {
    const ends: (number | null)[] = [];
    client.onStatus.addListener(({ code }) => ends.push(code));
    (await connect()).breaks(4408);
    expect(ends.slice(-2)).toEqual([null, 4408]);
  });

  it("ends when its hello is too big, because the next one would be too", async () => {
    client.open().catch(() => undefined);
    const socket = await nextSocket();
    socket.accept();
    socket.breaks(1009);
    expect(client.status).toBe("ended");
  });

  it("leaves nothing behind when it is closed: no timer, no listener", async () => {
    const socket = await connect();
    socket.receive({ state: "draining", data: { within: 20 } });
    client.close();
    expect(vi.getTimerCount()).toBe(0);
    setOnline(false);
    setOnline(true);
    showPage();
    expect(client.status).toBe("ended");
  });

  it("measures no frames without a listener", async () => {
    const emit = vi.spyOn(client.onWire, "emit");
    const encode = vi.spyOn(TextEncoder.prototype, "encode");
    const socket = await connect();
    socket.receive({ state: "pong" });
    expect(emit).not.toHaveBeenCalled();
    expect(encode).not.toHaveBeenCalled();
  });

  it("reports every frame without secrets", async () => {
    token.mockResolvedValue("token-1");
    const wire: string[] = [];
    client.onWire.addListener(({ direction, frame, size }) => {
      wire.push(`${direction} ${JSON.stringify(frame)}`);
      expect(size).toBeGreaterThan(0);
    });
    await connect();
    expect(wire[0]).toMatch(/^sent .*"token":"•••"/);
    expect(wire[1]).toMatch(/^received .*"resume_token":"•••"/);
    expect(wire.join()).not.toMatch(/token-1|resume-secret/);
  });

  it("ignores an invalid frame", async () => {
    const socket = await connect();
    for (const nonsense of ["", "null", "[]", "{}", '{"state":7}', "<html>"]) {
      socket.receive(nonsense);
    }
    expect(client.status).toBe("open");
  });
});
