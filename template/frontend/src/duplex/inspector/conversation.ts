import type { WireEvent } from "../client/types";
import type { Recording } from "./recorder";

/** Replaces a secret. */
const HIDDEN = "•••";

/** Texts in fields with such names are never exported. */
const SECRET_NAME = /token|password|passwd|secret|api_?key/iu;

/** A shorter id may be part of a user's text: it is hidden only where it is the whole text. */
const LONG_ID = 16;

/** The file that `poe replay` reads. */
export interface Conversation {
  readonly format: "session-conversation";
  readonly version: 1;
  /** ISO 8601. */
  readonly exported: string;
  /** The fingerprint of the page's contract. */
  readonly contract: string;
  /** How many of the conversation's frames are missing after its opening. */
  readonly omitted: number;
  readonly ignore: readonly string[];
  readonly frames: readonly ConversationFrame[];
}

export interface ConversationFrame {
  readonly direction: WireEvent["direction"];
  /** Milliseconds since the first frame. */
  readonly at: number;
  readonly size: number;
  readonly frame: unknown;
  readonly cut?: true;
}

/** The last session's conversation without secrets; null when none was recorded. */
export function conversationOf(recording: Recording, contract: string): Conversation | null {
  const { opening, records, omitted } = recording;
  const [hello, initialised] = opening;
  if (hello === undefined || initialised === undefined) return null;
  const after = records.filter(({ id }) => id > initialised.id);
  const session = sessionOf(initialised.frame["data"]);
  return {
    format: "session-conversation",
    version: 1,
    exported: new Date().toISOString(),
    contract,
    omitted,
    ignore: [],
    frames: [hello, initialised, ...after].map(({ direction, time, size, frame, cut }) => ({
      direction,
      at: time - hello.time,
      size,
      frame: withoutSecrets(frame, session),
      ...(cut && { cut }),
    })),
  };
}

/** The name of the exported file. */
export function fileName({ exported }: Conversation): string {
  return `conversation-${exported.slice(0, 19).replaceAll(/[:T]/gu, "-")}.json`;
}

function sessionOf(data: unknown): string | null {
  const isObject = typeof data === "object" && data !== null;
  return isObject && "session" in data && typeof data.session === "string" ? data.session : null;
}

/** Removes tokens, passwords and the session's id, with which anybody could join. */
function withoutSecrets(value: unknown, session: string | null, name = ""): unknown {
  if (typeof value === "string") {
    if (SECRET_NAME.test(name) || value === session) return HIDDEN;
    const inside = session !== null && session.length >= LONG_ID && value.includes(session);
    return inside ? value.replaceAll(session, HIDDEN) : value;
  }
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, session, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      key === "session" && typeof field === "string" ? HIDDEN : withoutSecrets(field, session, key),
    ]),
  );
}
