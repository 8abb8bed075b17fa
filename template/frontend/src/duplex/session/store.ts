import type {
  ContractInfo,
  FormOf,
  Reply,
  Requests,
  Responses,
  StateName,
  Watchers,
} from "../client/contract";
import { Listeners } from "../client/listeners";
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
import { createStore, type Readable } from "../ui/store";
import { leavePlace, takePlace } from "./handover";
import { IDLE, listed as withListed, reduce, type SessionState } from "./state";

/** The application's parts of a session. */
export interface SessionParts {
  readonly contract: ContractInfo;
  /** One for each state and event: `src/states`. */
  readonly watchers: Watchers;
  /** Makes a socket: `apiSockets.socketRequest`. */
  readonly socketRequest: (options: Partial<SocketOptions>) => SocketClient;
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
   * once, with all its replies from the first one on. Leaving the loop cancels a stream.
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

/** Makes the store of a session. `parts` is called when a session is opened, not before. */
export function createSessionStore(parts: () => SessionParts): SessionStore {
  const store = createStore<SessionState>(IDLE);
  const onWire = new Listeners<WireEvent>();
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

  async function initialiseSocket(request: SessionRequest = {}): Promise<Initialised> {
    closeSocket();
    const taken = place !== null && place.session === request.session ? place : null;
    place = null;
    cursor = null;
    const client = parts().socketRequest({
      ...request,
      onWire,
      ...(taken !== null && {
        resume: { token: taken.token, epoch: taken.epoch, seq: taken.seq },
        streams: taken.streams,
      }),
    });
    socket = client;
    store.set({
      ...IDLE,
      session: request.session ?? null,
      name: request.name ?? null,
      streaming: taken?.streaming ?? [],
    });
    attach(client);
    return client.open();
  }

  function opened(): SocketClient {
    if (socket === null) throw new SessionError("not_initialised", "No session has been started.");
    return socket;
  }

  async function sendSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): Promise<Responses[S]> {
    const client = opened();
    const reply = client.request(state, data, options);
    const count = (): void => {
      countPending(client);
    };
    count();
    return reply.finally(count);
  }

  async function* streamReplies<S extends StateName>(
    client: SocketClient,
    replies: AsyncIterableIterator<Reply<S>>,
  ): AsyncGenerator<Reply<S>, undefined, undefined> {
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

  function closeSocket(code?: number): void {
    socket?.close(code);
  }

  function keepPlace(): void {
    const { session, status, streaming } = store.getSnapshot();
    if (socket?.resume == null || session === null || status === "ended") return;
    leavePlace({ ...socket.resume, session, streams: socket.streams, streaming });
  }

  function handOver(): void {
    keepPlace();
    socket?.suspend({ reload: true });
  }

  async function listMore(): Promise<void> {
    const client = opened();
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
    initialiseSocket,
    watchResponseSocket,
    async watchRequestSocket(state, form, options) {
      const { request } = parts().watchers[state];
      if (request === undefined) throw new TypeError(`The watcher of ${state} has no request.`);
      return sendSocketRequest(state, request(form as never), options);
    },
    sendSocketRequest,
    streamSocketRequest: (state, data, options) => {
      const client = opened();
      return streamReplies(client, client.stream(state, data, options));
    },
    resumedStreams: (state) => opened().resumedStreams(state),
    listMore,
    forgetLoss: () => {
      patch({ loss: null });
    },
    handOver,
    closeSocket,
  };
}
