import { CLOSE } from "../client/protocol.generated";
import { displayName } from "./displayName";
import { liveSession } from "./live";
import { isSessionId } from "./names";
import type { SessionState } from "./state";

/**
 * How far the page is with a room. `invalid`: no session can have this id; `unnamed`: the user has no
 * display name yet; `refused`: the session ended before it was open; `ended`: it was open, and its
 * document is still there.
 */
export type RoomPhase = "invalid" | "unnamed" | "opening" | "refused" | "open" | "ended";

export function roomPhase(state: SessionState, id: string, name: string): RoomPhase {
  if (!isSessionId(id)) return "invalid";
  if (state.session !== id) return name === "" ? "unnamed" : "opening";
  if (state.participant === null) return state.status === "ended" ? "refused" : "opening";
  return state.status === "ended" ? "ended" : "open";
}

/** Whether the room's content must not be shown any more, because the user was signed out. */
export const isHidden = (state: SessionState): boolean => state.code === CLOSE.notSignedIn;

/** Joins the session `id`; when that fails, the session's state says why. */
export function joinRoom(id: string, name?: string): void {
  if (name !== undefined) displayName.set(name);
  liveSession
    .initialiseSocket({ session: id, name: displayName.getSnapshot() })
    .catch(() => undefined);
}

/** Joins the session `id` unless it is open already, or the user has no display name yet. */
export function enterRoom(id: string): void {
  if (!isSessionId(id)) return;
  const { session, status } = liveSession.getSnapshot();
  const open = session === id && status !== "ended";
  if (!open && displayName.getSnapshot() !== "") joinRoom(id);
}
