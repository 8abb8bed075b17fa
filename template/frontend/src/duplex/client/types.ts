/** The frames on the wire and the public types of the session socket. */
import type { Document, Reply, Requests, Responses, StateName } from "./contract";
import type { ErrorCode, StreamEnd } from "./protocol.generated";
import type { Listeners } from "./stores";

/**
 * Returns the access token for a request, or null when nobody is signed in.
 * `refresh: true` requests a token that is newer than the previous one.
 */
export type TokenProvider = (options: { refresh: boolean }) => Promise<string | null>;

/** One user in the session, as the others see them. */
export interface Participant {
  participant: string;
  name: string;
}

/** The server's answer to a hello. */
export interface Initialised {
  session: string;
  participant: string;
  name: string;
  /** All participants; in a crowd the first of them. */
  participants: Participant[];
  participants_total: number;
  /** The shared document. */
  snapshot: Document;
  /** A secret of this client: with it a later connection takes its place in the session. */
  resume_token: string;
  epoch: string;
  /** The number of the last message that `snapshot` includes. */
  seq: number;
  /** All messages since the last connection follow; otherwise some are lost. */
  recovered: boolean;
  /** Seconds. */
  heartbeat: number;
  contract_changed: boolean;
}

/** The data with which a client resumes its place. */
export interface Resume {
  token: string;
  epoch: Initialised["epoch"];
  seq: number;
}

/** A request of the page. */
export interface ISocketRequest<S extends StateName = StateName> {
  state: S;
  data: Requests[S];
}

/** The fields that every frame from the server may have. */
interface Envelope {
  /** The id of the request that this frame answers. */
  id?: string;
  /** The place of a room message in the session's one order. */
  seq?: number;
  /** The participant whose request caused it; missing in replies to own requests. */
  from?: string;
  /** More replies of the same stream follow. */
  more?: boolean;
  /** How a stream ended, in its last frame. */
  ended?: StreamEnd;
  error?: string;
}

export type StateFrame<S extends StateName = StateName> = {
  [N in S]: Envelope & { state: N; data: Responses[N] };
}[S];
export type InitialisedFrame = Envelope & { state: "initialised"; data: Initialised };
export type PresenceFrame = Envelope & { state: "joined" | "left"; data: Participant };
/** A page of the participants, as a reply to the request `participants`. */
export interface ParticipantsPage {
  participants: Participant[];
  total: number;
  /** Where the next page begins; missing on the last one. */
  next?: string;
}

/** Several participants joined or left. In a crowd: only the total number of participants. */
export type CrowdFrame = Envelope & {
  state: "presence";
  data: {
    total: number;
    joined?: Participant[];
    left?: Participant[];
    /** The whole list, after a crowd has become small again. */
    participants?: Participant[];
  };
};
export type ErrorFrame = Omit<Envelope, "error"> & {
  state: "error";
  error: string;
  code?: ErrorCode;
  details?: unknown;
  data?: undefined;
};
export type NoticeFrame = Envelope & {
  state: "authenticate" | "draining" | "expiring" | "participants" | "pong";
  data?: unknown;
};

/**
 * Messages up to this `seq` were left out: they are for another participant, or were dropped for a slow
 * reader because they need not be kept.
 */
export type SkippedFrame = Envelope & { state: "skipped"; data: { through: number } };

/** Fields of the shared document that a request holds from now on, or that are null again. */
export type HeldFrame = Envelope & { state: "held"; data: Partial<Document> };

/** A frame of the server: narrow it by `state`. */
export type ISocketResponse =
  | StateFrame
  | InitialisedFrame
  | PresenceFrame
  | CrowdFrame
  | ErrorFrame
  | SkippedFrame
  | HeldFrame
  | NoticeFrame;

/** The server's error codes and the client's own. */
export type SessionErrorCode =
  | ErrorCode
  /** The queue of unsent and unanswered requests is full. */
  | "queue_full"
  /** The session has ended. */
  | "ended"
  /** The server lost the session's history: whether the request was handled is not known. */
  | "outcome_unknown";

/** A request that was not answered as hoped. `message` is a sentence for the user. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  readonly code: SessionErrorCode;
  readonly details: unknown;

  constructor(code: SessionErrorCode, message: string, details?: unknown) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export type SocketStatus = "idle" | "connecting" | "open" | "recovering" | "offline" | "ended";

/**
 * `reason` explains why the socket is not open, or why the session ended; `code` is the close code
 * of the ended session, null until then.
 */
