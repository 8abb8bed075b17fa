import type { ShallowRef } from "vue";

import type { SessionState, SessionStore } from "../session/sessionStore";
import { liveSession } from "../ui/liveSession";
import { useReadable } from "./useReadable";

/** The page's session: its state as a ref, and the store for everything that is done to it. */
export function useSession(): {
  state: Readonly<ShallowRef<SessionState>>;
  session: SessionStore;
} {
  return { state: useReadable(liveSession), session: liveSession };
}
