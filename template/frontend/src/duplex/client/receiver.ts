/**
 * Received frames: their place in the session's order, their meaning, and the requests that get no
 * ordinary answer because they are refused, too big, unreadable, or lost with the session's history.
 */
import type { Calls } from "./calls";
import type { Dialer } from "./dialer";
import type { Outbox } from "./outbox";
import { CLOSE } from "./protocol.generated";
import type { Listeners } from "./stores";
import {
  SessionError,
  type ErrorFrame,
  type Initialised,
  type InitialisedFrame,
  type ISocketResponse,
  type Resume,
} from "./types";
import { unpack, verdict } from "./wire";

/** "gap": messages are missing between the last one and this. */
export type Arrival = "new" | "duplicate" | "gap";

/**
 * The position of this client in the session's order of messages. A gap is legal only in a replay
 * after a resume, where the server omits messages that are not retained, and after a `skipped`
 * frame of the server.
 */
export class Position {
  #initialised: Initialised | null = null;
  #seq = 0;
  /** The session's last message at the time of the resume: up to here, replay. */
  #head = 0;

  /** `seq`: the last message that an earlier client in this place has had. */
  constructor(seq = 0) {
    this.#seq = seq;
  }

  /** The session's id once the server has given it. */
  get session(): string | null {
    return this.#initialised?.session ?? null;
  }

