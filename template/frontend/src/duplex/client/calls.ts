import type { Reply, Responses, StateName } from "./contract";
import { SessionError, type CallOptions } from "./types";

/** How long a request may take when its caller does not say, time without a connection included. */
const DEADLINE = 60_000;
/** Browsers take a longer timer for one that is due at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Replies of a stream that may wait for a slow reader before the stream is given up. */
const STREAM_QUEUE = 1_000;

/** One answer. The last one of a stream carries null: it only says that there are no more. */
export interface Answer {
  data?: unknown;
  more?: boolean;
}

/** Somebody waits for the answers to one request. */
interface Call {
  /** It is answered with more than one reply. */
  inPieces: boolean;
  reply(answer: Answer): void;
  fail(error: SessionError): void;
}

/** How a call reaches the server. */
export interface Carrier {
  /** @throws {SessionError} when it cannot even be queued */
  send(id: string, state: StateName, data: unknown): void;
  /** Takes it back: out of the queue, or with `cancel` when it is on its way. */
  cancel(id: string): void;
}

/** The requests that wait for their answers, found again by the id of the reply. */
export class Calls {
  readonly #carrier: Carrier;
  readonly #calls = new Map<string, Call>();
  // Ids of an earlier visit of the page must not come back: the server would take them for resent ones.
  readonly #prefix = crypto.getRandomValues(new Uint32Array(1)).join("").concat("-");
  #count = 0;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Hands a reply to the call that waits for it. */
  reply(id: string, answer: Answer): void {
    this.#calls.get(id)?.reply(answer);
  }

  /** Fails one call; answers whether somebody waited for it. */
  fail(id: string, error: SessionError): boolean {
    const call = this.#calls.get(id);
    call?.fail(error);
    return call !== undefined;
  }

  /** The session's history was lost: some replies to this request may be among it. */
  missed(id: string): void {
    const call = this.#calls.get(id);
    if (call?.inPieces !== true) return;
    call.fail(
      new SessionError("interrupted", "The stream was interrupted: what came of it so far is all."),
    );
    this.#carrier.cancel(id);
  }

  failAll(error: SessionError): void {
    for (const call of [...this.#calls.values()]) call.fail(error);
  }

  /** Of a stream, the last reply. */
  request<S extends StateName>(
    state: S,
    data: unknown,
    options: CallOptions = {},
  ): Promise<Responses[S]> {
    return new Promise((resolve, reject) => {
      let last: unknown = null;
      this.#open(state, data, { deadline: DEADLINE, ...options }, (settle) => ({
        inPieces: false,
        reply(answer) {
          last = answer.data ?? last;
          this.inPieces ||= answer.more === true;
          if (answer.more === true) return;
          settle();
          resolve(last as Responses[S]);
        },
        fail(error) {
          settle();
          reject(error);
        },
      }));
    });
  }

  /** The request goes out when the first reply is asked for. */
  async *stream<S extends StateName>(
    state: S,
    data: unknown,
    options: CallOptions = {},
  ): AsyncGenerator<Reply<S>, undefined, undefined> {
    const replies: Reply<S>[] = [];
    let end: { error: SessionError | null } | null = null as { error: SessionError | null } | null;
    let wake: () => void = () => undefined;

    const cancel = this.#open(state, data, options, (settle) => ({
      inPieces: true,
      reply: ({ data: one = null, more = false }) => {
        if (more || one !== null) replies.push(one as Reply<S>);
        if (!more) {
          settle();
          end = { error: null };
        } else if (replies.length > STREAM_QUEUE) {
          cancel();
          end = { error: new SessionError("slow", "The page was too slow to read the replies.") };
        }
        wake();
      },
      fail: (error) => {
        settle();
        end = { error };
        wake();
      },
    }));

    try {
      for (;;) {
        for (const reply of replies.splice(0)) yield reply;
        // More may have come while the reader was busy with these, the end too.
        if (replies.length > 0) continue;
        if (end !== null) {
          if (end.error !== null) throw end.error;
          return;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      cancel();
    }
  }

  /** Sends a request and registers its call; answers what takes it back (harmless once it is settled). */
  #open(
    state: StateName,
    data: unknown,
    { deadline, signal }: CallOptions,
    build: (settle: () => void) => Call,
  ): () => void {
    this.#count += 1;
    const id = this.#prefix + this.#count.toString(36);
    let timer: ReturnType<typeof setTimeout> | undefined;

    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#calls.delete(id);
    };
    const cancel = (): void => {
      if (!this.#calls.has(id)) return;
      settle();
      this.#carrier.cancel(id);
    };
    const giveUp = (error: SessionError): void => {
      cancel();
      call.fail(error);
    };
    const abort = (): void => {
      giveUp(new SessionError("cancelled", "The request was cancelled."));
    };
    const call = build(settle);

    if (signal?.aborted) {
      call.fail(new SessionError("cancelled", "The request was cancelled."));
      return cancel;
    }
    try {
      this.#carrier.send(id, state, data);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      call.fail(error);
      return cancel;
    }
    this.#calls.set(id, call);
    signal?.addEventListener("abort", abort);
    if (deadline !== undefined && deadline <= LONGEST_TIMER) {
      timer = setTimeout(() => {
        giveUp(new SessionError("deadline", `No answer came within ${deadline / 1000} seconds.`));
      }, deadline);
    }
    return cancel;
  }
}
