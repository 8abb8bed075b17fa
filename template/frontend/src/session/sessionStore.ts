import type { Initialised, Requests, Responses, StateName } from "../api/contract";
import {
  apiSockets,
  Listeners,
  SessionError,
  type CallOptions,
  type ISocketResponse,
  type Reply,
  type SocketClient,
  type SocketOptions,
  type WireEvent,
} from "../api/websocketAPI";
import { watchers as projectWatchers } from "../states";
import { createStore, type Readable } from "../ui/store";
import { leavePlace, takePlace } from "./handover";
import { IDLE, reduce, type SessionState } from "./sessionState";
import type { RequestForm, Watchers } from "./watchers";

export type { SessionState } from "./sessionState";

export interface SessionDeps {
  /** Default: the project's own, `src/states`. */
  watchers?: Watchers;
  /** Makes the socket; default: `apiSockets.socketRequest`. */
  socketRequest?: (options: SocketOptions) => SocketClient;
}

/** Which session to open: an existing or a wished id, and the name others see. */
export interface SessionWish {
  session?: string;
  name?: string;
}

/** The page's one session. It outlives components: they subscribe, it stays. */
export interface SessionStore extends Readable<SessionState> {
  /** Every frame of every socket that the page opens. Costs nothing while nobody listens. */
  readonly onWire: Listeners<WireEvent>;
  /**
   * Opens a session; an open one is left first. Answers once the server has initialised it, rejects
   * with SessionError when it refuses. Without a server it keeps trying: see `status`.
   */
  initialiseSocket(wish?: SessionWish): Promise<Initialised>;
  /** Brings one received frame into the state. The socket calls it; each frame exactly once, in order. */
  watchResponseSocket(response: ISocketResponse): void;
  /** Has the state's watcher make a request from the page's form, and sends it. */
  watchRequestSocket<S extends StateName>(
    state: S,
    form: RequestForm,
    options?: CallOptions,
  ): Promise<Responses[S]>;
  /** Sends a request; answers its reply, rejects with SessionError. */
  sendSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): Promise<Responses[S]>;
  /** Sends a request that is answered many times; leaving the loop cancels it. */
  streamSocketRequest<S extends StateName>(
    state: S,
    data: Requests[S],
    options?: CallOptions,
  ): AsyncIterableIterator<Reply<S>>;
  /** The words about what was lost have been read. */
  forgetLoss(): void;
  /**
   * Before the page is loaded again: the page that comes opens the session at the very place of
   * this one, so nobody sees anybody leave or join. Requests without an answer are given up.
   */
  handOver(): void;
  /** Leaves the session for good. `code`: why, as a close code that ends a session. */
  closeSocket(code?: number): void;
}

/** Makes the store of the page's session. The page keeps one for its whole life. */
export function createSessionStore({
  watchers = projectWatchers,
  socketRequest = apiSockets.socketRequest,
}: SessionDeps = {}): SessionStore {
  const store = createStore<SessionState>(IDLE);
  const onWire = new Listeners<WireEvent>();
  let socket: SocketClient | null = null;
  let place = takePlace();

  function patch(changes: Partial<SessionState>): void {
    store.set({ ...store.getSnapshot(), ...changes });
  }

  function watchResponseSocket(response: ISocketResponse): void {
    store.set(reduce(store.getSnapshot(), response, watchers));
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

  async function initialiseSocket(wish: SessionWish = {}): Promise<Initialised> {
    closeSocket();
    const resume = place !== null && place.session === wish.session ? place : null;
    place = null;
    const client = socketRequest({
      ...wish,
      onWire,
      ...(resume !== null && {
        resume: { token: resume.token, epoch: resume.epoch, seq: resume.seq },
      }),
    });
    socket = client;
    store.set({ ...IDLE, session: wish.session ?? null, name: wish.name ?? null });
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

  function handOver(): void {
    const { session } = store.getSnapshot();
    if (socket?.resume == null || session === null) return;
    leavePlace(session, socket.resume);
    socket.suspend({ reload: true });
  }

  // A page that goes away leaves, so that others see it go. One that the browser keeps, to show it
  // again when the user comes back, keeps its place too.
  addEventListener("pagehide", ({ persisted }) => {
    if (persisted) socket?.suspend();
    else closeSocket();
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
    watchRequestSocket: (state, form, options) =>
      sendSocketRequest(state, watchers[state].request(form), options),
    sendSocketRequest,
    streamSocketRequest: (state, data, options) => {
      const client = opened();
      return streamReplies(client, client.stream(state, data, options));
    },
    forgetLoss: () => {
      patch({ loss: null });
    },
    handOver,
    closeSocket,
  };
}
