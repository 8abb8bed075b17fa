import type { Document, StateOptions, Watcher, Watchers } from "../client/contract";
import type { StreamEnd } from "../client/protocol.generated";
import type {
  CrowdFrame,
  ErrorFrame,
  Initialised,
  ISocketResponse,
  Participant,
  ParticipantsPage,
  SocketStatus,
  StateFrame,
} from "../client/types";

/**
 * `messages`: the session continued, and some of its messages are missing. `session`: the server
 * restarted it, and unsaved changes are lost.
 */
export type Loss = "messages" | "session";

/** The connection's status in words. */
export const CONNECTION_WORDS: Readonly<Record<SocketStatus, string>> = {
  idle: "No session",
  connecting: "Connecting",
  open: "Connected",
  recovering: "Reconnecting",
  offline: "Offline",
  ended: "Session ended",
};

/** A stream that has begun and not ended: of another participant, or (`from` null) of this page's. */
export interface Streaming {
  readonly state: string;
  readonly from: string | null;
}

/** Everything the page shows of a session. Immutable: each change makes a new object. */
export interface SessionState {
  readonly status: SocketStatus;
  /** Why it is not open, or why it ended, in words. */
  readonly reason: string | null;
  /** The close code that it ended with; null while it has not ended. */
  readonly code: number | null;
  readonly session: string | null;
  /** The public id of this page's own participant. */
  readonly participant: string | null;
  /** The name of this page's own participant, as the server has accepted or given it. */
  readonly name: string | null;
  /** All participants of the session, this page's own included. */
  readonly participants: readonly Participant[];
  /** How many participants there are; in a crowd more than are listed. */
  readonly total: number;
  /** The shared document; null until the server has sent it. */
  readonly document: Document | null;
  /** The number of the last message that the server's document included. */
  readonly seq: number;
  /** The streams that run: a participant's streams of one state count as one. */
  readonly streaming: readonly Streaming[];
  /** Requests without their last answer. */
  readonly pending: number;
  /** The server's last error that belongs to no request; null after its next response. */
  readonly error: string | null;
  /** Round trip of the last ping in milliseconds. */
  readonly latency: number | null;
  /** The server announced its shutdown, and no other one has answered yet. */
  readonly draining: boolean;
  /** The loss with the last connection, until the user dismisses the notice. */
  readonly loss: Loss | null;
  /** The server runs another version of the contract than this page. */
  readonly contractChanged: boolean;
  /** Identifies the log of messages that `seq` counts in; another one after the session restarted. */
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
  total: 0,
  document: null,
  seq: 0,
  streaming: [],
  pending: 0,
  error: null,
  latency: null,
  draining: false,
  loss: null,
  contractChanged: false,
  epoch: null,
};

/** The behaviour of states and events: their rules and their watchers. */
export interface Behaviour {
  readonly states: Readonly<Record<string, StateOptions>>;
  readonly watchers: Watchers;
}

/** Any watcher, called with data of the contract's types. */
type AnyWatcher = Pick<Watcher<never>, "ended"> & {
  response(document: Document, data: unknown, from: string | null): Document;
};

/** The session after a frame. Each frame must come once and in order (`SocketClient.onUpdate`). */
export function reduce(
  state: SessionState,
  frame: ISocketResponse,
  behaviour: Behaviour,
): SessionState {
  const watcher = watcherOf(frame, behaviour);
  if (watcher !== null) {
    return respond(calmed(state), frame as StateFrame, watcher, behaviour);
  }
  // Replayed after a resume: the server's list includes the change already.
  if (isPresence(frame) && frame.seq !== undefined && frame.seq <= state.seq) return state;
  switch (frame.state) {
    case "initialised":
      return begin(state, frame.data);
    case "joined":
      return changed(state, [frame.data], []);
    case "left":
      // Replayed after a resume: this page is in the session again.
      if (frame.data.participant === state.participant) return state;
      return changed(state, [], [frame.data]);
    case "presence":
      return gathered(state, frame.data);
    case "error":
      // With a number it ends a stream, and its reader gets it as an exception.
      return frame.seq === undefined
        ? { ...state, error: frame.error }
        : failed(state, frame, behaviour);
    case "held":
      // Replayed after a resume: the server's document includes it already.
      if (state.document === null || (frame.seq ?? 0) <= state.seq) return state;
      return { ...state, document: { ...state.document, ...frame.data } };
    case "draining":
      return { ...state, draining: true };
    case "authenticate":
    case "expiring":
    case "participants":
    case "pong":
    case "skipped":
      return state;
    default:
      // A state that only a newer server knows.
      return { ...state, contractChanged: true };
  }
}

