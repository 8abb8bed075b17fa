import type {
  Document,
  Message,
  MessageName,
  Register,
  Requests,
  StateName,
} from "../client/contract";
import type { StreamEnd } from "../client/protocol.generated";

/** The page's side of one state or event. */
export interface Watcher<N extends MessageName> {
  /** The name as users read it. */
  readonly label: string;
  /**
   * Makes the request's data from the page's form, of whatever type. Leave it out for an event, and
   * for a state that the page never sends.
   */
  readonly request?: (form: never) => N extends StateName ? Requests[N] : never;
  /**
   * The document after a response, the page's own or another participant's, or after an event. Must
   * not change `document`: return a new one, or the same one when nothing changes. `from` is the
   * participant whose request it was, null for the page's own.
   */
  response(document: Document, data: Message<N>, from: string | null): Document;
  /**
   * The document after a stream of this state has ended, in the same way. `how` says whether it was
   * `done`, `cancelled`, `interrupted` (its server is gone) or has `failed`.
   */
  ended?(document: Document, how: StreamEnd, from: string | null): Document;
}

/** One watcher for every state and event: one without a watcher does not compile. */
export type Watchers = { readonly [N in MessageName]: Watcher<N> };

type Registered = Register extends { watchers: infer W } ? W : Watchers;

/** What the page's form hands to the watcher of a state; `never` when the page cannot send it. */
export type FormOf<S extends StateName> = S extends keyof Registered
  ? Registered[S] extends { request: (form: infer F) => unknown }
    ? F
    : never
  : never;
