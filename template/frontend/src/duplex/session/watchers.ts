import type { Document, Register, Reply, Requests, StateName } from "../client/contract";

/** The page's side of one state. */
export interface Watcher<S extends StateName> {
  /** The state's name as users read it. */
  readonly label: string;
  /**
   * Makes the request's data from the page's form, of whatever type. Leave it out for a state that
   * the page never sends.
   */
  readonly request?: (form: never) => Requests[S];
  /**
   * The document after a response, the page's own or another participant's. Must not change
   * `document`: return a new one, or the same one when nothing changes. `from` is the participant
   * whose request it was, null for the page's own.
   */
  response(document: Document, data: Reply<S>, from: string | null): Document;
}

/** One watcher for every state: a state without one does not compile. */
export type Watchers = { readonly [S in StateName]: Watcher<S> };

type Registered = Register extends { watchers: infer W } ? W : Watchers;

/** What the page's form hands to the watcher of a state; `never` when the page cannot send it. */
export type FormOf<S extends StateName> = S extends keyof Registered
  ? Registered[S] extends { request: (form: infer F) => unknown }
    ? F
    : never
  : never;
