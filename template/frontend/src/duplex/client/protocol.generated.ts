// Written by `python -m tools.protocol_ts` from the server's protocol. Do not edit.

/** Reserved names of frames that a client sends. */
export const CLIENT_STATES = ["authenticate", "cancel", "leave", "participants", "ping"] as const;

/** Reserved names of frames that the server sends. */
export const SERVER_STATES = [
  "draining",
  "error",
  "expiring",
  "held",
  "initialised",
  "joined",
  "left",
  "participants",
  "pong",
  "presence",
  "skipped",
] as const;

export const ERROR_CODES = [
  "bad_frame",
  "bad_hello",
  "unknown_state",
  "invalid_data",
  "not_signed_in",
  "forbidden",
  "too_fast",
  "too_many",
  "deadline",
  "conflict",
  "broker_unavailable",
  "internal",
  "cancelled",
  "interrupted",
  "refused",
  "too_big",
  "document_too_large",
  "not_initialised",
  "idle",
  "slow",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** How a stream ended. */
export type StreamEnd = "done" | "cancelled" | "interrupted" | "failed";

/** 44xx end a session; after 45xx, 1001 and 1012 the page reconnects and resumes. */
export const CLOSE = {
  ended: 1000,
  goingAway: 1001,
  protocolError: 1002,
  notText: 1007,
  policy: 1008,
  tooBig: 1009,
  bug: 1011,
  restart: 1012,
  busy: 1013,
  badHello: 4400,
  notSignedIn: 4401,
  forbidden: 4403,
  idle: 4408,
  contractChanged: 4409,
  replaced: 4410,
  tooFast: 4429,
  resume: 4500,
  away: 4501,
  draining: 4503,
  slow: 4508,
} as const;

/** The session has ended with any of these, and with 1000. */
export const FINAL_CODES = { first: 4400, last: 4499 } as const;

/** Reported for a connection that ended without a close frame or never came up. */
export const LOST = 1006;

/** Session and participant ids, as a regular expression. */
export const SESSION_ID = "[A-Za-z0-9_-]{1,64}";

/** The longest id of a session or participant, in characters. */
export const ID_LENGTH = 64;

/** The longest name of a participant, in characters. */
export const NAME_LENGTH = 80;

/** The most combining marks on one character of a name. */
export const NAME_MARKS = 4;

/** Requests that the server takes at once by default (setting `SESSION_RATE`). */
export const SESSION_RATE = 50;
