/** Requests that get no ordinary answer: refused, too big, unreadable, or lost with the session's history. */
import type { Calls } from "./calls";
import type { Dialer } from "./dialer";
import type { Listeners } from "./listeners";
import type { Outbox } from "./outbox";
import { CLOSE } from "./protocol.generated";
import { SessionError, type ErrorFrame, type Initialised, type ISocketResponse } from "./types";
import { verdict } from "./wire";

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
