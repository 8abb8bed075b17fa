import { vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { type FakeSocket, installFakeSocket, nextSocket, welcome } from "@duplex/testing";
import { data, socketRequest, STATE } from "./contract";

/** Fake sockets and timers, and delays without chance. */
export function prepareSockets(): void {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  installFakeSocket();
}

/** Connects, and answers the hello. */
export async function connect(client: SocketClient): Promise<FakeSocket> {
  client.open().catch(() => undefined);
  const socket = await nextSocket();
  welcome(socket);
  return socket;
}

/** A client whose session is open, with fake sockets and timers. */
export async function openClient(): Promise<{
  client: SocketClient;
  socket: FakeSocket;
}> {
  prepareSockets();
  const client = socketRequest({ session: "notes" });
  return { client, socket: await connect(client) };
}

/** Closes the client and gives the real timers back. */
export function closeClient(client: SocketClient): void {
  client.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
}

/** Sends a request whose outcome is looked at later. */
export function ask(client: SocketClient, text: string, options = {}): Promise<unknown> {
  const outcome = client.request(STATE, data(text), options);
  outcome.catch(() => undefined);
  return outcome;
}

/** The id of a request that was sent on this socket, of the last one by default. */
export const idOf = (socket: FakeSocket, n = -1): unknown => socket.requests().at(n)?.["id"];

/** The server answers a request. */
export function reply(socket: FakeSocket, id: unknown, text: string, more = {}): void {
  socket.receive({ state: STATE, data: { text }, id, ...more });
}

/** The connection breaks and is resumed; answers the new socket. */
export async function reconnect(
  socket: FakeSocket,
  welcomed: Parameters<typeof welcome>[1],
): Promise<FakeSocket> {
  socket.breaks();
  const next = await nextSocket();
  welcome(next, welcomed);
  return next;
}
