import type { Requests, Snapshot, StateName } from "../api/contract";
import type { Reply } from "../api/websocketAPI";

/** What the page's form gives to a watcher. */
export interface RequestForm {
  text: string;
}

/** The page's side of one state: how a request is made and what its response does. */
export interface Watcher<S extends StateName> {
  /** What people read. */
  readonly label: string;
  /** Makes the request's data from the page's form. */
  request(form: RequestForm): Requests[S];
  /**
   * The snapshot after a response, one's own or another participant's. Must not change `snapshot`:
   * answer a new one, or the same when nothing changes. `from` is the participant who caused it,
   * null for oneself.
   */
  response(snapshot: Snapshot, data: Reply<S>, from: string | null): Snapshot;
}

/** One watcher for every state: a state without one does not compile. */
export type Watchers = { readonly [S in StateName]: Watcher<S> };