  get resume(): Resume | null {
    if (this.#initialised === null) return null;
    const { resume_token: token, epoch } = this.#initialised;
    return { token, epoch, seq: this.#seq };
  }

  /**
   * A connection was initialised. Returns whether the server still knows this client's earlier
   * requests, so that sending one again cannot have it handled twice.
   */
  initialised(data: Initialised): boolean {
    const before = this.#initialised;
    const known =
      data.recovered || (before?.participant === data.participant && before.epoch === data.epoch);
    if (!data.recovered) this.#seq = data.seq;
    this.#head = data.seq;
    this.#initialised = data;
    return known;
  }

  /** The server intentionally omitted the messages after the last one up to `through`. */
  skipped(through: number): void {
    this.#seq = Math.max(this.#seq, through);
  }

  /** A message arrived with its place in the order. */
  arrived(seq: number): Arrival {
    if (seq <= this.#seq) return "duplicate";
    if (seq > Math.max(this.#seq, this.#head) + 1) return "gap";
    this.#seq = seq;
    return "new";
  }
}

/** A frame of a state, presence, or a notice: everything but the outcomes below. */
export type UpdateFrame = Exclude<ISocketResponse, ErrorFrame>;

export interface Received {
  /** Every frame, as it came. */
  frame(frame: ISocketResponse, text: string): void;
  /** `known`: the server still knows this client's earlier requests. */
  initialised(frame: InitialisedFrame, known: boolean): void;
  /** A request was answered, perhaps for the second time. */
  answered(id: string, frame: UpdateFrame): void;
  /** A request was refused, its stream has failed, or (without an id) the server refused some frame. */
  failed(frame: ErrorFrame): void;
  /** The token expires soon. */
  expiring(): void;
}

/** The consequence of a frame for the connection. */
type Consequences = Pick<Dialer, "redial" | "refused" | "draining">;

/** Reads the frames of one session, on whichever connection they come. */
export class Receiver {
  readonly position: Position;
  readonly #events: Received;
  readonly #updates: Listeners<ISocketResponse>;
  readonly #dialer: Consequences;

  /** `updates`: the frames that belong to the session, once each and in order. */
  constructor(
    position: Position,
    updates: Listeners<ISocketResponse>,
    dialer: Consequences,
    events: Received,
  ) {
    this.position = position;
    this.#events = events;
    this.#updates = updates;
    this.#dialer = dialer;
  }

  /** `ready`: the session is initialised on this connection. */
  receive(text: string, ready: boolean): void {
    const frame = unpack(text);
    if (frame === null) return;
    this.#events.frame(frame, text);
    if (frame.state === "initialised") {
      this.#events.initialised(frame, this.position.initialised(frame.data));
    } else if (frame.state === "error") {
      if (ready) this.#failed(frame);
      else this.#dialer.refused(frame);
    } else if (frame.state === "expiring") this.#events.expiring();
    else if (frame.state === "skipped") this.position.skipped(frame.data.through);
    else {
      if (frame.state === "draining") this.#dialer.draining();
      this.#update(frame);
    }
  }

  #update(frame: UpdateFrame): void {
    const arrival = this.#arrived(frame.seq);
    if (arrival === "gap") return;
    if (arrival === "new") this.#updates.emit(frame);
    // A reply may come twice, replayed and as the answer to the request sent again: whichever
    // comes first answers the call.
    if (frame.id !== undefined) this.#events.answered(frame.id, frame);
  }

  #failed(frame: ErrorFrame): void {
    // The error that ends a stream has its place in the session's order.
    const arrival = this.#arrived(frame.seq);
    if (arrival === "gap") return;
    if (frame.id === undefined && frame.seq !== undefined) {
      // The session's last message: the server ends it for everybody, for this reason.
      this.#dialer.refused(frame);
      return;
    }
    if (arrival === "new" && frame.seq !== undefined) this.#updates.emit(frame);
    this.#events.failed(frame);
  }

  #arrived(seq: number | undefined): Arrival {
    const arrival = seq === undefined ? "new" : this.position.arrived(seq);
    if (arrival === "gap") this.#dialer.redial("Messages are missing; fetching them.");
    return arrival;
  }
}

/** Errors that announce why the server closes next; the close code repeats the reason. */
const BEFORE_CLOSE: ReadonlySet<unknown> = new Set(["idle", "not_signed_in", "slow", "too_big"]);

/** Settles requests that get no ordinary answer. None of them is sent again. */
export class Settling {
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  readonly #updates: Listeners<ISocketResponse>;
  readonly #dialer: Pick<Dialer, "redial">;
  /** The server's limit for a frame, in bytes; known once it has refused one. */
  #maxFrame: number | null = null;

  /** `updates` get the errors that belong to no request. */
  constructor(
    outbox: Outbox,
    calls: Calls,
    updates: Listeners<ISocketResponse>,
    dialer: Pick<Dialer, "redial">,
  ) {
    this.#outbox = outbox;
    this.#calls = calls;
    this.#updates = updates;
    this.#dialer = dialer;
  }

  /** The server refused a request or another frame, or announces why it closes next. */
  failed(frame: ErrorFrame): void {
    const { id, code = "internal", error, details } = frame;
    const unnamed = id === undefined && code === "bad_frame" ? this.#outbox.unreadable() : null;
    if (unnamed === "unknown") {
      // Only a new connection can show which request caused it.
      this.#dialer.redial("The server could not read a message; finding out which one.");
      return;
    }
    const refused = id ?? unnamed?.id;
    if (refused != null) {
      this.#fail(refused, new SessionError(code, error, details));
    } else {
      if (frame.code === "too_big") this.#maxFrame = limitOf(frame.details);
      if (!BEFORE_CLOSE.has(frame.code)) this.#updates.emit(frame);
    }
  }

  /** A frame was too big and closed the connection: sent again, it would close the next one too. */
  tooBig(): void {
    const limit = this.#maxFrame;
    const entry = this.#outbox.tooBig(limit);
    const error = verdict(CLOSE.tooBig).reason;
    if (entry?.id == null) {
      this.#updates.emit({ state: "error", error, code: "too_big" });
      return;
    }
    this.#fail(entry.id, new SessionError("too_big", error, { size: entry.size, limit }));
  }

  /** A new connection is initialised. `known`: the server still knows this client's requests. */
  reconnected({ recovered }: Initialised, known: boolean): void {
    for (const id of this.#outbox.unanswered()) {
      if (!known) {
        this.#fail(
          id,
          new SessionError(
            "outcome_unknown",
            "The connection was lost before the answer came. Check whether the request was carried out before you send it again.",
          ),
        );
      } else if (!recovered) this.#calls.missed(id);
    }
  }

  #fail(id: string, error: SessionError): void {
    this.#outbox.remove(id);
    this.#calls.fail(id, error);
  }
}

/** The limit that a refusal names in its details, if it does. */
function limitOf(details: unknown): number | null {
  const named = typeof details === "object" && details !== null && "limit" in details;
  return named && typeof details.limit === "number" ? details.limit : null;
}
