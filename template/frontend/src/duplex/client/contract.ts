/**
 * The types of the application's contract and of its watchers. The engine does not import them: the
 * application adds them to `Register`, which types every function of the client.
 */
import type { StreamEnd } from "./protocol.generated";

/**
 * Augmented by the application, in `src/api/websocketAPI.ts` (`contract`), `src/states/index.ts`
 * (`watchers`) and `src/app.ts` (`icons`), each with:
 *
 *     declare module "../duplex" {
 *       interface Register { contract: … }
 *     }
 *     declare global {}
 *
 * The last line makes TypeScript's incremental checks look at every file after a change there.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by the application
export interface Register {}

/** The rules of a state that the page may know. */
export interface StateOptions {
  /** Its success ends the session for everybody. */
  readonly closes: boolean;
  /** The receivers of its replies. */
  readonly to: "sender" | "everybody";
  /** It answers with several replies, the last without `more`. */
  readonly streams: boolean;
  /** The messages that are replayed to a returning client. */
  readonly retain: "all" | "latest" | "none";
  /** Only admins may send it. */
  readonly admin: boolean;
}

/** The shape of a registered contract, and the default without one. */
interface AnyContract {
  /** The data of requests, by state. */
  requests: Record<string, unknown>;
  /** The data of responses, by state. */
  responses: Record<string, unknown>;
  states: Readonly<Record<string, StateOptions>>;
  /** The data of events, by name. */
  events: Record<string, unknown>;
  /** The shared document. */
  document: unknown;
}

type Contract = Register extends { contract: infer C } ? C : AnyContract;
type Part<Name extends keyof AnyContract> =
  Contract extends Record<Name, infer P> ? P : AnyContract[Name];

export type Requests = Part<"requests">;
export type Responses = Part<"responses">;
export type StateName = Extract<keyof Requests & keyof Responses & keyof Part<"states">, string>;
/** Messages that only the server sends. A contract without any has a `Record<string, never>`. */
export type EventName = string extends keyof Part<"events">
  ? never
  : Extract<keyof Part<"events">, string>;
/** Everything that has a watcher on the page: states and events. */
export type MessageName = keyof (Record<StateName, unknown> & Record<EventName, unknown>);
export type Document = Part<"document">;

type Streams<S extends StateName> = Part<"states">[S] extends { readonly streams: true }
  ? true
  : false;

/** One reply of a state. The frame that ends a stream carries null, which is no reply. */
export type Reply<S extends StateName> =
  Streams<S> extends true ? NonNullable<Responses[S]> : Responses[S];

/** The data of one message that a watcher gets: a reply of a state, or an event. */
export type Message<N extends MessageName> = N extends StateName
  ? Reply<N>
  : N extends keyof Part<"events">
    ? Part<"events">[N]
    : never;

/** The part of the contract that the engine needs at run time. */
export interface ContractInfo {
  /** Tells two versions of the contract apart; the first frame carries it. */
  readonly fingerprint: string;
  readonly states: Readonly<Record<string, StateOptions>>;
}

/** The page's side of one state or event. */
export interface Watcher<N extends MessageName> {
  /** The name as users read it. */
  readonly label: string;
  /**
   * Builds the request's data from the page's form, of any type. Omit it for an event, and for a
   * state that the page never sends.
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
   * `done`, `cancelled`, `interrupted` (its server died or stopped) or has `failed`.
   */
  ended?(document: Document, how: StreamEnd, from: string | null): Document;
}

/** One watcher for every state and event: one without a watcher does not compile. */
export type Watchers = { readonly [N in MessageName]: Watcher<N> };

type Registered = Register extends { watchers: infer W } ? W : Watchers;

/** The type of the form that a state's watcher takes; `never` when the page cannot send it. */
export type FormOf<S extends StateName> = S extends keyof Registered
  ? Registered[S] extends { request: (form: infer F) => unknown }
    ? F
    : never
  : never;
