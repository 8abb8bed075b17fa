import { Calls } from "./calls";
import { isOnline, Liveness, watchPage } from "./connection";
import type { Reply, Requests, Responses, StateName } from "./contract";
import { Dialer } from "./dialer";
import { byteLength, Outbox, Sender } from "./outbox";
import { CLOSE } from "./protocol.generated";
import { Position, Receiver, Settling } from "./receiver";
import { Listeners } from "./stores";
import {
  SessionError,
  type CallOptions,
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
  type WireEvent,
} from "./types";
import { CLIENT_CLOSE, verdict, withoutSecrets } from "./wire";

/** One session over as many connections as it takes; `SocketClient` documents its promises. */
export class SessionSocket implements SocketClient {
  readonly onUnpackedMessage = new Listeners<ISocketResponse>();
  readonly onUpdate = new Listeners<ISocketResponse>();
  readonly onStatus = new Listeners<StatusChange>();
  readonly onWire: Listeners<WireEvent>;

  readonly #options: SocketOptions;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #calls: Calls;
  readonly #settling: Settling;
  readonly #dialer: Dialer;
  readonly #liveness: Liveness;

  #status: SocketStatus = "idle";
  #reason: string | null = null;
  #code: number | null = null;
  #unwatch: () => void = () => undefined;
  #opening: Promise<Initialised> | null = null;
  #opened: { resolve(data: Initialised): void; reject(error: SessionError): void } | null = null;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.onWire = options.onWire ?? new Listeners();
    this.#outbox = new Outbox(options.limits);
    this.#dialer = new Dialer(options.url, options.token, {
      opened: (token) => {
        this.#hello(token);
      },
      received: (text) => {
        this.#liveness.heard();
        this.#receiver.receive(text, this.#sender.ready);
      },
      closed: (code) => this.#closed(code),
      waiting: (reason) => {
        this.#setStatus(this.#waitingStatus(), reason);
      },
      over: (error, code) => {
        this.#end(error, code);
      },
    });
    this.#sender = new Sender(this.#outbox, {
      connection: () => this.#dialer.connection,
      written: (text) => {
        if (this.onWire.observed) this.#observe("sent", JSON.parse(text) as object, text);
      },
    });
    this.#calls = new Calls({
      send: ({ id, state, data }) => {
        this.#queue(id, { state, data, id });
      },
      cancel: (id) => {
        if (this.#outbox.remove(id)) this.#queue(null, { state: "cancel", id }, true);
        this.#sender.flush();
      },
    });
    this.#settling = new Settling(this.#outbox, this.#calls, this.onUpdate, this.#dialer);
    this.#receiver = this.#listen(new Position(options.resume?.seq));
    this.#liveness = new Liveness({
      ping: () => {
        this.#sender.sendNow({ state: "ping" });
      },
      dead: () => {
        this.#dialer.redial("The server does not answer any more.");
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
    return this.#receiver.position.resume ?? this.#options.resume ?? null;
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
          if (this.#sender.ready) this.#liveness.probe();
          else if (this.#status !== "idle") this.#setStatus("offline", this.#reason);
        },
        awake: () => {
          this.#liveness.probe();
          // The page became visible, so reconnect without backoff.
          if (!this.#sender.ready) this.#dialer.hasten();
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
    if (this.#dialer.paused || this.#status === "idle" || this.#status === "ended") return;
    this.#dialer.pause(reload ? CLIENT_CLOSE.resume : CLIENT_CLOSE.away);
    this.#setStatus(this.#waitingStatus(), null);
  }

  wake(): void {
    this.#dialer.wake();
  }

  close(code: number = CLIENT_CLOSE.ended): void {
    if (this.#status === "ended") return;
    this.#sender.sendNow({ state: "leave" });
    const words = code === CLIENT_CLOSE.ended ? "You left the session." : verdict(code).reason;
    this.#end(new SessionError("ended", words), code);
  }

  // -- the connection ------------------------------------------------------------------------------

  #hello(token: string | null): void {
    const session = this.#receiver.position.session ?? this.#options.session;
    const { name } = this.#options;
    const { resume } = this;
    this.#sender.sendNow({
      ...(token !== null && { token }),
      ...(session !== undefined && { session }),
      ...(name !== undefined && { name }),
      ...(resume !== null && { resume }),
      contract: this.#options.contract,
    });
  }

  #closed(code: number): boolean {
    const wasReady = this.#sender.stop();
    this.#liveness.stop();
    if (code !== CLOSE.tooBig) return true;
    if (wasReady) this.#settling.tooBig();
    // Retrying cannot help: the hello would exceed the limit again.
    return wasReady;
  }

  #waitingStatus(): SocketStatus {
    if (!isOnline()) return "offline";
    return this.#receiver.position.session === null ? "connecting" : "recovering";
  }

  #online(): void {
    this.#liveness.probe();
    if (this.#sender.ready || this.#status === "idle") return;
    this.#setStatus(this.#waitingStatus(), this.#reason);
    this.#dialer.hasten();
  }

  #end(error: SessionError, code: number): void {
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

  // -- frames, both ways ---------------------------------------------------------------------------

  #queue(id: string | null, frame: Readonly<Record<string, unknown>>, urgent = false): void {
    if (this.#status === "ended") throw this.#endedError();
    this.#outbox.add(id, frame, urgent);
    this.#sender.flush();
  }

  #listen(position: Position): Receiver {
    return new Receiver(position, this.onUpdate, this.#dialer, {
      frame: (frame, text) => {
        if (frame.state === "pong") this.#liveness.pong();
        if (this.onWire.observed) this.#observe("received", frame, text);
        this.onUnpackedMessage.emit(frame);
      },
      initialised: (frame, known) => {
        this.#settling.reconnected(frame.data, known);
        this.#dialer.succeeded();
        this.#sender.start();
        this.#liveness.start(frame.data.heartbeat * 1000);
        this.#setStatus("open", null);
        this.onUpdate.emit(frame);
        this.#opened?.resolve(frame.data);
        this.#opened = null;
        this.#sender.flush();
      },
      answered: (id, frame) => {
        if (frame.more === true) this.#outbox.begun(id);
        else this.#outbox.remove(id);
        this.#calls.reply(id, frame);
        this.#sender.flush();
      },
      failed: (frame) => {
        this.#settling.failed(frame);
        this.#sender.flush();
      },
      expiring: () => void this.#renewToken(),
    });
  }

  #observe(direction: WireEvent["direction"], frame: object, text: string): void {
    this.onWire.emit({ direction, frame: withoutSecrets(frame), size: byteLength(text) });
  }

  async #renewToken(): Promise<void> {
    // Without a newer token the server closes with 4401, which the page explains.
    const token = await this.#dialer.renewedToken();
    if (token !== null) this.#sender.sendNow({ state: "authenticate", data: { token } });
  }

  #setStatus(status: SocketStatus, reason: string | null): void {
    if (status === this.#status && reason === this.#reason) return;
    this.#status = status;
    this.#reason = reason;
    this.onStatus.emit({ status, reason, code: this.#code });
  }
}
