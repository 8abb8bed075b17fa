/** A connection: its WebSocket, the liveness of its peer, and the browser's network state. */
import { CLIENT_CLOSE } from "./wire";

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
   * once, and later frames are ignored.
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

/** How long the answer to the ping of `probe` may take. Milliseconds. */
const PROBATION = 5_000;

export interface LivenessEvents {
  /** Send a ping. */
  ping(): void;
  /** The peer is dead: drop the connection. */
  dead(): void;
}

/**
 * Finds a half-open connection. Any frame proves life; after one quiet heartbeat a ping goes out,
 * after two the peer is dead. Browsers delay timers in background tabs and stop them while the
 * computer sleeps: a timer that fires late proves nothing about the peer, so a ping is sent first.
 */
export class Liveness {
  readonly #events: LivenessEvents;
  #heartbeat = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer should fire, to notice that it fired late. */
  #dueAt = 0;
  #heardAt = 0;
  /** After `probe`: the peer is dead when it has not answered by then. */
  #probationEnds: number | null = null;
  #pingedAt: number | null = null;
  #latency: number | null = null;

  constructor(events: LivenessEvents) {
    this.#events = events;
  }

  /** Round trip of the last answered ping in milliseconds. */
  get latency(): number | null {
    return this.#latency;
  }

  /** Begins to watch a new connection. `heartbeat` in milliseconds. */
  start(heartbeat: number): void {
    this.stop();
    this.#heartbeat = heartbeat;
    this.#heardAt = Date.now();
    this.#ping();
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#probationEnds = null;
    this.#pingedAt = null;
  }

  /** A frame came in. */
  heard(): void {
    this.#heardAt = Date.now();
    this.#probationEnds = null;
  }

  /** The answer to a ping came in. */
  pong(): void {
    if (this.#pingedAt === null) return;
    this.#latency = Math.max(0, Date.now() - this.#pingedAt);
    this.#pingedAt = null;
  }

  /** Something happened that may have cut the connection: sends a ping that must be answered soon. */
  probe(): void {
    if (this.#timer === undefined || this.#probationEnds !== null) return;
    this.#probationEnds = Date.now() + this.#probation;
    this.#ping();
    this.#schedule();
  }

  get #probation(): number {
    return Math.min(PROBATION, this.#heartbeat);
  }

  #ping(): void {
    this.#pingedAt = Date.now();
    this.#events.ping();
  }

  #schedule(): void {
    const now = Date.now();
    const quiet = now - this.#heardAt;
    const heartbeat = this.#heartbeat;
    this.#dueAt =
      this.#probationEnds ?? this.#heardAt + (quiet < heartbeat ? heartbeat : 2 * heartbeat);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#tick();
    }, this.#dueAt - now);
  }

  #tick(): void {
    const now = Date.now();
    // The clock was set back: no frame can be from the future, and no reply may take longer.
    if (now < this.#heardAt) this.#heardAt = now;
    if (this.#probationEnds !== null) {
      this.#probationEnds = Math.min(this.#probationEnds, now + this.#probation);
    }
    const late = now - this.#dueAt > this.#heartbeat / 2;
    if (this.#probationEnds !== null) {
      if (now >= this.#probationEnds) {
        this.stop();
        this.#events.dead();
        return;
      }
    } else if (late) {
      this.probe();
      return;
    } else if (now - this.#heardAt >= 2 * this.#heartbeat) {
      this.stop();
      this.#events.dead();
      return;
    } else if (now - this.#heardAt >= this.#heartbeat) {
      this.#ping();
    }
    this.#schedule();
  }
}

/** The browser's state of the network and the page. */
export interface PageEvents {
  online: () => void;
  offline: () => void;
  /** The page became visible again, perhaps after the computer slept. */
  awake: () => void;
}

/** False only when the browser is sure that there is no network. */
export function isOnline(): boolean {
  return typeof navigator === "undefined" || navigator.onLine;
}

/** Listens until the returned function is called; does nothing outside a page. */
export function watchPage(events: PageEvents): () => void {
  if (typeof window === "undefined") return () => undefined;
  const listening = new AbortController();
  const { signal } = listening;
  window.addEventListener("online", events.online, { signal });
  window.addEventListener("offline", events.offline, { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") events.awake();
    },
    { signal },
  );
  return () => {
    listening.abort();
  };
}
