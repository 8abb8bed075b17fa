import { computed, type ComputedRef, type MaybeRefOrGetter, toValue, watch } from "vue";

import type { Document } from "../client/contract";
import { displayName } from "../session/live";
import { enterRoom, isHidden, joinRoom, type RoomPhase, roomPhase } from "../session/room";
import { type Session, useReadable, useSession } from "./composables";

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
