import type { StateName } from "../api/contract";
import { SessionError } from "../api/websocketAPI";
import { createSessionStore } from "../session/sessionStore";
import type { RequestForm } from "../session/watchers";
import { watchers } from "../states";
import { tooBigWords } from "./labels";
import { attempt } from "./problem";
import { toasts } from "./toasts";

/** The page's one session. It lives outside the component tree: what a page shows may come and go. */
export const liveSession = createSessionStore({ watchers });

// A complaint that belongs to no request is said once, wherever on the page the user is.
let said = liveSession.getSnapshot().error;
liveSession.subscribe(() => {
  const { error } = liveSession.getSnapshot();
  if (error !== said && error !== null) toasts.show("error", error);
  said = error;
});

/** Opens session `id`; when that fails, the state says why. */
export function joinSession(id: string, name: string): void {
  liveSession.initialiseSocket({ session: id, name }).catch(() => undefined);
}

/** Sends what a person filled in; a refusal is said in a toast. Answers whether it worked. */
export const sendForm = (state: StateName, form: RequestForm): Promise<boolean> =>
  attempt(async () => {
    try {
      // The page says that it is delivered when the connection is back, whenever that is.
      await liveSession.watchRequestSocket(state, form, { deadline: Infinity });
    } catch (error) {
      throw error instanceof SessionError && error.code === "too_big"
        ? new SessionError(error.code, tooBigWords(state, error.details), error.details)
        : error;
    }
  });

/** Loads the page again, as the server has it now, and goes on in the same session. */
export function reloadPage(): void {
  liveSession.handOver();
  location.reload();
}
