import type { FormOf, StateName } from "../client/contract";
import { CLOSE } from "../client/protocol.generated";
import { SessionError } from "../client/types";
import type { Readable } from "../ui/store";
import { attempt, toasts } from "../ui/toasts";
import { displayName, isSessionId } from "./names";
import type { SessionState } from "./state";
import { createSessionStore, type SessionParts, type SessionStore } from "./store";
import { tooBigWords } from "./words";

let parts: SessionParts | null = null;

/** Sets the application's parts of the page's session. Call it before the first use. */
export function configureSession(given: SessionParts): void {
  parts = given;
}

function configured(): SessionParts {
  if (parts === null)
    throw new Error("The session is not configured: call configureSession first.");
  return parts;
}

/** The page's session. It lives outside the component tree, so that pages can change. */
export const liveSession = createSessionStore(configured);

/** Everything that can be done with the page's session. */
export type SessionActions = Omit<SessionStore, keyof Readable<SessionState> | "onWire">;

// An error that belongs to no request is shown once, on any page.
let shown = liveSession.getSnapshot().error;
liveSession.subscribe(() => {
  const { error } = liveSession.getSnapshot();
  if (error !== shown && error !== null) toasts.show("error", error);
  shown = error;
});

/** The names of all states, in the order of `src/states/index.ts`. */
export function stateNames(): readonly StateName[] {
  const { contract, watchers } = configured();
  const names = Object.keys(watchers) as StateName[];
  return names.filter((name) => Object.hasOwn(contract.states, name));
}

/** The names of the states that the page can send from a form. */
export const formStates = (): readonly StateName[] =>
  stateNames().filter((state) => configured().watchers[state].request !== undefined);

/** The label of a state or event; its name when this page does not know it: the server is newer. */
export function stateLabel(state: string): string {
  const { watchers } = configured();
  return Object.hasOwn(watchers, state) ? watchers[state as StateName].label : state;
}

/** Whether a success of the state ends the session for everybody. */
export const closesSession = (state: StateName): boolean =>
  configured().contract.states[state]?.closes === true;

/** The fingerprint of the contract that this page was built with. */
export const contractFingerprint = (): string => configured().contract.fingerprint;

/**
 * Sends the request that the state's watcher makes from a form; an error is shown in a toast.
 * Resolves to whether it succeeded. Without a connection the request waits for the next one.
 */
export const sendForm = <S extends StateName>(state: S, form: FormOf<S>): Promise<boolean> =>
  attempt(async () => {
    try {
      await liveSession.watchRequestSocket(state, form, { deadline: Infinity });
    } catch (error) {
      throw error instanceof SessionError && error.code === "too_big"
        ? new SessionError(error.code, tooBigWords(stateLabel(state), error.details), error.details)
        : error;
    }
  });

/** Reloads the page, to get the server's present version, and stays in the session. */
export function reloadPage(): void {
  liveSession.handOver();
  location.reload();
}

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

/** Joins the session `id`; on failure, the session's state has the reason. */
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
