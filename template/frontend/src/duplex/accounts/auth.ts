/**
 * The signed-in user. The access token is only in this page's memory. The refresh token is in a cookie
 * that no script can read, so a reload costs one refresh and no new sign-in.
 */
import { type Api, ApiError } from "../client/rest";
import { createStore, type Readable, storage } from "../client/stores";
import { Backoff } from "../client/wire";
import { problemOf, toasts } from "../ui/toasts";
import { confirmation } from "./confirmation";

/** The fields of a user that the engine needs. The application's own type may have more. */
export interface User {
  readonly name: string;
  readonly is_admin: boolean;
}

/**
 * `starting` until the first refresh has been answered. `expired`: the user did not sign out, but
 * the server does not renew the sign-in any more.
 */
export type AuthState<U extends User = User> =
  | { readonly status: "starting"; readonly user: null }
  | { readonly status: "signedIn"; readonly user: U }
  | { readonly status: "signedOut"; readonly user: null; readonly expired: boolean };

/** The first factor was right; `challenge` is for the second one, which `method` shows. */
export interface SecondStep {
  readonly status: "second_step";
  readonly method: string;
  readonly challenge: string;
}

/** The server's response to everything that signs in. */
interface SignedIn<U> {
  status: "signed_in";
  access_token: string;
  /** Seconds. */
  expires_in: number;
  user: U;
}

/** The signed-in user, and the operations on the account. All of them reject with ApiError. */
export interface Auth<U extends User> extends Readable<AuthState<U>> {
  /** Determines the signed-in user once. Never rejects: without a server, nobody is signed in. */
  readonly start: () => Promise<void>;
  /**
   * Exchanges the cookie for a new access token; simultaneous calls share one request. Null when
   * nobody is signed in.
   */
  readonly refresh: () => Promise<string | null>;
  /**
   * Sends a form whose response signs the user in. A user who is signed in already confirms that
   * sign-in, or needs it for the request. Resolves to null when a second step follows.
   */
  readonly enter: (path: string, form: unknown) => Promise<U | null>;
  /** The pending second step of a sign-in; null when there is none. */
  readonly secondStep: Readable<SecondStep | null>;
  /** Begins again, with the first step. */
  readonly startOver: () => void;
  /** Signs out by a request to `path`, which also closes the user's open sessions. */
  readonly leave: (path: string, options?: { token: boolean }) => Promise<void>;
  /** Shows the user that a request returns. */
  readonly setUser: (response: Promise<U>) => Promise<U>;
}

/** A token that expires sooner than this is renewed before it is used. Milliseconds. */
const MARGIN = 30_000;
/**
 * The storage key that records whether there is a refresh cookie, which the page cannot see. Other
 * tabs follow its changes. Missing after signing out.
 */
const HINT = "signed-in";
const HINTS = { yes: "yes", leaving: "leaving", expired: "expired" } as const;
/** How long a refresh may take; all tabs wait for it. Milliseconds. */
const PATIENCE = 15_000;
/** The lock with which one tab at a time rotates the cookie that all tabs share. */
const LOCK = "auth-refresh";

const STARTING = { status: "starting", user: null } as const;
const SIGNED_OUT = { status: "signedOut", user: null, expired: false } as const;
const EXPIRED = { status: "signedOut", user: null, expired: true } as const;

function hasCookie(): boolean {
  const hint = storage.read(HINT);
  return hint === HINTS.yes || hint === HINTS.leaving;
}

