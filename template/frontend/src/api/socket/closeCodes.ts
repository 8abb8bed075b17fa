/** What a close code says: is the session over, and why in words. */
export interface Verdict {
  final: boolean;
  reason: string;
}

/**
 * Codes with which this client closes a connection: for good, to resume on a new one at once, or
 * because the page is put away and may come back.
 */
export const CLIENT_CLOSE = { ended: 1000, resume: 4500, away: 4501 } as const;

/** The browser's code for a connection that never came up. */
export const NEVER_OPENED = 1006;

/** Everybody lost the server at once: the return is spread over this. Milliseconds. */
export const RESTART_WINDOW = 5_000;

const FINAL: Readonly<Record<number, string>> = {
  1000: "The session has ended.",
  1008: "The server refused the connection.",
  4400: "The server did not understand this page. Reload it and try again.",
  4401: "You are not signed in any more. Sign in to go on in this session.",
  4403: "You may not take part in this session.",
  4408: "The session ended because nothing happened for a while.",
  4409: "The application was updated. Reload the page to go on.",
  4410: "The session goes on in another place, where it was opened again.",
  4429: "Too much was sent in too short a time, so the server ended the session.",
};

const RESUMED: Readonly<Record<number, string>> = {
  1001: "The server is restarting.",
  1009: "A message was too big for the server.",
  1011: "The server failed.",
  1012: "The server is restarting.",
  1013: "The server is busy.",
  4503: "The server is restarting.",
  4508: "The connection is too slow to keep up.",
};

/**
 * Did everybody else lose the server at the same moment? `draining`: the server had said that it
 * leaves; then it closes one after the other with 4503, spread over its window, and the rest at its end.
 */
export function isSharedLoss(code: number, draining: boolean): boolean {
  if (code === 4503) return !draining;
  return code === 1001 || code === 1012 || (code === 1006 && draining);
}

/** Reads a close code; 1006 (no close frame: the network, a crash, a refused handshake) can be resumed. */
export function verdict(code: number): Verdict {
  const final = FINAL[code];
  if (final !== undefined) return { final: true, reason: final };
  if (code >= 4400 && code < 4500) {
    return { final: true, reason: `The server ended the session (code ${code}).` };
  }
  return { final: false, reason: RESUMED[code] ?? "The connection was lost." };
}
