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
import { addFrame } from "./frameLog";
import { IDLE, reduce, type SessionState } from "./sessionState";
import type { RequestForm, Watchers } from "./watchers";

export type { FrameRecord } from "./frameLog";
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
  /** Leaves the session for good. */
  closeSocket(): void;
}

/** Makes the store of the page's session. The page keeps one for its whole life. */
export function createSessionStore({
  watchers = projectWatchers,
  socketRequest = apiSockets.socketRequest,
}: SessionDeps = {}): SessionStore {
  const store = createStore<SessionState>(IDLE);
  const onWire = new Listeners<WireEvent>();
  let socket: SocketClient | null = null;
  /** What the page was in when it was put away, to come back to it. */
  let asleep: SessionWish | null = null;

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
    client.onStatus.addListener(({ status, reason }) => {
      patch({ status, reason, pending: client.pending });
    });
  }

  onWire.addListener((event) => {
    patch({ frames: addFrame(store.getSnapshot().frames, event) });
  });

  async function initialiseSocket(wish: SessionWish = {}): Promise<Initialised> {
    closeSocket();
    const client = socketRequest({ ...wish, onWire });
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

  function closeSocket(): void {
    asleep = null;
    socket?.close();
  }

  // A page that is put away leaves, so that others see it go; when the browser brings the very same
  // page back it goes back in.
  addEventListener("pagehide", () => {
    const { status, session, name } = store.getSnapshot();
    if (status === "idle" || status === "ended") return;
    closeSocket();
    asleep = { ...(session !== null && { session }), ...(name !== null && { name }) };
  });
  addEventListener("pageshow", () => {
    // Its outcome is in the state.
    if (asleep !== null) initialiseSocket(asleep).catch(() => undefined);
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
    closeSocket,
  };
}
