/** Shared by REST calls and the socket: the JSON that is sent, and the delay before another attempt. */

/** Any escape in a JSON text. The group: half of a surrogate pair that stands alone. */
const ESCAPE = /\\(?:u(d[89a-f][\da-f]{2})|.)/gu;

/**
 * A value as the JSON that is sent. Half of a surrogate pair, which remains of a character that was cut in
 * two, is not valid text: it becomes U+FFFD, in keys too.
 */
export function pack(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON.stringify writes only halves as escapes with "\ud".
  if (!text.includes("\\ud")) return text;
  return text.replace(ESCAPE, (escape, half?: string) => (half === undefined ? escape : "\ufffd"));
}

/** The longest wait before the first new attempt; it doubles with each failure. Milliseconds. */
const BASE = 1_000;
const CAP = 30_000;
/** A connection that lasted less counts as one more failure. */
const MIN_UPTIME = 10_000;

/**
 * The delay until the next attempt: random (full jitter) within a maximum that doubles up to a cap.
 * The jitter is applied after the cap, so that many pages never try at the same moment.
 */
export class Backoff {
  #failures = 0;
  #openedAt: number | null = null;
  #notBefore = 0;

  /** The connection is up: after a minimum uptime the next wait starts short again. */
  opened(): void {
    this.#openedAt = Date.now();
  }

  /** Everybody lost the server at this moment: the next attempt is at a random one of this window. */
  spread(window: number): void {
    this.#notBefore = Date.now() + Math.random() * window;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    if (this.#openedAt !== null && Date.now() - this.#openedAt >= MIN_UPTIME) this.#failures = 0;
    this.#openedAt = null;
    const spread = this.#notBefore - Date.now();
    this.#notBefore = 0;
    if (spread > 0) return spread;
    const span = Math.min(CAP, BASE * 2 ** this.#failures);
    this.#failures += 1;
    return Math.random() * span;
  }
}
