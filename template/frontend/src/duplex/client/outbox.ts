import { SessionError, type QueueLimits } from "./types";

/** One frame that waits: to be sent, or (with an id) to be answered. */
export interface Entry {
  /** Missing on frames that nothing answers. */
  readonly id: string | null;
  readonly frame: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** UTF-8 bytes. */
  readonly size: number;
  /** On the present connection. */
  sent: boolean;
  /** On whichever connection: the server may know of it. */
  tried: boolean;
}

/** As many as the server takes at once by default (`SESSION_RATE`): after a long wait all may go out together. */
const DEFAULT_LIMITS: QueueLimits = { count: 50, bytes: 1024 * 1024 };

/** Requests on their way at once. The rest waits here, so that a long queue does not hit the server's limits. */
const WINDOW = 16;

const utf8 = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/**
 * What waits to be sent and, once sent, to be answered: one list in the order of the requests.
 * After a reconnect everything unanswered goes out again, in that order and with the same ids.
 */
export class Outbox {
  readonly #limits: QueueLimits;
  #entries: Entry[] = [];
  #bytes = 0;
  /** The biggest frame of those that nothing answers, since the connection began. */
  #loose = 0;

  constructor(limits: Partial<QueueLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /**
   * Adds a frame at the end, or (`urgent`) before everything that waits.
   * @throws {SessionError} `queue_full` or `too_big`, and nothing is kept
   */
  add(id: string | null, frame: Readonly<Record<string, unknown>>, urgent = false): void {
    const text = JSON.stringify(frame);
    const entry: Entry = { id, frame, text, size: byteLength(text), sent: false, tried: false };
    const { count, bytes } = this.#limits;
    if (entry.size > bytes) {
      const { size } = entry;
      throw new SessionError("too_big", "A message was too big for the server.", { size });
    }
    if (this.#entries.length >= count || this.#bytes + entry.size > bytes) {
      throw new SessionError(
        "queue_full",
        "Too many messages are waiting for the server. Try again when they have been answered.",
        { waiting: this.#entries.length, bytes: this.#bytes },
      );
    }
    if (urgent) this.#entries.unshift(entry);
    else this.#entries.push(entry);
    this.#bytes += entry.size;
  }

  /** An earlier client has sent this request: the server may know of it. */
  wasSent(id: string): void {
    for (const entry of this.#entries) entry.tried ||= entry.id === id;
  }

  /** Takes frames for as long as `ready` says that the connection takes more. */
  flush(ready: () => boolean, send: (entry: Entry) => void): void {
    let onTheWay = this.#entries.filter((entry) => entry.sent).length;
    for (const entry of [...this.#entries]) {
      if (entry.sent) continue;
      if ((entry.id !== null && onTheWay >= WINDOW) || !ready()) return;
      entry.sent = true;
      entry.tried = true;
      if (entry.id === null) {
        this.#remove(entry);
        this.#loose = Math.max(this.#loose, entry.size);
      } else onTheWay += 1;
      send(entry);
    }
  }

  /** Does anything wait to be sent? */
  get waiting(): boolean {
    return this.#entries.some((entry) => !entry.sent);
  }

  /** Forgets the request; answers whether it had gone to the server, at whatever time. */
  remove(id: string): boolean {
    const entry = this.#entries.find((candidate) => candidate.id === id);
    if (!entry) return false;
    this.#remove(entry);
    return entry.tried;
  }

  /** The connection is gone: what was sent and not answered is to be sent again. */
  rewind(): void {
    for (const entry of this.#entries) entry.sent = false;
    this.#loose = 0;
  }

  /** The ids of the requests that went to the server and were not answered. */
  unanswered(): string[] {
    return this.#entries.flatMap(({ id, tried }) => (tried && id !== null ? [id] : []));
  }

  /**
   * The request that the server found too big, which must not be sent again: the biggest of those
   * on their way, if it is over the server's `limit` (bytes; null where it did not tell one).
   * Null when it was a frame that nothing answers, which is not sent again anyway.
   */
  tooBig(limit: number | null): Entry | null {
    const above = limit ?? this.#loose;
    return this.#entries.reduce<Entry | null>(
      (biggest, entry) => (entry.sent && entry.size > (biggest?.size ?? above) ? entry : biggest),
      null,
    );
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((candidate) => candidate !== entry);
    this.#bytes -= entry.size;
  }
}
