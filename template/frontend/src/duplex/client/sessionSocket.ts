import { Calls } from "./calls";
import { CLIENT_CLOSE, verdict } from "./closeCodes";
import type { Connection } from "./connection";
import type { Reply, Requests, Responses, StateName } from "./contract";
import { Dialer } from "./dialer";
import { unpack, withoutSecrets } from "./frames";
import { Listeners } from "./listeners";
import { Liveness } from "./liveness";
import { byteLength, Outbox } from "./outbox";
import { isOnline, watchPage } from "./page";
import { type Arrival, Position } from "./position";
import { CLOSE } from "./protocol.generated";
import {
  SessionError,
  type CallOptions,
  type ErrorFrame,
  type Initialised,
  type ISocketResponse,
  type ParticipantsPage,
  type Resume,
  type ResumedStream,
  type RunningStream,
  type SocketClient,
  type SocketOptions,
  type SocketStatus,
  type StatusChange,
  type TokenProvider,
  type WireEvent,
} from "./types";

/** How often a congested connection is polled: browsers have no event for it. Milliseconds. */
const CONGESTION_POLL = 50;

/** Errors that announce why the server closes next; the close code repeats the reason. */
const BEFORE_CLOSE: ReadonlySet<unknown> = new Set(["idle", "not_signed_in", "slow", "too_big"]);

/** One session over as many connections as it takes; `SocketClient` documents its promises. */
export class SessionSocket implements SocketClient {
  readonly onUnpackedMessage = new Listeners<ISocketResponse>();
  readonly onUpdate = new Listeners<ISocketResponse>();
  readonly onStatus = new Listeners<StatusChange>();
  readonly onWire: Listeners<WireEvent>;

  readonly #options: SocketOptions;
  readonly #token: TokenProvider;
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  readonly #dialer: Dialer;
  readonly #position: Position;
  readonly #liveness: Liveness;

