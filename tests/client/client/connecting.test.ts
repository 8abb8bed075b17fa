import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { closeClient, connect, prepareSockets } from "../support/client";
import { CONTRACT, socketRequest } from "../support/contract";

/** Longer than any wait for the next attempt. */
const ANY_WAIT = 31_000;

describe("connecting", () => {
  const token = vi.fn<(options: { refresh: boolean }) => Promise<string | null>>();
  let client: SocketClient;

  beforeEach(() => {
    prepareSockets();
    token.mockReset().mockResolvedValue(null);
    client = socketRequest({ token, session: "notes", name: "Ada" });
  });
  afterEach(() => {
    closeClient(client);
  });

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
    const first = await connect(client);
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

  it("signs in again once when its token is refused, and ends when that does not help", async () => {
    token.mockImplementation(({ refresh }) => Promise.resolve(refresh ? "newer" : "old"));
    const first = await connect(client);
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
    const socket = await connect(client);
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

  it("measures no frames without a listener", async () => {
    const emit = vi.spyOn(client.onWire, "emit");
    const encode = vi.spyOn(TextEncoder.prototype, "encode");
    const socket = await connect(client);
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
    await connect(client);
    expect(wire[0]).toMatch(/^sent .*"token":"•••"/);
    expect(wire[1]).toMatch(/^received .*"resume_token":"•••"/);
    expect(wire.join()).not.toMatch(/token-1|resume-secret/);
  });

  it("ignores an invalid frame", async () => {
    const socket = await connect(client);
    for (const nonsense of ["", "null", "[]", "{}", '{"state":7}', "<html>"]) {
      socket.receive(nonsense);
    }
    expect(client.status).toBe("open");
  });
});
