/** The page's one session: its functions, and the user's name in it. */
import type { FormOf, StateName } from "../client/contract";
import { NAME_LENGTH, NAME_MARKS } from "../client/protocol.generated";
import { createStore, type Readable, storage } from "../client/stores";
import { SessionError } from "../client/types";
import { attempt, toasts } from "../ui/toasts";
import type { SessionState } from "./state";
import { createSessionStore, type SessionParts, type SessionStore } from "./store";

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

/** The functions of the page's session. */
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
      if (!(error instanceof SessionError) || error.code !== "too_big") throw error;
      // Loaded on demand, since few pages need it.
      const { tooBigWords } = await import("./notices");
      const text = tooBigWords(stateLabel(state), error.details);
      throw new SessionError(error.code, text, error.details);
    }
  });

/** Reloads the page, to get the server's present version, and stays in the session. */
export function reloadPage(): void {
  liveSession.handOver();
  location.reload();
}

const KEY = "name";
/** The `pattern` of a field that must hold more than spaces. */
export const NOT_BLANK = ".*\\S.*";

export interface DisplayName extends Readable<string> {
  /** Stores the name on this device; an empty one removes it. */
  set(name: string): void;
}

/** A name without the characters that the server would refuse: too many, or piles of combining marks. */
function tidied(name: string): string {
  let marks = 0;
  // In whole characters, as the server counts them.
  const kept = Array.from(name.trim()).filter((character) => {
    if (/[\p{Mn}\p{Me}]/u.test(character)) marks += 1;
    // After these, the next mark is still drawn at the same letter.
    else if (!/[\p{Mc}\p{Cf}]/u.test(character)) marks = 0;
    return marks <= NAME_MARKS;
  });
  return kept.slice(0, NAME_LENGTH).join("");
}

function createDisplayName(): DisplayName {
  const store = createStore(storage.read(KEY) ?? "");
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    set(name) {
      const tidy = tidied(name);
      storage.write(KEY, tidy === "" ? null : tidy);
      store.set(tidy);
    },
  };
}

/** The name that others in a session see; empty until the user has entered one. */
export const displayName = createDisplayName();
