import { auth } from "../../api/auth";
import type { SessionState } from "../../session/sessionStore";
import { forgetting } from "../../ui/forgetting";
import { liveSession } from "../../ui/liveSession";
import { displayName } from "../../ui/profile";
import { toasts } from "../../ui/toasts";

/** The close code of a session whose user is not signed in any more. */
const NOT_SIGNED_IN = 4401;

/** The page for signing in, which then leads to `next`, a path of this site. */
export const signInPath = (next: string): string => `/sign-in?next=${encodeURIComponent(next)}`;

/** Where to go after signing in: the page that was asked for, never another site. */
export function nextPath(next: unknown): string {
  const safe = typeof next === "string" && /^\/(?![/\\])/u.test(next);
  return safe ? next : "/session";
}

/**
 * Whether the page at `path` is the live session that ended because the sign-in did. It says so
 * itself and offers to sign in, so that nobody is taken away from it without a word.
 */
export function saysSignedOut({ code, session }: SessionState, path: string): boolean {
  return code === NOT_SIGNED_IN && session !== null && path === `/session/${session}`;
}

/**
 * Keeps the session and the display name true to who is signed in, and calls `onLeft` when the
 * account is gone: signed out here, in another tab, or by the server.
 */
export function followAccount(onLeft: () => void): void {
  let before = auth.getSnapshot();
  auth.subscribe(() => {
    const now = auth.getSnapshot();
    if (now.status === "signedIn") {
      const fresh = before.status === "signedOut" || displayName.getSnapshot() === "";
      if (fresh) displayName.set(now.user.name);
      // A password that was wrong before.
      if (before.status === "signedOut") toasts.dismissErrors();
    } else if (before.status === "signedIn") {
      displayName.set("");
      forgetting.emit(undefined);
      const expired = now.status === "signedOut" && now.expired;
      liveSession.closeSocket(expired ? NOT_SIGNED_IN : undefined);
      onLeft();
    }
    before = now;
  });
}

/** The shortest password, as in the server's settings. */
export const PASSWORD_LENGTH = 10;
export const PASSWORD_HINT = `At least ${PASSWORD_LENGTH} characters; a few words make a good one.`;
