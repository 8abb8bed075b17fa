/** The sessions that pages join: their ids, and how far the page is with one. */
import { CLOSE, ID_LENGTH, SESSION_ID } from "../client/protocol.generated";
import { copyText } from "../ui/toasts";
import { displayName, liveSession } from "./live";
import type { SessionState } from "./state";

const ID = new RegExp(`^${SESSION_ID}$`, "u");

/** Whether a session can have this id. */
const isSessionId = (id: string): boolean => ID.test(id);

export type SessionName =
  | { ok: true; /** Null: a new private session with an id from the server. */ id: string | null }
  | { ok: false; problem: string };

/**
 * Reads a session id from user input: nothing, a name ("Monday stand-up") or an invite link, which
 * leads to the page `pathOf(id)`.
 */
export function readSessionName(typed: string, pathOf: (id: string) => string): SessionName {
  const text = typed.trim();
  if (text === "") return { ok: true, id: null };
  const id = idOfLink(text, pathOf) ?? text.replace(/\s+/gu, "-");
  if (isSessionId(id)) return { ok: true, id };
  return {
    ok: false,
    problem: `Use up to ${ID_LENGTH} letters, digits, hyphens and underscores, or paste an invite link.`,
  };
}

function idOfLink(text: string, pathOf: (id: string) => string): string | null {
  if (!/^https?:\/\//u.test(text) || !URL.canParse(text)) return null;
  const { pathname } = new URL(text);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return pathname === pathOf(last) ? last : null;
}

/**
 * Whether the id looks like one that the server generated, 16 random bytes as Base64, and not like a
 * name. Names have capital letters at the beginning of words only.
 */
export const isGenerated = (session: string): boolean =>
  /^[\w-]{21}[AQgw]$/u.test(session) && /[a-z\d][A-Z]/u.test(session);

/** Copies the link that invites others to the page at `path`. */
export function copyInvite(path: string): Promise<void> {
  const link = location.origin + path;
  return copyText(link, "Invite link copied.", `The link is ${link}`);
}

/**
 * How far the page is with a room. `invalid`: no session can have this id; `unnamed`: the user has no
 * display name yet; `refused`: the session ended before it was open; `ended`: it was open, and its
 * document is still there (hidden after a sign-out).
 */
export type RoomPhase = "invalid" | "unnamed" | "opening" | "refused" | "open" | "ended";

export function roomPhase(state: SessionState, id: string, name: string): RoomPhase {
  if (!isSessionId(id)) return "invalid";
  if (state.session !== id) return name === "" ? "unnamed" : "opening";
  if (state.participant === null) return state.status === "ended" ? "refused" : "opening";
  return state.status === "ended" ? "ended" : "open";
}

/** Whether the room's content must not be shown any more, because the user was signed out. */
export const isHidden = (state: SessionState): boolean => state.code === CLOSE.notSignedIn;

/** Joins the session `id`; on failure, the session's state has the reason. */
export function joinRoom(id: string, name?: string): void {
  if (name !== undefined) displayName.set(name);
  liveSession
    .initialiseSocket({ session: id, name: displayName.getSnapshot() })
    .catch(() => undefined);
}

/** Joins the session `id` unless it is open already, or the user has no display name yet. */
export function enterRoom(id: string): void {
  if (!isSessionId(id)) return;
  const { session, status } = liveSession.getSnapshot();
  const open = session === id && status !== "ended";
  if (!open && displayName.getSnapshot() !== "") joinRoom(id);
}
