import { vi } from "vitest";

import type { Initialised } from "../../../src/api/contract";

type Frame = Record<string, unknown>;

/** A WebSocket whose other end is the test. */
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
  /** What the page sent, unpacked. */
  readonly sent: Frame[] = [];
  /** With what the page closed it, if it did. */
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

  /** The handshake succeeds; the page says hello. */
  accept(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  receive(frame: Frame | string): void {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** The server closes, or (1006) the connection breaks. */
  breaks(code = 1006, reason = ""): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose?.({ code, reason });
  }

  /** The frames of one state that the page sent; "hello" for the first frame. */
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

/** Installs `FakeSocket` as the platform's WebSocket; use with fake timers. */
export function installFakeSocket(): void {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
}

/** The next socket that the page makes, within so many milliseconds of the fake clock. */
export async function nextSocket(within = 60_000): Promise<FakeSocket> {
  const before = FakeSocket.all.length;
  const end = Date.now() + within;
  do {
    await vi.advanceTimersByTimeAsync(Math.min(100, end - Date.now()));
    const socket = FakeSocket.all[before];
    if (socket) return socket;
  } while (Date.now() < end);
  throw new Error(`the page made no socket within ${within} ms`);
}

export function initialised(overrides: Partial<Initialised> = {}): Frame {
  const data: Initialised = {
    session: "notes",
    participant: "p-ada",
    name: "Ada",
    participants: [{ participant: "p-ada", name: "Ada" }],
    snapshot: { entries: [] },
    resume_token: "resume-secret",
    epoch: "e1",
    seq: 0,
    recovered: false,
    heartbeat: 20,
    contract_changed: false,
    ...overrides,
  };
  return { state: "initialised", data };
}

/** The socket comes up and the session is initialised. */
export function welcome(socket: FakeSocket, overrides: Partial<Initialised> = {}): void {
  socket.accept();
  socket.receive(initialised(overrides));
}
