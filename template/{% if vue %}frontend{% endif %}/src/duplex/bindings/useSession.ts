import type { ShallowRef } from "vue";

import { liveSession, type SessionActions } from "../session/live";
import type { SessionState } from "../session/state";
import { useReadable } from "./useReadable";

/** The page's session: its state as a ref, and everything that can be done with it. */
export interface Session extends SessionActions {
  readonly state: Readonly<ShallowRef<SessionState>>;
}

export function useSession(): Session {
  return { ...liveSession, state: useReadable(liveSession) };
}
