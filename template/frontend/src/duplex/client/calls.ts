import type { Reply, Requests, StateName } from "./contract";
import { type CallOptions, type ResumedStream, type RunningStream, SessionError } from "./types";

/** Replies of a stream that may wait for a slow reader before the stream is cancelled. */
const MAX_WAITING = 1_000;
/** Replies that are kept after they were read, for the reloaded page. */
const MAX_KEPT = 5_000;

/** The replies of one stream, which its reader takes one after the other. */
class StreamReading {
  /** The replies that wait, and for a while those that were read. */
  readonly #replies: unknown[];
  #read = 0;
  /** There is a reader, so too many waiting replies mean that it is too slow. */
  #watched: boolean;
  #end: { error: SessionError | null } | null = null;
  #wake: () => void = () => undefined;

  /** `replies`: those of an adopted stream, which has no reader yet. */
  constructor(replies: readonly unknown[] | null = null) {
    this.#replies = [...(replies ?? [])];
    this.#watched = replies === null;
  }

  get replies(): readonly unknown[] {
    return this.#replies;
  }

  /** Adds a reply. False: the reader is too slow, and the stream must be cancelled. */
  add(reply: unknown): boolean {
    this.#replies.push(reply);
    if (this.#read > MAX_KEPT) {
      this.#replies.shift();
      this.#read -= 1;
    }
    this.#wake();
    return !this.#watched || this.#replies.length - this.#read <= MAX_WAITING;
  }

  /** No reply follows. */
  end(error: SessionError | null = null): void {
    this.#end = { error };
    this.#wake();
  }

  /** Every reply from the first one on; throws the error that the stream ends with. */
  async *read<T>(): AsyncGenerator<T, undefined, undefined> {
    this.#watched = true;
    for (;;) {
      while (this.#read < this.#replies.length) {
        this.#read += 1;
        yield this.#replies[this.#read - 1] as T;
      }
      if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error;
        return;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The default time limit of a request, including time without a connection. */
const DEADLINE = 60_000;
/** Browsers take a longer timer for one that is due at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** One reply. The last one of a stream has null as its data. */
export interface Answer {
  data?: unknown;
  more?: boolean;
}

interface Request {
  readonly id: string;
  readonly state: string;
  readonly data: unknown;
}

/** A stream of an earlier client that nobody reads yet. */
interface Adopted {
  readonly request: Request;
  readonly reading: StreamReading;
  readonly cancel: () => void;
}

/** A request whose caller waits for replies. */
interface Call {
  /** It is answered with more than one reply. */
  inPieces: boolean;
  /** If it is a stream: the data with which a later client continues it. */
  stream: RunningStream | null;
  reply(answer: Answer): void;
  fail(error: SessionError): void;
}

/** How a call reaches the server. */
export interface Carrier {
  /** @throws {SessionError} when it cannot even be queued */
  send(request: Request): void;
  /** Takes it back: out of the queue, or with `cancel` when it is on its way. */
  cancel(id: string): void;
}

/** The requests that wait for their answers, found again by the id of the reply. */
export class Calls {
  readonly #carrier: Carrier;
  readonly #calls = new Map<string, Call>();
  // Ids of an earlier visit must not be reused: the server would treat them as sent again.
  readonly #prefix = crypto.getRandomValues(new Uint32Array(1)).join("").concat("-");
  #count = 0;
  #adopted: Adopted[] = [];

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

  /** Fails the call that waits for this id's answer, if there is one. */
  fail(id: string, error: SessionError): void {
    this.#calls.get(id)?.fail(error);
  }

  /** The session's history was lost: some replies to this request may be among it. */
  missed(id: string): void {
    const call = this.#calls.get(id);
    if (call?.inPieces !== true) return;
    call.fail(
      new SessionError("interrupted", "The stream was interrupted. No further replies follow."),
    );
    this.#carrier.cancel(id);
  }

  failAll(error: SessionError): void {
    for (const call of [...this.#calls.values()]) call.fail(error);
  }

  /** Of a stream, the last reply. */
  request<T>(state: string, data: unknown, options: CallOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      let last: unknown = null;
      this.#open(this.#named(state, data), { deadline: DEADLINE, ...options }, (settle) => ({
        inPieces: false,
        stream: null,
        reply(answer) {
          last = answer.data ?? last;
          this.inPieces ||= answer.more === true;
          if (answer.more === true) return;
          settle();
          resolve(last as T);
        },
        fail(error) {
          settle();
          reject(error);
        },
      }));
    });
  }

  /** The request goes out when the first reply is asked for. */
  async *stream<T>(
    state: string,
    data: unknown,
    options: CallOptions = {},
  ): AsyncGenerator<T, undefined, undefined> {
    const reading = new StreamReading();
    yield* this.#read<T>(reading, this.#begin(this.#named(state, data), options, reading));
  }

  /** The streams that have not ended. */
  streams(): RunningStream[] {
    return [...this.#calls.values()].flatMap(({ stream }) => stream ?? []);
  }

  /** Goes on with a stream of an earlier client. Its replies wait until `resumed` hands it out. */
  adopt({ replies, ...request }: RunningStream): void {
    const reading = new StreamReading(replies);
    const cancel = this.#begin(request, {}, reading);
    this.#adopted.push({ request, reading, cancel });
  }

  /** The adopted streams of a state, from their first reply on; each is handed out once. */
  resumed<S extends StateName>(state: S): ResumedStream<S>[] {
    const wanted = this.#adopted.filter(({ request }) => request.state === state);
    this.#adopted = this.#adopted.filter((one) => !wanted.includes(one));
    return wanted.map(({ request, reading, cancel }) => ({
      data: request.data as Requests[S],
      replies: this.#read<Reply<S>>(reading, cancel),
      cancel: () => {
        cancel();
        reading.end();
      },
    }));
  }

  /** Reads a stream; leaving the loop cancels it. */
  async *#read<T>(
    reading: StreamReading,
    cancel: () => void,
  ): AsyncGenerator<T, undefined, undefined> {
    try {
      yield* reading.read<T>();
    } finally {
      cancel();
    }
  }

  #begin(request: Request, options: CallOptions, reading: StreamReading): () => void {
    const cancel = this.#open(request, options, (settle) => ({
      inPieces: true,
      stream: {
        ...request,
        get replies() {
          return reading.replies;
        },
      },
      reply({ data = null, more = false }) {
        const tooSlow = (more || data !== null) && !reading.add(data);
        if (!more) {
          settle();
          reading.end();
        } else if (tooSlow) {
          cancel();
          reading.end(new SessionError("slow", "The page was too slow to read the replies."));
        }
      },
      fail(error) {
        settle();
        reading.end(error);
      },
    }));
    return cancel;
  }

  #named(state: string, data: unknown): Request {
    this.#count += 1;
    return { id: this.#prefix + this.#count.toString(36), state, data };
  }

  /** Sends a request and registers its call; returns a function that cancels it until it is settled. */
  #open(
    request: Request,
    { deadline, signal }: CallOptions,
    build: (settle: () => void) => Call,
  ): () => void {
    const { id } = request;
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
      this.#carrier.send(request);
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
