import { CLOSE } from "../client/protocol.generated";
import { forgetting, type Readable } from "../client/stores";
import { displayName, liveSession } from "../session/live";
import { toasts } from "../ui/toasts";
import type { AuthState } from "./auth";

function hasExpired(state: AuthState): boolean {
  return state.status === "signedOut" && state.expired;
}

/**
 * Keeps the session and the display name in step with the signed-in user, and calls `onLeft`
 * whenever the user is signed out: here, in another tab, or by the server.
 */
export function followAccount(auth: Readable<AuthState>, onLeft: () => void): void {
  let before = auth.getSnapshot();
  auth.subscribe(() => {
    const now = auth.getSnapshot();
    if (now.status === "signedIn") {
      const fresh = before.status === "signedOut" || displayName.getSnapshot() === "";
      if (fresh) displayName.set(now.user.name);
      // Such as that of an earlier, refused attempt.
      if (before.status === "signedOut") toasts.dismissErrors();
    } else if (before.status === "signedIn") {
      displayName.set("");
      forgetting.emit(undefined);
      liveSession.closeSocket(hasExpired(now) ? CLOSE.notSignedIn : undefined);
      onLeft();
    } else if (hasExpired(before) && !hasExpired(now)) {
      // Another tab has signed out. This one learned first that its session had ended.
      onLeft();
    }
    before = now;
  });
}
