/** Test doubles for pages that use the session: a WebSocket whose server is the test. */
import { vi } from "vitest";

import { LOST } from "./client/protocol.generated";
import type { Initialised } from "./client/types";

type Frame = Record<string, unknown>;

/** A WebSocket whose server is the test. */
export class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  /** Every socket of the test, the oldest first. */
  static all: FakeSocket[] = [];

  readyState = FakeSocket.CONNECTING;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  /** The frames that the page sent, parsed. */
  readonly sent: Frame[] = [];
  /** How the page closed it; null if it did not. */
  closedWith: { code: number | undefined; reason: string | undefined } | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    if (this.readyState !== FakeSocket.OPEN) throw new Error("sent on a socket that is not open");
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(code?: number, reason?: string): void {
    if (this.readyState >= FakeSocket.CLOSING) return;
    this.readyState = FakeSocket.CLOSING;
    this.closedWith = { code, reason };
  }

  /** The handshake succeeds, so the page sends its hello. */
  accept(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  receive(frame: Frame | string): void {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** The server closes, or (without a code) the connection breaks. */
  breaks(code: number = LOST, reason = ""): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose?.({ code, reason });
  }

  /** The states of all frames that the page sent; "hello" for the first one. */
  sentStates(): unknown[] {
    return this.sent.map((frame) => frame["state"] ?? "hello");
  }

  requests(): Frame[] {
    return this.sent.filter((frame) => frame["id"] !== undefined && frame["state"] !== "cancel");
  }

  of(state: string): Frame[] {
    return this.sent.filter((frame) => frame["state"] === state);
  }
}

/** Installs `FakeSocket` as the browser's WebSocket; use it with fake timers. */
export function installFakeSocket(): void {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
}

/** The next socket that the page opens, within this time of the fake clock. Milliseconds. */
export async function nextSocket(within = 60_000): Promise<FakeSocket> {
  const before = FakeSocket.all.length;
  const end = Date.now() + within;
  do {
    await vi.advanceTimersByTimeAsync(Math.min(100, end - Date.now()));
    const socket = FakeSocket.all[before];
    if (socket) return socket;
  } while (Date.now() < end);
  throw new Error(`the page opened no socket within ${within} ms`);
}

/** The data of `initialised`; give it a document where the test needs one. */
export function initialisedData(overrides: Partial<Initialised> = {}): Initialised {
  const participants = overrides.participants ?? [{ participant: "p-ada", name: "Ada" }];
  return {
    session: "notes",
    participant: "p-ada",
    name: "Ada",
    participants,
    participants_total: participants.length,
    snapshot: null as never,
    resume_token: "resume-secret",
    epoch: "e1",
    seq: 0,
    recovered: false,
    heartbeat: 20,
    contract_changed: false,
    ...overrides,
  };
}

export function initialised(overrides: Partial<Initialised> = {}): Frame {
  return { state: "initialised", data: initialisedData(overrides) };
}

/** The socket is connected, and the session of its hello initialised. */
export function welcome(socket: FakeSocket, overrides: Partial<Initialised> = {}): void {
  socket.accept();
  const asked = socket.sent[0]?.["session"];
  const session = typeof asked === "string" ? { session: asked } : {};
  socket.receive(initialised({ ...session, ...overrides }));
}

/** Sets whether the browser reports a network. */
export function setOnline(online: boolean): void {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
  window.dispatchEvent(new Event(online ? "online" : "offline"));
}

/** The page becomes visible again. */
export function showPage(): void {
  document.dispatchEvent(new Event("visibilitychange"));
}

/** Fires pagehide or pageshow; `persisted`: into, or out of, the back/forward cache. */
export function pageTransition(type: "pagehide" | "pageshow", persisted: boolean): void {
  window.dispatchEvent(new PageTransitionEventLike(type, persisted));
}

class PageTransitionEventLike extends Event {
  readonly persisted: boolean;
  constructor(type: string, persisted: boolean) {
    super(type);
    this.persisted = persisted;
  }
}
