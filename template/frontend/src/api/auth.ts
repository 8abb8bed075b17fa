/**
 * Who is signed in. The access token lives in this page's memory only; the refresh token is in a
 * cookie that no script can read, so being signed in survives a reload through one refresh.
 */
import { storage } from "../ui/storage";
import { createStore } from "../ui/store";
import { ApiError, apiCore } from "./core";
import type { components } from "./rest";

type Schemas = components["schemas"];
export type Profile = Schemas["Profile"];
export type SignInForm = Schemas["SignInForm"];
export type SignUpForm = Schemas["SignUpForm"];
export type PasswordChange = Schemas["PasswordChange"];
export type ProfileChange = Schemas["ProfileChange"];

/**
 * `starting` until the first refresh has been answered. `expired`: nobody signed out, the
 * server does not renew the sign-in any more.
 */
export type AuthState =
  | { readonly status: "starting"; readonly user: null }
  | { readonly status: "signedIn"; readonly user: Profile }
  | { readonly status: "signedOut"; readonly user: null; readonly expired: boolean };

/** A token that ends sooner than this is renewed before it is used. Milliseconds. */
const MARGIN = 30_000;
/**
 * Remembers that there is a cookie to refresh with, which the page cannot see; tells other tabs too.
 * Missing after signing out.
 */
const HINT = "signed-in";
const HINTS = { yes: "yes", leaving: "leaving", expired: "expired" } as const;
/** How long the server may take to renew it: until then nobody gets a token, in any tab. Milliseconds. */
const PATIENCE = 15_000;
/** One tab at a time rotates the cookie that all tabs share. */
const LOCK = "auth-refresh";

const STARTING: AuthState = { status: "starting", user: null };
const SIGNED_OUT: AuthState = { status: "signedOut", user: null, expired: false };
const EXPIRED: AuthState = { status: "signedOut", user: null, expired: true };

const store = createStore<AuthState>(STARTING);
let access: { token: string; until: number } | null = null;
let refreshing: Promise<string | null> | null = null;
let started: Promise<void> | null = null;
/**
 * This tab or another is signing out: the server closes the sessions before it answers, and nobody is
 * to renew what is being given up, or call it expired.
 */
let leaving = false;
/** Grows with each sign-in and sign-out: an answer that was asked for before is out of date. */
let era = 0;

function accept(answer: Schemas["SignedIn"], askedAt: number): string {
  leaving = false;
  access = { token: answer.access_token, until: askedAt + answer.expires_in * 1000 };
  storage.write(HINT, HINTS.yes);
  store.set({ status: "signedIn", user: answer.user });
  return answer.access_token;
}

function hasCookie(): boolean {
  const hint = storage.read(HINT);
  return hint === HINTS.yes || hint === HINTS.leaving;
}

function forget(state: AuthState): void {
  era += 1;
  leaving = false;
  access = null;
  refreshing = null;
  storage.write(HINT, state === EXPIRED ? HINTS.expired : null);
  store.set(state);
}

/** Sends a form whose answer signs in. */
async function enter(path: string, body: unknown, token: boolean): Promise<Profile> {
  const askedAt = Date.now();
  const answer = await apiCore.request<Schemas["SignedIn"]>(path, { method: "POST", body, token });
  era += 1;
  refreshing = null;
  accept(answer, askedAt);
  return answer.user;
}

/** The new access token, or null when nobody is signed in any more. */
async function rotate(): Promise<string | null> {
  const asked = { era, at: Date.now() };
  try {
    const answer = await apiCore.request<Schemas["SignedIn"]>("/auth/refresh", {
      method: "POST",
      token: false,
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (asked.era === era) return accept(answer, asked.at);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    if (asked.era === era) forget(EXPIRED);
  }
  return access?.token ?? null;
}

/**
 * Takes the cookie for a new access token; calls at the same moment share one. Null when nobody is
 * signed in.
 * @throws {ApiError} when the server cannot say
 */
function refresh(): Promise<string | null> {
  if (refreshing !== null) return refreshing;
  // Browsers have locks only on secure pages; without them the server forgives two tabs at once.
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

/** Finds out, once, whether somebody is signed in. Never rejects: without a server, nobody is for now. */
function start(): Promise<void> {
  started ??= (async () => {
    // A visitor without an account costs the server nothing.
    if (hasCookie()) await refresh().catch(() => null);
    if (store.getSnapshot().status === "starting") store.set(SIGNED_OUT);
  })();
  return started;
}

async function leave(path: string, token: boolean): Promise<void> {
  leaving = true;
  storage.write(HINT, HINTS.leaving);
  try {
    await apiCore.request(path, { method: "POST", token });
  } catch (error) {
    leaving = false;
    storage.write(HINT, HINTS.yes);
    throw error;
  }
  forget(SIGNED_OUT);
}

async function setProfile(answer: Promise<Profile>): Promise<Profile> {
  const asked = era;
  const user = await answer;
  if (asked === era) store.set({ status: "signedIn", user });
  return user;
}

// Another tab signed in or out, is about to, or found that the sign-in is over.
addEventListener("storage", ({ key, newValue }) => {
  if (key !== HINT) return;
  leaving = newValue === HINTS.leaving;
  if (leaving) return;
  if (newValue === null) forget(SIGNED_OUT);
  else if (newValue === HINTS.expired) forget(EXPIRED);
  else if (access === null) void refresh().catch(() => null);
});

apiCore.setTokenProvider(provide);

/** A store of the signed-in user, and everything one does with an account. Calls reject with ApiError. */
export const auth = {
  subscribe: store.subscribe,
  getSnapshot: store.getSnapshot,
  start,
  refresh,
  signUp: (form: SignUpForm): Promise<Profile> => enter("/auth/sign-up", form, false),
  signIn: (form: SignInForm): Promise<Profile> => enter("/auth/sign-in", form, false),

  /** Every other device is signed out and every open session closed; this one signs in again by itself. */
  changePassword: (change: PasswordChange): Promise<Profile> =>
    enter("/auth/change-password", change, true),

  /** Signs out on this device, which closes its open sessions. */
  signOut: (): Promise<void> => leave("/auth/sign-out", false),

  /** Signs out on every device and closes every open session. */
  signOutEverywhere: (): Promise<void> => leave("/auth/sign-out-everywhere", true),

  profile: (): Promise<Profile> => setProfile(apiCore.request("/users/me")),

  updateProfile: (change: ProfileChange): Promise<Profile> =>
    setProfile(apiCore.request("/users/me", { method: "PATCH", body: change })),
};
