/** The engine's stores as composables. */
import { computed, type ComputedRef, onScopeDispose, type ShallowRef, shallowRef } from "vue";

import { type AccountState, currentApp, linksFor, type NavigationItem } from "../app";
import { liveSession, type SessionActions } from "../session/live";
import type { SessionState } from "../session/state";
import { createStore, type Readable } from "../ui/store";

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
  return { ...liveSession, state: useReadable(liveSession) };
}

const nobody: Readable<AccountState | null> = createStore<AccountState | null>(null);

/** The application's links that the present user sees. */
export function useNavigation(): ComputedRef<readonly NavigationItem[]> {
  const account = useReadable<AccountState | null>(currentApp().accounts ?? nobody);
  return computed(() => linksFor(account.value));
}
