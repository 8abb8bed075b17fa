/** The engine's stores and sessions as hooks. */
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";

import { type AccountState, currentApp, linksFor, type NavigationItem } from "../app";
import type { Document } from "../client/contract";
import { createStore, type Readable } from "../client/stores";
import { displayName, liveSession, type SessionActions } from "../session/live";
import { enterRoom, isHidden, joinRoom, type RoomPhase, roomPhase } from "../session/room";
import type { SessionState } from "../session/state";

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
  const entire = select === undefined;
  const session = useMemo(() => (entire ? { ...liveSession, state: part } : null), [entire, part]);
  useEffect(() => {
    if (entire) void liveSession.loadClient();
  }, [entire]);
  return entire ? session : part;
}

const nobody: Readable<AccountState | null> = createStore<AccountState | null>(null);

/** The application's links that the present user sees. */
export function useNavigation(): readonly NavigationItem[] {
  return linksFor(useReadable<AccountState | null>(currentApp().accounts ?? nobody));
}

/** A session that the page joins, and everything that can be done with it. */
export interface Room extends Session {
  readonly phase: RoomPhase;
  /** The shared document; null until the session is open, and after the user was signed out. */
  readonly document: Document | null;
  /** Joins, or joins again after the session has ended. With a name: under that name from now on. */
  readonly join: (name?: string) => void;
}

/**
 * Joins the session `id` under the user's display name; without one, `phase` is `unnamed` until `join`
 * is called with a name. Leaving the page leaves the session.
 */
export function useRoom(id: string): Room {
  const session = useSession();
  const { state } = session;
  const phase = roomPhase(state, id, useReadable(displayName));
  const shown = (phase === "open" || phase === "ended") && !isHidden(state);

  useEffect(() => {
    enterRoom(id);
  }, [id]);

  const join = useCallback(
    (name?: string) => {
      joinRoom(id, name);
    },
    [id],
  );
  return { ...session, phase, document: shown ? state.document : null, join };
}
