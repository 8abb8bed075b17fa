/** Received frames: their place in the session's order, and their meaning. */
import type { Dialer } from "./dialer";
import type { Listeners } from "./listeners";
import type { ErrorFrame, Initialised, InitialisedFrame, ISocketResponse, Resume } from "./types";
import { unpack } from "./wire";

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
