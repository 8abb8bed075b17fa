/** The engine's stores and sessions as composables. */
import {
  computed,
  type ComputedRef,
  type MaybeRefOrGetter,
  onScopeDispose,
  type ShallowRef,
  shallowRef,
  toValue,
  watch,
} from "vue";

import { type AccountState, currentApp, linksFor, type NavigationItem } from "../app";
import type { Document } from "../client/contract";
import { createStore, type Readable } from "../client/stores";
import { displayName, liveSession, type SessionActions } from "../session/live";
import { enterRoom, isHidden, joinRoom, type RoomPhase, roomPhase } from "../session/room";
import type { SessionState } from "../session/state";

/** A framework-free store as a ref; the listener leaves with the component. */
export function useReadable<T>(source: Readable<T>): Readonly<ShallowRef<T>> {
  const value = shallowRef(source.getSnapshot());
  onScopeDispose(
    source.subscribe(() => {
      value.value = source.getSnapshot();
    }),
  );
  return value;
}

/** The page's session: its state as a ref, and everything that can be done with it. */
export interface Session extends SessionActions {
  readonly state: Readonly<ShallowRef<SessionState>>;
}

export function useSession(): Session {
  void liveSession.loadClient();
  return { ...liveSession, state: useReadable(liveSession) };
}

const nobody: Readable<AccountState | null> = createStore<AccountState | null>(null);

/** The application's links that the present user sees. */
export function useNavigation(): ComputedRef<readonly NavigationItem[]> {
  const account = useReadable<AccountState | null>(currentApp().accounts ?? nobody);
  return computed(() => linksFor(account.value));
}

/** A session that the page joins, and everything that can be done with it. */
export interface Room extends Session {
  readonly phase: ComputedRef<RoomPhase>;
  /** The shared document; null until the session is open, and after the user was signed out. */
  readonly document: ComputedRef<Document | null>;
  /** Joins, or joins again after the session has ended. With a name: under that name from now on. */
  readonly join: (name?: string) => void;
}

/**
 * Joins the session `id` under the user's display name; without one, `phase` is `unnamed` until `join`
 * is called with a name. Leaving the page leaves the session.
 */
export function useRoom(id: MaybeRefOrGetter<string>): Room {
  const session = useSession();
  const name = useReadable(displayName);
  const phase = computed(() => roomPhase(session.state.value, toValue(id), name.value));

  watch(() => toValue(id), enterRoom, { immediate: true });

  return {
    ...session,
    phase,
    document: computed(() => {
      const shown = phase.value === "open" || phase.value === "ended";
      return shown && !isHidden(session.state.value) ? session.state.value.document : null;
    }),
    join: (newName) => {
      joinRoom(toValue(id), newName);
    },
  };
}
