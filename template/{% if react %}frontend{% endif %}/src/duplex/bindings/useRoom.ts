import { useCallback, useEffect } from "react";

import type { Document } from "../client/contract";
import { displayName } from "../session/live";
import { enterRoom, isHidden, joinRoom, type RoomPhase, roomPhase } from "../session/room";
import { type Session, useReadable, useSession } from "./hooks";

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
