/** The engine's stores as hooks. */
import { useMemo, useSyncExternalStore } from "react";

import { type AccountState, currentApp, linksFor, type NavigationItem } from "../app";
import { liveSession, type SessionActions } from "../session/live";
import type { SessionState } from "../session/state";
import { createStore, type Readable } from "../ui/store";

/** The current value of a framework-free store; the component renders again when it changes. */
export function useReadable<T>(source: Readable<T>): T {
  return useSyncExternalStore(source.subscribe, source.getSnapshot);
}

/** The page's session: its state, and everything that can be done with it. */
export interface Session extends SessionActions {
  readonly state: SessionState;
}

const whole = (state: SessionState): SessionState => state;

/**
 * The page's session: `const { state, sendSocketRequest } = useSession()`. The component renders again
 * after each change of the state.
 */
export function useSession(): Session;
/**
 * A part of the session's state: `useSession((state) => state.status)`. The component renders again
 * only when that part changes. `select` must return a part as it is: a new object at every call would
 * render for ever.
 */
export function useSession<T>(select: (state: SessionState) => T): T;
export function useSession(select?: (state: SessionState) => unknown): unknown {
  const part = useSyncExternalStore(liveSession.subscribe, () =>
    (select ?? whole)(liveSession.getSnapshot()),
  );
  const session = useMemo(() => ({ ...liveSession, state: part }), [part]);
  return select === undefined ? session : part;
}

const nobody: Readable<AccountState | null> = createStore<AccountState | null>(null);

/** The application's links that the present user sees. */
export function useNavigation(): readonly NavigationItem[] {
  return linksFor(useReadable<AccountState | null>(currentApp().accounts ?? nobody));
}
