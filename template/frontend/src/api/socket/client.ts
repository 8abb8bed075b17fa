import {
  CONTRACT,
  type Initialised,
  type Requests,
  type Responses,
  type StateName,
} from "../contract";
import { apiCore, type TokenProvider } from "../core";
import { Backoff } from "./backoff";
import { Calls } from "./calls";
import { CLIENT_CLOSE, isSharedLoss, RESTART_WINDOW, verdict } from "./closeCodes";
import { Connection } from "./connection";
import { unpack, withoutSecrets } from "./frames";
import { Listeners } from "./listeners";
import { Liveness } from "./liveness";
import { byteLength, Outbox } from "./outbox";
import { isOnline, watchPage } from "./page";
import { Position } from "./position";
import {
  SessionError,
  type CallOptions,
  type ErrorFrame,
  type ISocketResponse,
  type Reply,
  type SocketClient,
  type SocketOptions,
  type SocketStatus,
  type StatusChange,
  type WireEvent,
} from "./types";

/** How often a congested connection is asked whether it takes more. The browser has no event for it. */
const CONGESTION_POLL = 50;

/** One session over as many connections as it takes; `SocketClient` says what it promises. */
export class SessionSocket implements SocketClient {
  readonly onUnpackedMessage = new Listeners<ISocketResponse>();
  readonly onUpdate = new Listeners<ISocketResponse>();
  readonly onStatus = new Listeners<StatusChange>();
  readonly onWire = new Listeners<WireEvent>();

  readonly #options: SocketOptions;
  readonly #token: TokenProvider;
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  readonly #backoff = new Backoff();
  readonly #position = new Position();
  readonly #liveness: Liveness;

  #status: SocketStatus = "idle";
  #reason: string | null = null;
  #connection: Connection | null = null;
  /** The current connection has been initialised: requests may go out. */
  #ready = false;
  /** The server has said that it leaves and will close this connection in its turn. */
  #draining = false;
  /** Counts attempts, so that a token that comes late does not start an old one again. */
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #unwatch: () => void = () => undefined;
  #opening: Promise<Initialised> | null = null;
  #opened: { resolve(data: Initialised): void; reject(error: SessionError): void } | null = null;
  /** The server refused the token: the next attempt needs a newer one, and there is only one such attempt. */
  #renewal: "none" | "wanted" | "tried" = "none";
  /** What the server said instead of initialising. */
  #refusal: ErrorFrame | null = null;