export interface StatusChange {
  status: SocketStatus;
  reason: string | null;
  code: number | null;
}

/** One frame that went over the wire. The protocol's secrets are blanked. `size` in bytes. */
export interface WireEvent {
  direction: "sent" | "received";
  frame: Readonly<Record<string, unknown>>;
  size: number;
}

/** A stream that continues after a reload of the page. */
export interface ResumedStream<S extends StateName = StateName> {
  /** The data of its request. */
  readonly data: Requests[S];
  readonly replies: AsyncIterableIterator<Reply<S>>;
  /** Cancels it, also on the server. `replies` ends after those that have arrived. */
  readonly cancel: () => void;
}

export interface CallOptions {
  /** The time limit in milliseconds, including time without a connection; Infinity: none. */
  deadline?: number;
  /** Cancels the call, also on the server. */
  signal?: AbortSignal;
}

/** An own stream that has not ended, with which a later client of the same place continues it. */
export interface RunningStream {
  readonly id: string;
  readonly state: string;
  /** The request's data. */
  readonly data: unknown;
  /** The replies so far; of a very long stream the last of them. */
  readonly replies: readonly unknown[];
}

/** How much may wait: requests not sent yet together with those not answered yet. */
export interface QueueLimits {
  count: number;
  bytes: number;
}

export interface SocketOptions {
  /** The session to join; without one the server makes a new private session. */
  session?: string;
  /** The place of an earlier client in that session, to take it. */
  resume?: Resume;
  /** The streams that run in that place. */
  streams?: readonly RunningStream[];
  /** The name the other participants see. */
  name?: string;
  /** Where the server's socket is. */
  url: string;
  token: TokenProvider;
  /** The fingerprint of the contract that this page was built with. */
  contract: string;
  limits?: Partial<QueueLimits>;
  /** Receives every frame; several sockets may share one. */
  onWire?: Listeners<WireEvent>;
}

/** One session over as many WebSockets as it takes. */
export interface SocketClient {
  readonly status: SocketStatus;
  /** Why it is not open, in words. */
  readonly reason: string | null;
  /** Requests without their last answer. */
  readonly pending: number;
  /** Round trip of the last ping in milliseconds. */
  readonly latency: number | null;
  /** The secret with which another client takes this one's place in the session. */
  readonly resume: Resume | null;
  /** This client's streams that have not ended. */
  readonly streams: readonly RunningStream[];

  /** Every frame received, as it came. */
  readonly onUnpackedMessage: Listeners<ISocketResponse>;
  /** The frames that make up the session, in order and each exactly once. */
  readonly onUpdate: Listeners<ISocketResponse>;
  readonly onStatus: Listeners<StatusChange>;
  /** Every frame in both directions, also the protocol's own. Without listeners it costs nothing. */
  readonly onWire: Listeners<WireEvent>;

  /** Connects; resolves when the server has initialised the session, rejects when it refuses. */
  open(): Promise<Initialised>;
  /**
   * Sends a frame of any shape, now or when the connection is back.
   * @throws {SessionError} `queue_full`, `too_big` or `ended`
   */
  sendPacked(frame: Readonly<Record<string, unknown>>): void;
  /** One request and its reply (the last one, when the state streams); rejects with SessionError. */
  request<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): Promise<Responses[S]>;
  /** One request and each of its replies; leaving the loop cancels it. */
  stream<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): AsyncIterableIterator<Reply<S>>;
  /**
   * The streams of a state that an earlier client in this place has begun (`SocketOptions.streams`),
   * each once and with all its replies from the first one on; leaving the loop cancels it.
   */
  resumedStreams<S extends StateName>(state: S): ResumedStream<S>[];
  /** A page of the participants: the first one, or that at `after`. */
  participants(after?: string): Promise<ParticipantsPage>;
  /**
   * The page is suspended: disconnects at once and keeps the place in the session for a while, and
   * everything that waits for an answer, until `wake`. The others see it leave, unless (`reload`)
   * it is back in a moment.
   */
  suspend(options?: { reload?: boolean }): void;
  /** The page is back: connects and resumes. Does nothing unless the session is suspended. */
  wake(): void;
  /** Leaves the session for good. `code`: a close code that ends a session. */
  close(code?: number): void;
}
