/** The longest wait before the first new attempt; it doubles with each failure. Milliseconds. */
const BASE = 1_000;
const CAP = 30_000;
/** A connection that lasted less counts as one more failure. */
const MIN_UPTIME = 10_000;

/**
 * When to try again, politely: a random moment (full jitter) in a span that doubles up to a cap.
 * The jitter comes after the cap, so that a thousand pages never come back at the same moment.
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
