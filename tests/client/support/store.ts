import { vi } from "vitest";

import { createSessionStore, type SessionStore } from "@duplex/session/store";
import { type FakeSocket, nextSocket, welcome } from "@duplex/testing";
import { prepareSockets } from "./client";
import { PARTS, texts } from "./contract";

/** A store whose session is open, with fake timers. Its document has one text, "old". */
export async function openStore(): Promise<{ store: SessionStore; socket: FakeSocket }> {
  prepareSockets();
  const store = createSessionStore(() => PARTS);
  store.initialiseSocket({ session: "notes", name: "Ada" }).catch(() => undefined);
  const socket = await nextSocket();
  welcome(socket, { snapshot: texts("old"), seq: 5 });
  return { store, socket };
}

/** Closes the session and gives the real timers back. */
export function closeStore(store: SessionStore): void {
  store.closeSocket();
  vi.unstubAllGlobals();
  vi.useRealTimers();
}
