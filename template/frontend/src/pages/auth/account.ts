import { auth } from "../../api/auth";
import { liveSession } from "../../ui/liveSession";
import { displayName } from "../../ui/profile";

/** The page for signing in, which then leads to `next`, a path of this site. */
export const signInPath = (next: string): string => `/sign-in?next=${encodeURIComponent(next)}`;

/** Where to go after signing in: the page that was asked for, never another site. */
export function nextPath(next: unknown): string {
  const safe = typeof next === "string" && /^\/(?![/\\])/u.test(next);
  return safe ? next : "/session";
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
    } else if (before.status === "signedIn") {
      displayName.set("");
      liveSession.closeSocket();
      onLeft();
    }
    before = now;
  });
}

/** The shortest password, as in the server's settings. */
export const PASSWORD_LENGTH = 10;
export const PASSWORD_HINT = `At least ${PASSWORD_LENGTH} characters; a few words make a good one.`;
