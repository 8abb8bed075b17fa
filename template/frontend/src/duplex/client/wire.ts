/** The JSON of frames, the meaning of close codes, and the delay before another attempt. */
import { CLOSE, FINAL_CODES, LOST } from "./protocol.generated";
import type { ISocketResponse } from "./types";

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

/** Reads a text as a frame: an object with a `state`, or null for anything else. */
export function unpack(text: string): ISocketResponse | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const isFrame =
    typeof value === "object" &&
    value !== null &&
    "state" in value &&
    typeof value.state === "string";
  return isFrame ? (value as ISocketResponse) : null;
}

type Fields = Readonly<Record<string, unknown>>;

/** The frame as a log may show it: the secrets of the protocol's own frames are blanked. */
export function withoutSecrets(frame: object): Fields {
  const fields = frame as Fields;
  switch (fields["state"]) {
    case undefined:
    case "authenticate":
    case "initialised":
      return blank(fields) as Fields;
    default:
      return fields;
  }
}

/** Removes `token` and `resume_token` everywhere except in the document. */
function blank(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]: [string, unknown]) => {
      if (name === "snapshot") return [name, field];
      const secret = name === "token" || name === "resume_token";
      return [name, secret && typeof field === "string" ? "•••" : blank(field)];
    }),
  );
}

/** The meaning of a close code: whether the session has ended, and the reason for the user. */
export interface Verdict {
  final: boolean;
  reason: string;
}

/**
 * Codes with which this client closes a connection: for good, to resume on a new one at once, or
 * because the page is suspended and may return.
 */
export const CLIENT_CLOSE = { ended: CLOSE.ended, resume: CLOSE.resume, away: CLOSE.away } as const;

/** When every client lost the server at once, reconnecting is spread over this time. Milliseconds. */
export const RESTART_WINDOW = 5_000;

const FINAL: Readonly<Record<number, string>> = {
  [CLOSE.ended]: "The session has ended.",
  [CLOSE.policy]: "The server refused the connection.",
  [CLOSE.badHello]: "The server did not understand this page. Reload it and try again.",
  [CLOSE.notSignedIn]: "You are not signed in any more. Sign in to go on in this session.",
  [CLOSE.forbidden]: "You may not take part in this session.",
  [CLOSE.idle]: "The session ended because nothing happened for a while.",
  [CLOSE.contractChanged]: "The application was updated. Reload the page to go on.",
  [CLOSE.replaced]: "The session was opened in another window and continues there.",
  [CLOSE.tooFast]: "Too much was sent in too short a time, so the server ended the session.",
};

const RESUMED: Readonly<Record<number, string>> = {
  [CLOSE.goingAway]: "The server is restarting.",
  [CLOSE.tooBig]: "A message was too big for the server.",
  [CLOSE.bug]: "The server failed.",
  [CLOSE.restart]: "The server is restarting.",
  [CLOSE.busy]: "The server is busy.",
  [CLOSE.draining]: "The server is restarting.",
  [CLOSE.slow]: "The connection is too slow to keep up.",
};

/**
 * Did every client lose the server at the same moment? A server that announced its end (`draining`)
 * closes its clients one after the other with 4503, so those are spread already; it closes the rest
 * together at the end of its window.
 */
export function isSharedLoss(code: number, draining: boolean): boolean {
  if (code === CLOSE.draining) return !draining;
  if (code === CLOSE.goingAway || code === CLOSE.restart) return true;
  return code === LOST && draining;
}

/** Reads a close code; 1006 (no close frame: the network, a crash, a refused handshake) can be resumed. */
export function verdict(code: number): Verdict {
  const final = FINAL[code];
  if (final !== undefined) return { final: true, reason: final };
  if (code >= FINAL_CODES.first && code <= FINAL_CODES.last) {
    return { final: true, reason: `The server ended the session (code ${code}).` };
  }
  return { final: false, reason: RESUMED[code] ?? "The connection was lost." };
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

  /** All clients lost the server at this moment: the next attempt is at a random moment of this window (ms). */
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
