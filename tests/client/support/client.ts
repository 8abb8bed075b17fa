import { vi } from "vitest";

import type { SocketClient } from "@duplex/client/types";
import { type FakeSocket, installFakeSocket, nextSocket, welcome } from "@duplex/testing";
import { socketRequest } from "./contract";

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
export async function openClient(): Promise<{ client: SocketClient; socket: FakeSocket }> {
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
