/** Requests that wait to be sent or answered, and how they are sent. */
import type { Connection } from "./connection";
import { SESSION_RATE } from "./protocol.generated";
import { SessionError, type QueueLimits } from "./types";
import { pack } from "./wire";

/** One frame that waits: to be sent, or (with an id) to be answered. */
export interface Entry {
  /** Missing on frames that nothing answers. */
  readonly id: string | null;
  readonly text: string;
  /** UTF-8 bytes. */
  readonly size: number;
  /** On the present connection. */
  sent: boolean;
  /** Sent on any connection, so that the server may know it. */
  tried: boolean;
  /** The first of several replies came: the server has read it. */
  begun: boolean;
}

/** As many as the server takes at once by default: after a long wait all may go out together. */
const DEFAULT_LIMITS: QueueLimits = { count: SESSION_RATE, bytes: 1024 * 1024 };

/** Requests on their way at once. The rest waits here, so that a long queue does not hit the server's limits. */
const WINDOW = 16;

const utf8 = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/**
 * Requests that wait to be sent and then to be answered, in one list in their order. After a
 * reconnect all unanswered requests are sent again, in that order and with the same ids.
 */
export class Outbox {
  readonly #limits: QueueLimits;
  #entries: Entry[] = [];
  #bytes = 0;
  /** The biggest frame of those that nothing answers, since the connection began. */
  #loose = 0;
  /**
   * The server could not read one of these requests and did not name it. Until all are settled, only
   * one request is on its way at a time.
   */
  readonly #suspects = new Set<string>();

  constructor(limits: Partial<QueueLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /**
   * Adds a frame at the end, or (`urgent`) before everything that waits.
   * @throws {SessionError} `queue_full` or `too_big`, and nothing is kept
   */
  add(id: string | null, frame: Readonly<Record<string, unknown>>, urgent = false): void {
    const text = pack(frame);
    const size = byteLength(text);
    const entry: Entry = { id, text, size, sent: false, tried: false, begun: false };
    const { count, bytes } = this.#limits;
    if (size > bytes) {
      throw new SessionError("too_big", "A message was too big for the server.", { size });
    }
    if (this.#entries.length >= count || this.#bytes + size > bytes) {
      throw new SessionError(
        "queue_full",
        "Too many messages are waiting for the server. Try again when they have been answered.",
        { waiting: this.#entries.length, bytes: this.#bytes },
      );
    }
    if (urgent) this.#entries.unshift(entry);
    else this.#entries.push(entry);
    this.#bytes += size;
  }

  /** An earlier client has sent this request, so that the server may know it. */
  wasSent(id: string): void {
    for (const entry of this.#entries) entry.tried ||= entry.id === id;
  }

  /** Takes frames while `ready` returns that the connection accepts more. */
  flush(ready: () => boolean, send: (entry: Entry) => void): void {
    const careful = this.#suspects.size > 0;
    let onTheWay = this.#entries.filter(({ sent, begun }) => sent && !(careful && begun)).length;
    for (const entry of [...this.#entries]) {
      if (entry.sent) continue;
      const full = careful ? onTheWay > 0 : entry.id !== null && onTheWay >= WINDOW;
      if (full || !ready()) return;
      entry.sent = true;
      entry.tried = true;
      if (entry.id === null) {
        this.#remove(entry);
        this.#loose = Math.max(this.#loose, entry.size);
      } else if (!(careful && entry.begun)) onTheWay += 1;
      send(entry);
    }
  }

  /** Does anything wait to be sent? */
  get waiting(): boolean {
    return this.#entries.some((entry) => !entry.sent);
  }

  /** The server has answered the request with a first reply; others follow. */
  begun(id: string): void {
    for (const entry of this.#entries) entry.begun ||= entry.id === id;
  }

  /** Forgets the request; returns whether it was ever sent to the server. */
  remove(id: string): boolean {
    const entry = this.#entries.find((candidate) => candidate.id === id);
    if (!entry) return false;
    this.#remove(entry);
    return entry.tried;
  }

  /** The connection has ended: unanswered requests must be sent again. */
  rewind(): void {
    for (const entry of this.#entries) entry.sent = false;
    this.#loose = 0;
  }

  /** The ids of the requests that went to the server and were not answered. */
  unanswered(): string[] {
    return this.#entries.flatMap(({ id, tried }) => (tried && id !== null ? [id] : []));
  }

  /**
   * The request that was too big for the server, which must not be sent again: the biggest request in
   * flight, if it exceeds the server's `limit` (bytes; null if unknown). Null if it was a frame
   * without a reply, which is not sent again anyway.
   */
  tooBig(limit: number | null): Entry | null {
    const above = limit ?? this.#loose;
    return this.#entries.reduce<Entry | null>(
      (biggest, entry) => (entry.sent && entry.size > (biggest?.size ?? above) ? entry : biggest),
      null,
    );
  }

  /**
   * The server could not read a frame and did not name it: returns the request that it was, which must
   * not be sent again. `unknown`: one of several, which a new connection sends one at a time to find
   * it. Null when it can only have been a frame that nothing answers.
   */
  unreadable(): Entry | "unknown" | null {
    const open = this.#entries.filter(({ sent, begun }) => sent && !begun);
    const [first] = open;
    if (first === undefined) return null;
    if (open.length === 1 && this.#loose === 0) return first;
    for (const { id } of open) if (id !== null) this.#suspects.add(id);
    return "unknown";
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#suspects.clear();
  }

  #remove(entry: Entry): void {
    if (entry.id !== null) this.#suspects.delete(entry.id);
    this.#entries = this.#entries.filter((candidate) => candidate !== entry);
    this.#bytes -= entry.size;
  }
}

/** The target of a sender: the current connection, if there is one. */
interface Line {
  connection(): Connection | null;
  /** Every frame that is sent. */
  written(text: string): void;
}

/** How often a congested connection is polled: browsers have no event for it. Milliseconds. */
const CONGESTION_POLL = 50;

/** Sends frames from the outbox while the current connection accepts them. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #line: Line;
  /** The session is initialised on the present connection: requests may go out. */
  #ready = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outbox: Outbox, line: Line) {
    this.#outbox = outbox;
    this.#line = line;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The session is initialised on a new connection. `flush` sends the waiting frames. */
  start(): void {
    this.#outbox.rewind();
    this.#ready = true;
  }

  /** The connection has ended; returns whether the session was initialised on it. */
  stop(): boolean {
    const wasReady = this.#ready;
    this.#ready = false;
    clearTimeout(this.#timer);
    return wasReady;
  }

  flush(): void {
    const connection = this.#line.connection();
    if (connection === null || !this.#ready) return;
    this.#outbox.flush(
      () => connection.open && !connection.congested,
      ({ text }) => {
        this.#write(connection, text);
      },
    );
    clearTimeout(this.#timer);
    if (connection.congested && this.#outbox.waiting) {
      this.#timer = setTimeout(() => {
        this.flush();
      }, CONGESTION_POLL);
    }
  }

  /** Sends one of the protocol's own frames at once, if there is a connection. */
  sendNow(frame: Readonly<Record<string, unknown>>): void {
    const connection = this.#line.connection();
    if (connection?.open === true) this.#write(connection, pack(frame));
  }

  #write(connection: Connection, text: string): void {
    connection.send(text);
    this.#line.written(text);
  }
}
