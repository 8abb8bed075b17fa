import type { FakeSocket } from "@duplex/testing";
import { initialised } from "@duplex/testing";
import { STATE } from "./contract";

type Frame = Record<string, unknown>;

interface Resume {
  token: string;
  epoch: string;
  seq: number;
}

interface Place {
  token: string;
  participant: string;
  /** The answer to each request, which is repeated when the request is sent again. */
  answers: Map<string, Frame>;
}

interface Stream {
  id: string;
  text: string;
  place: Place;
  said: number;
  length: number;
}

/** The server's end of one socket. What is on its way in either direction waits here. */
export class Line {
  readonly toPage: Frame[] = [];
  place: Place | null = null;
  /** No frame passes any more, and neither side notices. */
  dead = false;
  #read = 0;

  constructor(readonly socket: FakeSocket) {}

  /** The next frame from the page, if there is one. */
  take(): Frame | undefined {
    const frame = this.socket.sent[this.#read];
    if (frame !== undefined) this.#read += 1;
    return frame;
  }
}

/**
 * A session's server in memory, which keeps the protocol's promises: one order, a bounded log to
 * resume from, and each request handled once. Requests whose text begins with "s" are streams.
 */
export class ScriptedServer {
  /** The texts of the requests that were handled, in their order. */
  readonly handled: string[] = [];
  /** The number of replies of each stream that has ended, by the text of its request. */
  readonly streamed = new Map<string, number>();
  readonly #kept: number;
  readonly #random: () => number;
  readonly #places = new Map<string, Place>();
  readonly #streams = new Map<string, Stream>();
  #log: Frame[] = [];
  #epoch = 1;
  #seq = 0;
  #tokens = 0;
  #line: Line | null = null;

  /** `kept`: messages that can be replayed. */
  constructor(kept: number, random: () => number) {
    this.#kept = kept;
    this.#random = random;
  }

  /** The server is killed and loses the session. */
  crash(): void {
    this.#epoch += 1;
    this.#seq = 0;
    this.#log = [];
    this.#places.clear();
    this.#streams.clear();
    this.#line = null;
  }

  receive(line: Line, frame: Frame): void {
    const { state, id } = frame;
    if (state === undefined) this.#hello(line, frame["resume"] as Resume | undefined);
    // A connection whose client has come back on another one is not listened to any more.
    else if (line !== this.#line || line.place === null) return;
    else if (state === "ping") line.toPage.push({ state: "pong" });
    else if (state === "cancel") this.#streams.delete(String(id));
    else if (state === STATE) this.#request(line, line.place, String(id), textOf(frame));
  }

  /** Another participant sends a message. */
  gossip(): void {
    const frame = this.#say({ state: STATE, data: { text: "gossip" }, from: "p-other" });
    this.#line?.toPage.push(frame);
  }

  /** Every stream gives its next reply, or ends. */
  streamOn(): void {
    for (const stream of this.#streams.values()) {
      const { id, place, text } = stream;
      const over = stream.said === stream.length;
      if (!over) stream.said += 1;
      const reply = over
        ? this.#say({ state: STATE, data: null, id })
        : this.#say({ state: STATE, data: { text: String(stream.said) }, id, more: true });
      if (over) {
        place.answers.set(id, reply);
        this.#streams.delete(id);
        this.streamed.set(text, stream.length);
      }
      if (this.#line?.place === place) this.#line.toPage.push(reply);
    }
  }

  #say(frame: Frame): Frame {
    this.#seq += 1;
    const numbered = { ...frame, seq: this.#seq };
    this.#log = [...this.#log, numbered].slice(-this.#kept);
    return numbered;
  }

  #hello(line: Line, resume: Resume | undefined): void {
    const known = resume === undefined ? undefined : this.#places.get(resume.token);
    const replay = resume === undefined || known === undefined ? null : this.#replay(resume);
    line.place = known ?? this.#newPlace();
    this.#line = line;
    line.toPage.push(
      initialised({
        participant: line.place.participant,
        resume_token: line.place.token,
        epoch: `e${this.#epoch}`,
        seq: this.#seq,
        recovered: replay !== null,
      }),
      ...(replay ?? []),
    );
  }

  #newPlace(): Place {
    this.#tokens += 1;
    const token = `t${this.#tokens}`;
    const place: Place = { token, participant: `p${this.#tokens}`, answers: new Map() };
    this.#places.set(token, place);
    return place;
  }

  #replay({ epoch, seq }: Resume): Frame[] | null {
    const oldest = this.#seq - this.#log.length + 1;
    if (epoch !== `e${this.#epoch}` || seq + 1 < oldest || seq > this.#seq) return null;
    return this.#log.slice(seq + 1 - oldest);
  }

  #request(line: Line, place: Place, id: string, text: string): void {
    const before = place.answers.get(id);
    if (before !== undefined) {
      // A stream that still runs goes on by itself.
      if (!this.#streams.has(id)) line.toPage.push(before);
      return;
    }
    this.handled.push(text);
    if (text.startsWith("s")) {
      const length = 1 + Math.floor(this.#random() * 12);
      this.#streams.set(id, { id, text, place, said: 0, length });
      place.answers.set(id, { state: "error", error: "Broken off.", code: "interrupted", id });
      return;
    }
    const refused = this.#random() < 0.15;
    const reply = refused
      ? { state: "error", error: "Not now.", code: "refused", id }
      : this.#say({ state: STATE, data: { text }, id });
    place.answers.set(id, reply);
    line.toPage.push(reply);
  }
}

function textOf(frame: Frame): string {
  const { text } = frame["data"] as { text: string };
  return text;
}
