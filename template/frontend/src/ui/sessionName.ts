/** What the protocol takes as the id of a session, as a regular expression. */
export const SESSION_ID = "[A-Za-z0-9_-]{1,64}";
const ID = new RegExp(`^${SESSION_ID}$`, "u");

/** Whether there can be a session of this id. */
export const isSessionId = (id: string): boolean => ID.test(id);

export type SessionName =
  | { ok: true; /** Null: a new private session with an id from the server. */ id: string | null }
  | { ok: false; problem: string };

/**
 * Turns what somebody typed or pasted into a session id: nothing, a name ("Monday stand-up") or an
 * invite link.
 */
export function readSessionName(typed: string): SessionName {
  const text = typed.trim();
  if (text === "") return { ok: true, id: null };
  const link = /^https?:\/\/[^/]+\/session\/([^/?#]+)/u.exec(text);
  const id = link?.[1] ?? text.replace(/\s+/gu, "-");
  if (isSessionId(id)) return { ok: true, id };
  return {
    ok: false,
    problem: "Use up to 64 letters, digits, hyphens and underscores, or paste an invite link.",
  };
}

/** The link that brings somebody else into the session. */
export const inviteLink = (session: string): string => `${location.origin}/session/${session}`;

/** Whether the server made the id up, which nobody wants to read as a name. */
export const isGenerated = (session: string): boolean => /^[A-Za-z0-9_-]{22}$/u.test(session);
