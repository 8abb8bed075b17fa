import type {
  ContractInfo,
  FormOf,
  Reply,
  Requests,
  Responses,
  StateName,
  Watchers,
} from "../client/contract";
import { CLOSE, LOST } from "../client/protocol.generated";
import { createStore, Listeners, type Readable } from "../client/stores";
import {
  SessionError,
  type CallOptions,
  type Initialised,
  type ISocketResponse,
  type ParticipantsPage,
  type ResumedStream,
  type SocketClient,
  type SocketOptions,
  type WireEvent,
} from "../client/types";
import { leavePlace, takePlace } from "./handover";
import { IDLE, listed as withListed, reduce, type SessionState } from "./state";

/** The application's parts of a session. */
export type SessionParts = Exchange & (LoadedClient | Sockets);

interface Exchange {
  readonly contract: ContractInfo;
  /** One for each state and event: `src/states`. */
  readonly watchers: Watchers;
}

interface LoadedClient {
  /** Loads `src/api/websocketAPI.ts`, and with it the client, which a page without a session omits. */
  readonly load: () => Promise<{ readonly apiSockets: Sockets }>;
}

/** The client itself, which is then loaded with every page. */
interface Sockets {
  socketRequest(options: Partial<SocketOptions>): SocketClient;
}

/** Which session to open. */
export interface SessionRequest {
  /** The id of an existing session, or of a new one; without it the server chooses. */
  session?: string;
  /** The name that the other participants see. */
  name?: string;
}

/** The page's one session. It outlives the components that show it. */
export interface SessionStore extends Readable<SessionState> {
  /** Every frame of every socket that the page opens. Costs nothing without a listener. */
  readonly onWire: Listeners<WireEvent>;
  /** Loads the client's code, so that the next session need not wait for it. Never rejects. */
  loadClient(): Promise<void>;
  /**
   * Opens a session; an open one is left first. Resolves once the server has initialised it, rejects
   * with SessionError when it refuses. Without a server it keeps trying: see `status`.
   */
  initialiseSocket(request?: SessionRequest): Promise<Initialised>;
  /** Applies a received frame to the state. The socket calls it once for each frame, in order. */
  watchResponseSocket(response: ISocketResponse): void;
  /** Sends the request that the state's watcher makes from the page's form. */
  watchRequestSocket<S extends StateName>(
    state: S,
    form: FormOf<S>,
    options?: CallOptions,
  ): Promise<Responses[S]>;
  /** Sends a request; resolves to its reply, rejects with SessionError. */
  sendSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): Promise<Responses[S]>;
  /** Sends a request and yields each of its replies; leaving the loop cancels it. */
  streamSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): AsyncIterableIterator<Reply<S>>;
  /**
   * The streams of a state that this page's user had begun before the page was loaded again: each
   * once, with all its replies from the first one on. Call it when the session is open. Leaving the
   * loop cancels a stream.
   */
  resumedStreams<S extends StateName>(state: S): ResumedStream<S>[];
  /** Adds the next page to the list of participants, where it is not complete. */
  listMore(): Promise<void>;
  /** Dismisses the notice about lost messages. */
  forgetLoss(): void;
  /**
   * Call it before reloading the page, so that the others see nobody leave or join. Every reload
   * resumes the session as the same participant and continues its streams; other unanswered requests
   * are dropped.
   */
  handOver(): void;
  /** Leaves the session for good. `code`: a close code that ends a session. */
  closeSocket(code?: number): void;
}

/** A session whose client is still being loaded. */
interface Opening {
  readonly client: Promise<SocketClient>;
}

const LEFT = "You left the session.";
const NOT_LOADED = "The page could not be loaded completely. Check your connection and try again.";