/** A response settles the last error: if it comes again, it is a new one. */
function calmed(state: SessionState): SessionState {
  return state.error === null ? state : { ...state, error: null };
}

function begin(state: SessionState, data: Initialised): SessionState {
  return {
    ...state,
    session: data.session,
    participant: data.participant,
    name: data.name,
    participants: withOwn(data),
    total: data.participants_total,
    streaming: data.recovered ? state.streaming : [],
    // The full document as of `seq`, including states whose messages are not replayed.
    document: data.snapshot,
    seq: data.seq,
    error: null,
    draining: false,
    loss: data.recovered ? state.loss : lossAt(state, data),
    contractChanged: data.contract_changed,
    epoch: data.epoch,
  };
}

function lossAt({ epoch }: SessionState, data: Initialised): Loss | null {
  // On the first connection there was nothing to lose.
  if (epoch === null) return null;
  return epoch === data.epoch ? "messages" : "session";
}

/** The session after participants came and left. */
function changed(
  state: SessionState,
  joined: readonly Participant[],
  left: readonly Participant[],
): SessionState {
  const ids = new Set([...joined, ...left].map(({ participant }) => participant));
  const others = state.participants.filter(({ participant }) => !ids.has(participant));
  const participants = [...others, ...joined];
  const more = participants.length - state.participants.length;
  return { ...state, participants, total: state.total + more };
}

/** The session after several changes, which the server has gathered. `total` is always right. */
function gathered(state: SessionState, data: CrowdFrame["data"]): SessionState {
  const { total, joined = [], left = [], participants } = data;
  if (participants !== undefined) return { ...state, participants, total };
  const others = left.filter(({ participant }) => participant !== state.participant);
  return { ...changed(state, joined, others), total };
}

/** The list with this page's own participant, which is not always among the first of a crowd. */
function withOwn({ participant, name, participants }: Initialised): Participant[] {
  const listed = participants.some((one) => one.participant === participant);
  return listed ? participants : [...participants, { participant, name }];
}

function isPresence(frame: ISocketResponse): boolean {
  return ["joined", "left", "presence"].includes(frame.state);
}

/** The session after a page of the list of participants. */
export function listed(state: SessionState, page: ParticipantsPage): SessionState {
  return { ...changed(state, page.participants, []), total: page.total };
}

function watcherOf(frame: ISocketResponse, { watchers }: Behaviour): AnyWatcher | null {
  const all: Readonly<Record<string, AnyWatcher>> = watchers;
  return Object.hasOwn(all, frame.state) ? (all[frame.state] ?? null) : null;
}

function respond(
  before: SessionState,
  frame: StateFrame,
  watcher: AnyWatcher,
  { states }: Behaviour,
): SessionState {
  const data: unknown = frame.data;
  const from = frame.from === before.participant ? null : (frame.from ?? null);
  const streams = states[frame.state]?.streams === true;
  const stream = { state: frame.state, from };
  const more = frame.more === true;
  const state = streams ? withStream(before, stream, more) : before;
  // Replayed after a resume: the server's document includes it already.
  if (state.document === null || (frame.seq !== undefined && frame.seq <= state.seq)) return state;
  // The frame after a stream's last reply only ends the stream.
  const document =
    streams && !more && data === null
      ? (watcher.ended?.(state.document, frame.ended ?? "done", from) ?? state.document)
      : watcher.response(state.document, data, from);
  return document === state.document ? state : { ...state, document };
}

/** The session with a stream that runs, or without it. */
function withStream(state: SessionState, stream: Streaming, runs: boolean): SessionState {
  const others = state.streaming.filter(
    (one) => one.state !== stream.state || one.from !== stream.from,
  );
  const known = others.length < state.streaming.length;
  if (known === runs) return state;
  return { ...state, streaming: runs ? [...others, stream] : others };
}

/** One's own stream has failed. Where the others saw it, its end came first. */
function failed(before: SessionState, frame: ErrorFrame, behaviour: Behaviour): SessionState {
  const stream = { state: stateOf(frame.details), from: null };
  const state = withStream(before, stream, false);
  if (state === before || state.document === null) return state;
  const how = ENDS[frame.code ?? ""] ?? "failed";
  const watcher = (behaviour.watchers as Readonly<Record<string, AnyWatcher>>)[stream.state];
  const document = watcher?.ended?.(state.document, how, null) ?? state.document;
  return { ...state, document };
}

/** How a stream ended, by the code of its error; any other one means that it failed. */
const ENDS: Readonly<Record<string, StreamEnd>> = {
  cancelled: "cancelled",
  interrupted: "interrupted",
};

/** The state that an error's details name. */
function stateOf(details: unknown): string {
  const named = typeof details === "object" && details !== null && "state" in details;
  return named && typeof details.state === "string" ? details.state : "";
}
