import {
  STATES,
  type Initialised,
  type Participant,
  type Snapshot,
  type StateName,
  type StateOptions,
} from "../api/contract";
import type { ISocketResponse, Reply, SocketStatus, StateFrame } from "../api/websocketAPI";
import { EMPTY } from "./snapshot";
import type { Watchers } from "./watchers";

/**
 * `messages`: the session went on, and not all that was said meanwhile came. `session`: the server
 * has begun it anew, and what was not saved is gone.
 */
export type Loss = "messages" | "session";

/** Everything the page shows of a session. Never changed in place: each change is a new object. */
export interface SessionState {
  readonly status: SocketStatus;
  /** Why it is not open, or why it ended, in words. */
  readonly reason: string | null;
  /** The close code that it ended with; null while it has not ended. */
  readonly code: number | null;
  readonly session: string | null;
  /** One's own public id. */
  readonly participant: string | null;
  /** One's own name, as the server gave or took it. */
  readonly name: string | null;
  /** Everybody in the session, oneself included. */
  readonly participants: readonly Participant[];
  readonly snapshot: Snapshot;
  /** The number of the last message that the server's own snapshot already held. */
  readonly seq: number;
  /** Requests without their last answer. */
  readonly pending: number;
  /** What the server complained about last, and that belongs to no request; null once it answers. */
  readonly error: string | null;
  /** Round trip of the last ping in milliseconds. */
  readonly latency: number | null;
  /** The server said that it leaves, and another one has not answered yet. */
  readonly draining: boolean;
  /** What the server could not give back after the connection was lost, until somebody has read it. */
  readonly loss: Loss | null;
  /** The server runs another version of the contract than this page: reload soon. */
  readonly contractChanged: boolean;
  /** Which life of the session this is: its numbers and its snapshot belong to it. */
  readonly epoch: string | null;
}

export const IDLE: SessionState = {
  status: "idle",
  reason: null,
  code: null,
  session: null,
  participant: null,
  name: null,
  participants: [],
  snapshot: EMPTY,
  seq: 0,
  pending: 0,
  error: null,
  latency: null,
  draining: false,
  loss: null,
  contractChanged: false,
  epoch: null,
};

/** The session after a frame. Each frame must come once and in order (`SocketClient.onUpdate`). */
export function reduce(
  state: SessionState,
  frame: ISocketResponse,
  watchers: Watchers,
): SessionState {
  if (isOfState(frame)) return respond(calmed(state), frame, watchers);
  switch (frame.state) {
    case "initialised":
      return begin(state, frame.data);
    case "joined":
      return { ...state, participants: [...without(state, frame.data.participant), frame.data] };
    case "left":
      // Replayed after a resume: one is here again.
      if (frame.data.participant === state.participant) return state;
      return { ...state, participants: without(state, frame.data.participant) };
    case "error":
      return { ...state, error: frame.error };
    case "draining":
      return { ...state, draining: true };
    case "authenticate":
    case "expiring":
    case "pong":
    case "skipped":
      return state;
    default:
      // A state that only a newer server knows.
      return { ...state, contractChanged: true };
  }
}

/** What the server complained about is over once it answers; said again, it is news. */
function calmed(state: SessionState): SessionState {
  return state.error === null ? state : { ...state, error: null };
}

function begin(state: SessionState, data: Initialised): SessionState {
  return {
    ...state,
    session: data.session,
    participant: data.participant,
    name: data.name,
    participants: data.participants,
    // The whole truth at `seq`, also of states whose messages are not all replayed.
    snapshot: data.snapshot,
    seq: data.seq,
    error: null,
    draining: false,
    loss: data.recovered ? state.loss : lossAt(state, data),
    contractChanged: data.contract_changed,
    epoch: data.epoch,
  };
}

function lossAt({ epoch }: SessionState, data: Initialised): Loss | null {
  // The first time there was nothing to lose.
  if (epoch === null) return null;
  return epoch === data.epoch ? "messages" : "session";
}

function without(state: SessionState, participant: string): Participant[] {
  return state.participants.filter((other) => other.participant !== participant);
}

function isOfState(frame: ISocketResponse): frame is StateFrame {
  return Object.hasOwn(STATES, frame.state);
}

function respond<S extends StateName>(
  state: SessionState,
  frame: StateFrame<S>,
  watchers: Watchers,
): SessionState {
  // Replayed after a resume: the snapshot that came before it holds what it changed.
  if (frame.seq !== undefined && frame.seq <= state.seq) return state;
  const options: StateOptions = STATES[frame.state];
  const data: unknown = frame.data;
  // The frame after a stream's last reply only says that there are no more.
  if (options.streams && frame.more !== true && data === null) return state;
  const from = frame.from === state.participant ? null : (frame.from ?? null);
  const snapshot = watchers[frame.state].response(state.snapshot, data as Reply<S>, from);
  return snapshot === state.snapshot ? state : { ...state, snapshot };
}