  #status: SocketStatus = "idle";
  #reason: string | null = null;
  #code: number | null = null;
  /** The current connection has been initialised: requests may go out. */
  #ready = false;
  /** The browser has put the page away: there is no connection, and none is made. */
  #suspended = false;
  /** The server's limit for a frame, in bytes; known once it has refused one. */
  #maxFrame: number | null = null;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #unwatch: () => void = () => undefined;
  #opening: Promise<Initialised> | null = null;
  #opened: { resolve(data: Initialised): void; reject(error: SessionError): void } | null = null;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.onWire = options.onWire ?? new Listeners();
    this.#token = options.token;
    this.#outbox = new Outbox(options.limits);
    this.#position = new Position(options.resume?.seq);
    this.#calls = new Calls({
      send: ({ id, state, data }) => {
        this.#queue(id, { state, data, id });
      },
      cancel: (id) => {
        if (this.#outbox.remove(id)) this.#queue(null, { state: "cancel", id }, true);
        this.#flush();
      },
    });
    this.#liveness = new Liveness({
      ping: () => {
        this.#sendNow({ state: "ping" });
      },
      dead: () => {
        this.#dialer.redial("The server does not answer any more.");
      },
    });
    this.#dialer = new Dialer(options.url, this.#token, {
      opened: (token) => {
        this.#hello(token);
      },
      received: (text) => {
        this.#received(text);
      },
      closed: (code) => this.#closed(code),
      waiting: (reason) => {
        this.#setStatus(this.#waitingStatus(), reason);
      },
      over: (error, code) => {
        this.#end(error, code);
      },
    });
    for (const stream of options.streams ?? []) {
      this.#calls.adopt(stream);
      this.#outbox.wasSent(stream.id);
    }
  }

  get status(): SocketStatus {
    return this.#status;
  }

  get reason(): string | null {
    return this.#reason;
  }

  get pending(): number {
    return this.#calls.size;
  }

  get latency(): number | null {
    return this.#liveness.latency;
  }

  get streams(): readonly RunningStream[] {
    return this.#calls.streams();
  }

  get resume(): Resume | null {
    return this.#position.resume ?? this.#options.resume ?? null;
  }

  open(): Promise<Initialised> {
    if (this.#status === "ended") return Promise.reject(this.#endedError());
    this.#opening ??= new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#setStatus(isOnline() ? "connecting" : "offline", null);
      this.#unwatch = watchPage({
        online: () => {
          this.#online();
        },
        offline: () => {
          if (this.#ready) this.#liveness.probe();
          else if (this.#status !== "idle") this.#setStatus("offline", this.#reason);
        },
        awake: () => {
          this.#liveness.probe();
          // The page became visible, so reconnect without backoff.
          if (!this.#ready) this.#dialer.hasten();
        },
      });
      this.#dialer.start();
    });
    return this.#opening;
  }

  sendPacked(frame: Readonly<Record<string, unknown>>): void {
    this.#queue(null, frame);
  }

  request<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): Promise<Responses[S]> {
    return this.#calls.request<Responses[S]>(state, data, options);
  }

  stream<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): AsyncIterableIterator<Reply<S>> {
    return this.#calls.stream<Reply<S>>(state, data, options);
  }

  resumedStreams<S extends StateName>(state: S): ResumedStream<S>[] {
    return this.#calls.resumed(state);
  }

  participants(after?: string): Promise<ParticipantsPage> {
    return this.#calls.request<ParticipantsPage>(
      "participants",
      after === undefined ? null : { after },
    );
  }

  suspend({ reload = false } = {}): void {
    if (this.#suspended || this.#status === "idle" || this.#status === "ended") return;
    this.#suspended = true;
    this.#dialer.pause(reload ? CLIENT_CLOSE.resume : CLIENT_CLOSE.away);
    this.#setStatus(this.#waitingStatus(), null);
  }

  wake(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#dialer.wake();
  }

  close(code: number = CLIENT_CLOSE.ended): void {
    if (this.#status === "ended") return;
    this.#sendNow({ state: "leave" });
    const words = code === CLIENT_CLOSE.ended ? "You left the session." : verdict(code).reason;
    this.#end(new SessionError("ended", words), code);
  }

  // -- the connection ------------------------------------------------------------------------------

  #hello(token: string | null): void {
    const session = this.#position.session ?? this.#options.session;
    const { name } = this.#options;
    const { resume } = this;
    this.#sendNow({
      ...(token !== null && { token }),
      ...(session !== undefined && { session }),
      ...(name !== undefined && { name }),
      ...(resume !== null && { resume }),
      contract: this.#options.contract,
    });
  }

  #closed(code: number): boolean {
    const wasReady = this.#ready;
    this.#ready = false;
    this.#liveness.stop();
    clearTimeout(this.#flushTimer);
    if (code !== CLOSE.tooBig) return true;
    if (wasReady) this.#giveUpTooBig();
    // Retrying cannot help: the hello would exceed the limit again.
    return wasReady;
  }

  /** A message was too big and closed the connection: sent again, it would close the next one too. */
  #giveUpTooBig(): void {
    const limit = this.#maxFrame;
    const entry = this.#outbox.tooBig(limit);
    const error = verdict(CLOSE.tooBig).reason;
    if (entry?.id === undefined || entry.id === null) {
      this.onUpdate.emit({ state: "error", error, code: "too_big" });
      return;
    }
    this.#outbox.remove(entry.id);
    const details = { size: entry.size, limit };
    this.#calls.fail(entry.id, new SessionError("too_big", error, details));
  }

  #waitingStatus(): SocketStatus {
    if (!isOnline()) return "offline";
    return this.#position.session === null ? "connecting" : "recovering";
  }

  #online(): void {
    this.#liveness.probe();
    if (this.#ready || this.#status === "idle") return;
    this.#setStatus(this.#waitingStatus(), this.#reason);
    this.#dialer.hasten();
  }

  #end(error: SessionError, code: number): void {
    this.#suspended = false;
    this.#code = code;
    this.#setStatus("ended", error.message);
    this.#unwatch();
    this.#dialer.stop();
    this.#outbox.clear();
    this.#calls.failAll(this.#endedError());
    this.#opened?.reject(error);
    this.#opened = null;
  }

  #endedError(): SessionError {
    return new SessionError("ended", this.#reason ?? verdict(CLOSE.ended).reason);
  }

  // -- sending -------------------------------------------------------------------------------------

  #queue(id: string | null, frame: Readonly<Record<string, unknown>>, urgent = false): void {
    if (this.#status === "ended") throw this.#endedError();
    this.#outbox.add(id, frame, urgent);
    this.#flush();
  }

  #flush(): void {
    const { connection } = this.#dialer;
    if (connection === null || !this.#ready) return;
    this.#outbox.flush(
      () => connection.open && !connection.congested,
      ({ text, frame }) => {
        this.#write(connection, text, frame);
      },
    );
    clearTimeout(this.#flushTimer);
    if (connection.congested && this.#outbox.waiting) {
      this.#flushTimer = setTimeout(() => {
        this.#flush();
      }, CONGESTION_POLL);
    }
  }

  /** Sends one of the protocol's own frames, if there is a connection. */
  #sendNow(frame: Readonly<Record<string, unknown>>): void {
    const { connection } = this.#dialer;
    if (connection?.open !== true) return;
    this.#write(connection, JSON.stringify(frame), frame);
  }

  #write(connection: Connection, text: string, frame: object): void {
    connection.send(text);
    this.#observe("sent", text, frame);
  }

  /** Every frame passes here, sent and received. */
  #observe(direction: WireEvent["direction"], text: string, frame: object): void {
    if (!this.onWire.observed) return;
    this.onWire.emit({ direction, frame: withoutSecrets(frame), size: byteLength(text) });
  }

  // -- receiving -----------------------------------------------------------------------------------

  #received(text: string): void {
    this.#liveness.heard();
    const frame = unpack(text);
    if (frame === null) return;
    if (frame.state === "pong") this.#liveness.pong();
    this.#observe("received", text, frame);
    this.onUnpackedMessage.emit(frame);

    if (frame.state === "initialised") {
      this.#initialised(frame.data);
      this.onUpdate.emit(frame);
      this.#opened?.resolve(frame.data);
      this.#opened = null;
      this.#flush();
    } else if (frame.state === "error") this.#failed(frame);
    else if (frame.state === "expiring") void this.#renewToken();
    else if (frame.state === "skipped") this.#position.skipped(frame.data.through);
    else {
      if (frame.state === "draining") this.#dialer.draining();
      this.#update(frame);
    }
  }

  #initialised(data: Initialised): void {
    const known = this.#position.initialised(data);
    for (const id of this.#outbox.unanswered()) {
      if (known) {
        if (!data.recovered) this.#calls.missed(id);
        continue;
      }
      this.#outbox.remove(id);
      this.#calls.fail(
        id,
        new SessionError(
          "outcome_unknown",
          "The connection was lost before the answer came. Check whether the request was carried out before you send it again.",
        ),
      );
    }
    this.#outbox.rewind();
    this.#dialer.succeeded();
    this.#ready = true;
    this.#liveness.start(data.heartbeat * 1000);
    this.#setStatus("open", null);
  }

  /** A frame of a state, presence, or a notice. */
  #update(frame: Exclude<ISocketResponse, ErrorFrame>): void {
    const arrival = this.#arrived(frame.seq);
    if (arrival === "gap") return;
    if (arrival === "new") this.onUpdate.emit(frame);
    // A reply may come twice, replayed and as the answer to the request sent again: whichever
    // comes first answers the call.
    if (frame.id === undefined) return;
    if (frame.more !== true) this.#outbox.remove(frame.id);
    this.#calls.reply(frame.id, frame);
    this.#flush();
  }

  /** Compares a frame's number. A gap: it cannot be used, and the client resumes. */
  #arrived(seq: number | undefined): Arrival {
    const arrival = seq === undefined ? "new" : this.#position.arrived(seq);
    if (arrival === "gap") this.#dialer.redial("Messages are missing; fetching them.");
    return arrival;
  }

  #failed(frame: ErrorFrame): void {
    if (!this.#ready) {
      // The reason why there is no session, or not yet.
      this.#dialer.refused(frame);
      return;
    }
    // The error that ends a stream has its place in the session's order.
    const arrival = this.#arrived(frame.seq);
    if (arrival === "gap") return;
    if (frame.id === undefined) {
      if (frame.seq !== undefined) {
        // The session's last message: the server ends it for everybody, for this reason.
        this.#dialer.refused(frame);
        return;
      }
      if (frame.code === "too_big") this.#maxFrame = limitOf(frame.details);
      if (!BEFORE_CLOSE.has(frame.code)) this.onUpdate.emit(frame);
      return;
    }
    if (arrival === "new" && frame.seq !== undefined) this.onUpdate.emit(frame);
    this.#outbox.remove(frame.id);
    this.#calls.fail(
      frame.id,
      new SessionError(frame.code ?? "internal", frame.error, frame.details),
    );
    this.#flush();
  }

  /** The token expires soon: send a newer one on the same connection. */
  async #renewToken(): Promise<void> {
    const { connection } = this.#dialer;
    // Without a newer token the server closes with 4401, which the page explains.
    const token = await this.#token({ refresh: true }).catch(() => null);
    if (token !== null && connection === this.#dialer.connection) {
      this.#sendNow({ state: "authenticate", data: { token } });
    }
  }

  #setStatus(status: SocketStatus, reason: string | null): void {
    if (status === this.#status && reason === this.#reason) return;
    this.#status = status;
    this.#reason = reason;
    this.onStatus.emit({ status, reason, code: this.#code });
  }
}

/** The limit that a refusal names in its details, if it does. */
function limitOf(details: unknown): number | null {
  const named = typeof details === "object" && details !== null && "limit" in details;
  return named && typeof details.limit === "number" ? details.limit : null;
}
