import { CLIENT_CLOSE } from "./closeCodes";

/** Bytes in the browser's own buffer above which nothing more is handed to it. */
const HIGH_WATER = 256 * 1024;
/** How long connecting may take. Milliseconds. */
const CONNECT_TIMEOUT = 15_000;

export interface ConnectionEvents {
  opened(): void;
  received(text: string): void;
  /** Exactly once, and nothing after it. 1006 when the connection was lost or never came up. */
  closed(code: number, reason: string): void;
}

/** One WebSocket from the attempt to its end. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  #timer: ReturnType<typeof setTimeout>;
  #over = false;

  constructor(url: string, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = new WebSocket(url);
    this.#timer = setTimeout(() => {
      this.drop(CLIENT_CLOSE.resume, "Connecting took too long.");
    }, CONNECT_TIMEOUT);
    this.#socket.onopen = () => {
      if (!this.#over) events.opened();
    };
    this.#socket.onmessage = ({ data }) => {
      if (!this.#over && typeof data === "string") events.received(data);
    };
    this.#socket.onclose = ({ code, reason }) => {
      this.#end(code, reason);
    };
  }

  /** The session is initialised: connecting is over. */
  ready(): void {
    clearTimeout(this.#timer);
  }

  /** The browser has taken as much as it should for now. */
  get congested(): boolean {
    return this.#socket.bufferedAmount > HIGH_WATER;
  }

  get open(): boolean {
    return !this.#over && this.#socket.readyState === WebSocket.OPEN;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /**
   * Closes from this side. Does not wait for the peer, which may be dead: `closed` is called at
   * once, and what still comes in is ignored.
   */
  drop(code: number, reason: string): void {
    if (this.#over) return;
    this.#socket.close(code, reason);
    this.#end(code, reason);
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#events.closed(code, reason);
  }
}