/** Makes the store of a session. `parts` is called when a session is opened, not before. */
export function createSessionStore(parts: () => SessionParts): SessionStore {
  const store = createStore<SessionState>(IDLE);
  const onWire = new Listeners<WireEvent>();
  /** The client's code, once it is loaded. */
  let sockets: Sockets | null = null;
  let opening: Opening | null = null;
  let socket: SocketClient | null = null;
  let place = takePlace();
  /** Where the next page of the participants begins; null: at the beginning. */
  let cursor: string | null = null;

  function patch(changes: Partial<SessionState>): void {
    store.set({ ...store.getSnapshot(), ...changes });
  }

  function watchResponseSocket(response: ISocketResponse): void {
    const { contract, watchers } = parts();
    store.set(reduce(store.getSnapshot(), response, { states: contract.states, watchers }));
  }

  function attach(client: SocketClient): void {
    client.onUpdate.addListener((response) => {
      watchResponseSocket(response);
      if (response.state === "pong") patch({ latency: client.latency });
    });
    client.onStatus.addListener(({ status, reason, code }) => {
      patch({ status, reason, code, pending: client.pending });
    });
  }

  async function load(): Promise<Sockets> {
    const given = parts();
    sockets = "load" in given ? (await given.load()).apiSockets : given;
    return sockets;
  }

  function connect(loaded: Sockets, request: SessionRequest): SocketClient {
    const client = loaded.socketRequest({
      ...request,
      onWire,
      ...(place !== null && {
        resume: { token: place.token, epoch: place.epoch, seq: place.seq },
        streams: place.streams,
      }),
    });
    opening = null;
    place = null;
    socket = client;
    attach(client);
    return client;
  }

  /** Connects when the client is loaded, unless the session was left, or another opened, before. */
  async function connectLater(request: SessionRequest): Promise<SocketClient> {
    const mine: Opening = {
      client: load().then(
        (loaded) => {
          if (opening !== mine) throw new SessionError("ended", LEFT);
          return connect(loaded, request);
        },
        (error: unknown) => {
          reportError(error);
          // As when no connection comes up: the user may try again.
          if (opening === mine) end(LOST, NOT_LOADED);
          throw new SessionError("ended", NOT_LOADED);
        },
      ),
    };
    opening = mine;
    return mine.client;
  }

  async function initialiseSocket(request: SessionRequest = {}): Promise<Initialised> {
    closeSocket();
    socket = null;
    cursor = null;
    if (place?.session !== request.session) place = null;
    store.set({
      ...IDLE,
      status: "connecting",
      session: request.session ?? null,
      name: request.name ?? null,
      streaming: place?.streaming ?? [],
    });
    const client = sockets === null ? await connectLater(request) : connect(sockets, request);
    return client.open();
  }

  /** The client of a session that was just started; requests wait until it is loaded. */
  async function nextClient(): Promise<SocketClient> {
    if (opening === null) {
      throw new SessionError("not_initialised", "No session has been started.");
    }
    return opening.client;
  }

  async function sendSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): Promise<Responses[S]> {
    const client = socket ?? (await nextClient());
    const reply = client.request(state, data, options);
    const count = (): void => {
      countPending(client);
    };
    count();
    return reply.finally(count);
  }

  async function* streamSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): AsyncGenerator<Reply<S>, undefined, undefined> {
    const client = socket ?? (await nextClient());
    const replies = client.stream(state, data, options);
    try {
      for (;;) {
        const next = replies.next();
        countPending(client);
        const result = await next;
        if (result.done === true) return;
        yield result.value;
      }
    } finally {
      await replies.return?.();
      countPending(client);
    }
  }

  function countPending(client: SocketClient): void {
    if (client === socket && client.pending !== store.getSnapshot().pending) {
      patch({ pending: client.pending });
    }
  }

  function end(code: number, reason: string): void {
    opening = null;
    patch({ status: "ended", code, reason });
  }

  function closeSocket(code?: number): void {
    if (opening !== null) end(code ?? CLOSE.ended, LEFT);
    socket?.close(code);
  }

  function keepPlace(): void {
    // Reloaded before its client was there: the next page takes the place.
    if (opening !== null && place !== null) leavePlace(place);
    const { session, status, streaming } = store.getSnapshot();
    if (socket?.resume == null || session === null || status === "ended") return;
    leavePlace({ ...socket.resume, session, streams: socket.streams, streaming });
  }

  function handOver(): void {
    keepPlace();
    socket?.suspend({ reload: true });
  }

  async function listMore(): Promise<void> {
    const client = socket ?? (await nextClient());
    let page: ParticipantsPage;
    const listed = store.getSnapshot().participants.length;
    do {
      // The first page may be known already: the server has sent the beginning of the list.
      page = await client.participants(cursor ?? undefined);
      if (client !== socket) return;
      cursor = page.next ?? null;
      store.set(withListed(store.getSnapshot(), page));
    } while (cursor !== null && store.getSnapshot().participants.length === listed);
  }

  // The others see the page leave at once. It may return: from the browser's back/forward cache, or
  // after a reload, which cannot be distinguished from closing. Its streams continue until then.
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) keepPlace();
    socket?.suspend();
  });
  addEventListener("pageshow", () => {
    socket?.wake();
  });

  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    onWire,
    async loadClient() {
      // A session that needs it reports why it is missing.
      if (sockets === null) await load().catch(() => undefined);
    },
    initialiseSocket,
    watchResponseSocket,
    async watchRequestSocket(state, form, options) {
      const { request } = parts().watchers[state];
      if (request === undefined) throw new TypeError(`The watcher of ${state} has no request.`);
      return sendSocketRequest(state, request(form as never), options);
    },
    sendSocketRequest,
    streamSocketRequest,
    resumedStreams: (state) => socket?.resumedStreams(state) ?? [],
    listMore,
    forgetLoss: () => {
      patch({ loss: null });
    },
    handOver,
    closeSocket,
  };
}
