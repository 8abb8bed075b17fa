import { useSyncExternalStore } from "react";

import type { SessionState } from "../session/sessionStore";
import { liveSession } from "../ui/liveSession";

/**
 * What a component shows of the page's session; it renders again only when that part changes.
 * `select` answers a part of the state as it is: a new object at every call would never settle.
 * Everything that is done to the session is a method of `liveSession`.
 */
export function useSession<T>(select: (state: SessionState) => T): T {
  return useSyncExternalStore(liveSession.subscribe, () => select(liveSession.getSnapshot()));
}
