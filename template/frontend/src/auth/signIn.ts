/** What the pages for signing in share. */
import { auth } from "../api/auth";
import { createStore, currentApp, forgetting } from "../duplex";

/**
 * Where to go after signing in: to `next` if it is a path of this site, else to start a session. It is
 * read as the browser would read it: `/\t/example.org` is another site.
 */
export function nextPath(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/")) return currentApp().paths.start;
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null;
  if (url?.origin !== location.origin) return currentApp().paths.start;
  return url.pathname + url.search + url.hash;
}

/** The e-mail address that was typed last: the other forms for signing in begin with it. */
export const typedAddress = createStore("");
forgetting.addListener(() => {
  typedAddress.set("");
});

const open = createStore<boolean | null>(null);

/** Whether visitors can create an account (`SIGN_UP`); null until the server has answered. */
export const signUpOpen = {
  subscribe: open.subscribe,
  getSnapshot: open.getSnapshot,
  /** Never rejects. After a failure the page offers it: if it is closed, the server refuses. */
  load: async (): Promise<void> => {
    open.set(await auth.signUpOpen().catch(() => true));
  },
};

export const BY_INVITATION =
  "Accounts are created only by invitation. If you need one, ask an admin.";
