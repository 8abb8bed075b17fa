import { auth } from "../api/auth";
import { createList, createStore, currentApp, forgetting } from "../duplex";

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

/** The devices on which the user is signed in. */
export const deviceList = createList(() => auth.devices());
