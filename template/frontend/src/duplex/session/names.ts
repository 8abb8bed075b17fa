/** The names of sessions, and of this page's user. */
import { NAME_LENGTH, SESSION_ID } from "../client/protocol.generated";
import { createStore, type Readable, storage } from "../ui/store";
import { toasts } from "../ui/toasts";

const ID = new RegExp(`^${SESSION_ID}$`, "u");

/** Whether a session can have this id. */
export const isSessionId = (id: string): boolean => ID.test(id);

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
    problem: "Use up to 64 letters, digits, hyphens and underscores, or paste an invite link.",
  };
}

function idOfLink(text: string, pathOf: (id: string) => string): string | null {
  if (!/^https?:\/\//u.test(text) || !URL.canParse(text)) return null;
  const { pathname } = new URL(text);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return pathname === pathOf(last) ? last : null;
}

/** Whether the server generated the id, so that it is no name to read. */
export const isGenerated = (session: string): boolean => /^[A-Za-z0-9_-]{22}$/u.test(session);

/** Copies the link that invites others to the page at `path`. */
export async function copyInvite(path: string): Promise<void> {
  const link = location.origin + path;
  try {
    await navigator.clipboard.writeText(link);
    toasts.show("success", "Invite link copied.");
  } catch {
    // Browsers refuse without https, or when the user does not allow it.
    toasts.show("error", `The browser did not allow copying. The link is ${link}`);
  }
}

const KEY = "name";
/** The `pattern` of a field that must hold more than spaces. */
export const NOT_BLANK = ".*\\S.*";

export interface DisplayName extends Readable<string> {
  /** Stores the name on this device; an empty one removes it. */
  set(name: string): void;
}

function createDisplayName(): DisplayName {
  const store = createStore(storage.read(KEY) ?? "");
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    set(name) {
      // In whole characters, as the server counts them.
      const tidy = Array.from(name.trim()).slice(0, NAME_LENGTH).join("");
      storage.write(KEY, tidy === "" ? null : tidy);
      store.set(tidy);
    },
  };
}

/** The name that others in a session see; empty until the user has entered one. */
export const displayName = createDisplayName();
