/** The replies of one stream, between the socket that receives them and the loop that reads them. */
import { SessionError } from "./types";

/** Replies of a stream that may wait for a slow reader before the stream is given up. */
const MAX_WAITING = 1_000;
/** Replies that are kept after they were read, for the page that goes on after a reload. */
const MAX_KEPT = 5_000;

export class StreamReading {
  /** Those that were read, for a while, and those that wait. */
  readonly #replies: unknown[];
  #read = 0;
  /** Somebody reads, so too many waiting replies mean that the reader is too slow. */
  #watched: boolean;
  #end: { error: SessionError | null } | null = null;
  #wake: () => void = () => undefined;

  /** `replies`: those of an adopted stream, whose reader is still to come. */
  constructor(replies: readonly unknown[] | null = null) {
    this.#replies = [...(replies ?? [])];
    this.#watched = replies === null;
  }

  get replies(): readonly unknown[] {
    return this.#replies;
  }

  /** Adds a reply. False: the reader is too slow, and the stream is to be given up. */
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