/** The sign-in of this page. It becomes the token provider of `api`. */
export function createAuth<U extends User>(api: Api): Auth<U> {
  const store = createStore<AuthState<U>>(STARTING);
  const step = createStore<SecondStep | null>(null);
  let access: { token: string; until: number } | null = null;
  let refreshing: Promise<string | null> | null = null;
  let started: Promise<void> | null = null;
  /**
   * This tab or another one is signing out. The server closes the sessions before it answers;
   * meanwhile no token is renewed, and the sign-in does not count as expired.
   */
  let leaving = false;
  /** Counts sign-ins and sign-outs: the response to an earlier request is out of date. */
  let era = 0;

  function accept(response: SignedIn<U>, requestedAt: number): string {
    leaving = false;
    access = { token: response.access_token, until: requestedAt + response.expires_in * 1000 };
    storage.write(HINT, HINTS.yes);
    store.set({ status: "signedIn", user: response.user });
    return response.access_token;
  }

  function forget(state: typeof SIGNED_OUT | typeof EXPIRED): void {
    era += 1;
    leaving = false;
    access = null;
    refreshing = null;
    store.set(state);
  }

  /** Forgets the sign-in, here and in all other tabs. */
  function forgetEverywhere(state: typeof SIGNED_OUT | typeof EXPIRED): void {
    storage.write(HINT, state === EXPIRED ? HINTS.expired : null);
    forget(state);
  }

  async function enter(path: string, body: unknown): Promise<U | null> {
    const requestedAt = Date.now();
    const token = store.getSnapshot().status === "signedIn";
    const request = { method: "POST", body, token, retry: false } as const;
    const response = await api.request<SignedIn<U> | SecondStep>(path, request);
    if (response.status === "second_step") {
      step.set(response);
      return null;
    }
    era += 1;
    refreshing = null;
    step.set(null);
    accept(response, requestedAt);
    confirmation.answer(true);
    return response.user;
  }

  /** The new access token, or null when nobody is signed in. */
  async function rotate(): Promise<string | null> {
    const requested = { era, at: Date.now() };
    try {
      const response = await api.request<SignedIn<U>>("/auth/refresh", {
        method: "POST",
        token: false,
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (requested.era === era) return accept(response, requested.at);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      if (requested.era === era) forgetEverywhere(leaving ? SIGNED_OUT : EXPIRED);
    }
    return access?.token ?? null;
  }

  function refresh(): Promise<string | null> {
    if (refreshing !== null) return refreshing;
    // Browsers have locks only on secure pages; without them the server tolerates two tabs at once.
    const locks = navigator.locks as LockManager | null | undefined;
    const mine: Promise<string | null> = (locks ? locks.request(LOCK, rotate) : rotate()).finally(
      () => {
        if (refreshing === mine) refreshing = null;
      },
    );
    refreshing = mine;
    return mine;
  }

  async function provide(options: { refresh: boolean }): Promise<string | null> {
    if (leaving && options.refresh) return null;
    if (!hasCookie() && access === null) return null;
    const good = access !== null && access.until - Date.now() > MARGIN;
    return good && !options.refresh ? (access?.token ?? null) : refresh();
  }

  function start(): Promise<void> {
    started ??= (async () => {
      // A visitor without an account costs the server nothing.
      if (hasCookie()) {
        await refresh().catch((error: unknown) => {
          toasts.show("error", problemOf(error));
          void startLater();
        });
      }
      if (store.getSnapshot().status === "starting") store.set(SIGNED_OUT);
    })();
    return started;
  }

  /** Signs in as soon as the server, which was unreachable when the page was loaded, answers. */
  async function startLater(): Promise<void> {
    const backoff = new Backoff();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, backoff.next()));
      if (store.getSnapshot().status === "signedIn" || !hasCookie()) return;
      await refresh().catch(() => null);
    }
  }

  async function leave(path: string, { token } = { token: false }): Promise<void> {
    leaving = true;
    storage.write(HINT, HINTS.leaving);
    try {
      await api.request(path, { method: "POST", token });
    } catch (error) {
      leaving = false;
      storage.write(HINT, HINTS.yes);
      throw error;
    }
    forgetEverywhere(SIGNED_OUT);
  }

  async function setUser(response: Promise<U>): Promise<U> {
    const before = era;
    const user = await response;
    if (before === era) store.set({ status: "signedIn", user });
    return user;
  }

  // Another tab has signed in or out, is about to sign out, or found that the sign-in has expired.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== HINT) return;
    leaving = newValue === HINTS.leaving;
    if (leaving) return;
    // A tab whose session ended before it learned of the signing out takes that for an expiry: signing
    // out comes last everywhere.
    if (newValue === null) forget(SIGNED_OUT);
    else if (newValue === HINTS.expired) {
      if (store.getSnapshot().status !== "signedOut") forget(EXPIRED);
    } else if (access === null) void refresh().catch(() => null);
  });

  api.setTokenProvider(provide);
  const { subscribe, getSnapshot } = store;
  const secondStep = { subscribe: step.subscribe, getSnapshot: step.getSnapshot };
  const startOver = (): void => {
    step.set(null);
  };
  return {
    subscribe,
    getSnapshot,
    start,
    refresh,
    enter,
    secondStep,
    startOver,
    leave,
    setUser,
  };
}