  constructor(options: SocketOptions = {}) {
    this.#options = options;
    this.#token = options.token ?? apiCore.token;
    this.#outbox = new Outbox(options.limits);
    this.#calls = new Calls({
      send: (id, state, data) => {
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
        this.#connection?.drop(CLIENT_CLOSE.resume, "The server does not answer any more.");
      },
    });
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
        },
      });
      void this.#connect();
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
    return this.#calls.request(state, data, options);
  }

  stream<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): AsyncIterableIterator<Reply<S>> {
    return this.#calls.stream(state, data, options);
  }

  close(): void {
    if (this.#status === "ended") return;
    this.#sendNow({ state: "leave" });
    this.#end(new SessionError("ended", "You left the session."));
  }

  // -- connecting ----------------------------------------------------------------------------------

  async #connect(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    let token: string | null;
    try {
      token = await this.#token({ refresh: this.#renewal === "wanted" });
    } catch {
      if (attempt === this.#attempt) this.#retry("The server cannot be reached.");
      return;
    }
    if (attempt !== this.#attempt) return;
    if (this.#renewal === "wanted") {
      this.#renewal = "tried";
      if (token === null) {
        this.#end(new SessionError("not_signed_in", verdict(4401).reason));
        return;
      }
    }
    this.#connection = new Connection(this.#options.url ?? apiCore.wsurl(), {
      opened: () => {
        this.#hello(token);
      },
      received: (text) => {
        this.#received(text);
      },
      closed: (code, reason) => {
        this.#closed(code, reason, token);
      },
    });
  }

  #hello(token: string | null): void {
    const session = this.#position.session ?? this.#options.session;
    const { name } = this.#options;
    const { resume } = this.#position;
    this.#sendNow({
      ...(token !== null && { token }),
      ...(session !== undefined && { session }),
      ...(name !== undefined && { name }),
      ...(resume !== null && { resume }),
      contract: CONTRACT,
    });
  }

  #closed(code: number, reason: string, token: string | null): void {
    this.#connection = null;
    this.#ready = false;
    this.#liveness.stop();
    clearTimeout(this.#flushTimer);
    const refusal = this.#refusal;
    this.#refusal = null;
    const draining = this.#draining;
    this.#draining = false;
    if (this.#status === "ended") return;

    if (code === 4401 && token !== null && this.#renewal === "none") {
      this.#renewal = "wanted";
      this.#retry("Signing in again.");
      return;
    }
    const { final, reason: words } = verdict(code);
    const tooBig = code === 1009 ? this.#outbox.biggestSent() : null;
    if (final || (code === 1009 && tooBig === null)) {
      const errorCode = code === 4401 ? "not_signed_in" : (refusal?.code ?? "ended");
      this.#end(new SessionError(errorCode, refusal?.error ?? words, { close: code }));
      return;
    }
    if (tooBig !== null) {
      // Sent again it would only close the next connection too.
      this.#outbox.remove(tooBig);
      this.#calls.fail(tooBig, new SessionError("too_big", words));
    }
    if (isSharedLoss(code, draining)) this.#backoff.spread(RESTART_WINDOW);
    this.#retry(code === CLIENT_CLOSE.resume && reason !== "" ? reason : words);
  }

  #retry(reason: string): void {
    this.#setStatus(this.#waitingStatus(), reason);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      void this.#connect();
    }, this.#backoff.next());
  }

  #waitingStatus(): SocketStatus {
    if (!isOnline()) return "offline";
    return this.#position.session === null ? "connecting" : "recovering";
  }

  #online(): void {
    this.#liveness.probe();
    if (this.#connection !== null || this.#status === "idle") return;
    this.#setStatus(this.#waitingStatus(), this.#reason);
    if (this.#retryTimer === undefined) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    void this.#connect();
  }

  #end(error: SessionError): void {
    this.#attempt += 1;
    this.#setStatus("ended", error.message);
    clearTimeout(this.#retryTimer);
    this.#unwatch();
    this.#connection?.drop(CLIENT_CLOSE.ended, "");
    this.#outbox.clear();
    this.#calls.failAll(this.#endedError());
    this.#opened?.reject(error);
    this.#opened = null;
  }

  #endedError(): SessionError {
    return new SessionError("ended", this.#reason ?? verdict(1000).reason);
  }

  // -- sending -------------------------------------------------------------------------------------

  #queue(id: string | null, frame: Readonly<Record<string, unknown>>, urgent = false): void {
    if (this.#status === "ended") throw this.#endedError();
    this.#outbox.add(id, frame, urgent);
    this.#flush();
  }

  #flush(): void {
    const connection = this.#connection;
    if (connection === null || !this.#ready) return;
    this.#outbox.flush(
      () => connection.open && !connection.congested,
      ({ text, frame, size }) => {
        this.#write(connection, text, frame, size);
      },
    );
    clearTimeout(this.#flushTimer);
    if (connection.congested && this.#outbox.waiting) {
      this.#flushTimer = setTimeout(() => {
        this.#flush();
      }, CONGESTION_POLL);
    }
  }

  /** Sends one of the protocol's own frames, if there is a connection to send it on. */
  #sendNow(frame: Readonly<Record<string, unknown>>): void {
    if (this.#connection?.open !== true) return;
    const text = JSON.stringify(frame);
    this.#write(this.#connection, text, frame, byteLength(text));
  }

  #write(connection: Connection, text: string, frame: object, size: number): void {
    connection.send(text);
    this.onWire.emit({ direction: "sent", frame: withoutSecrets(frame), size });
  }

  // -- receiving -----------------------------------------------------------------------------------

  #received(text: string): void {
    this.#liveness.heard();
    const frame = unpack(text);
    if (frame === null) return;
    if (frame.state === "pong") this.#liveness.pong();
    this.onWire.emit({
      direction: "received",
      frame: withoutSecrets(frame),
      size: byteLength(text),
    });
    this.onUnpackedMessage.emit(frame);

    if (frame.state === "initialised") {
      this.#initialised(frame.data);
      this.onUpdate.emit(frame);
      this.#opened?.resolve(frame.data);
      this.#opened = null;
      this.#flush();
    } else if (frame.state === "error") this.#failed(frame);
    else if (frame.state === "expiring") void this.#renewToken();
    else if (frame.state === "draining") this.#draining = true;
    else this.#update(frame);
  }

  #initialised(data: Initialised): void {
    if (!this.#position.initialised(data)) {
      for (const id of this.#outbox.unanswered()) {
        this.#outbox.remove(id);
        this.#calls.fail(
          id,
          new SessionError(
            "outcome_unknown",
            "The connection was lost before the answer came. See whether it was done before you send it again.",
          ),
        );
      }
    }
    this.#outbox.rewind();
    this.#connection?.ready();
    this.#backoff.opened();
    this.#renewal = "none";
    this.#ready = true;
    this.#liveness.start(data.heartbeat * 1000);
    this.#setStatus("open", null);
  }

  /** A frame of a state, presence, or a notice. */
  #update(frame: Exclude<ISocketResponse, ErrorFrame>): void {
    const arrival = frame.seq === undefined ? "new" : this.#position.arrived(frame.seq);
    if (arrival === "gap") {
      this.#connection?.drop(CLIENT_CLOSE.resume, "Messages are missing; fetching them.");
      return;
    }
    if (arrival === "new") this.onUpdate.emit(frame);
    // A reply may come twice, replayed and as the answer to the request sent again: whichever
    // comes first answers the call.
    if (frame.id === undefined) return;
    if (frame.more !== true) this.#outbox.remove(frame.id);
    this.#calls.reply(frame.id, frame);
    this.#flush();
  }

  #failed(frame: ErrorFrame): void {
    if (!this.#ready) this.#refusal = frame;
    if (frame.id === undefined) {
      this.onUpdate.emit(frame);
      return;
    }
    this.#outbox.remove(frame.id);
    this.#calls.fail(
      frame.id,
      new SessionError(frame.code ?? "internal", frame.error, frame.details),
    );
    this.#flush();
  }

  /** The token runs out soon: a newer one, on this very connection. */
  async #renewToken(): Promise<void> {
    const connection = this.#connection;
    // Without a newer token the server closes with 4401, and that says why.
    const token = await this.#token({ refresh: true }).catch(() => null);
    if (token !== null && connection === this.#connection) {
      this.#sendNow({ state: "authenticate", data: { token } });
    }
  }

  #setStatus(status: SocketStatus, reason: string | null): void {
    if (status === this.#status && reason === this.#reason) return;
    this.#status = status;
    this.#reason = reason;
    this.onStatus.emit({ status, reason });
  }
}
