import type { Initialised, Resume } from "./types";

/** "gap": messages are missing between the last one and this. */
export type Arrival = "new" | "duplicate" | "gap";

/**
 * Where this client is in the session's one order of messages. A gap is legal only in what is
 * replayed after a resume, where the server leaves out what its state does not retain, and where
 * the server said that it skipped some.
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
   * A connection was initialised. Answers whether the server still knows this client's earlier
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

  /** The server left out, on purpose, what came after the last message up to `through`. */
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
