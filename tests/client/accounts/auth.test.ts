import { type Auth, createAuth, type User } from "@duplex/accounts/auth";
import { followAccount } from "@duplex/accounts/follow";
import { type Api, createApi } from "@duplex/client/rest";
import { toasts } from "@duplex/ui/toasts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** The routes of an application's accounts. */
function routesOf(api: Api, { enter, leave, setUser }: Auth<User>) {
  return {
    signIn: (form: object) => enter("/auth/sign-in", form),
    signUp: (form: object) => enter("/auth/sign-up", form),
    changePassword: (form: object) => enter("/auth/change-password", form),
    signOut: () => leave("/auth/sign-out"),
    signOutEverywhere: () => leave("/auth/sign-out-everywhere", { token: true }),
    updateProfile: (body: object) => setUser(api.request("/users/me", { method: "PATCH", body })),
  };
}

const ADA = { id: "u1", email: "ada@example.org", name: "Ada" };

describe("signing in", () => {
  const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
  let auth: Auth<User> & ReturnType<typeof routesOf>;
  let core: Api;
  let tokens = 0;

  /** The page is loaded again: the browser's storage stays. */
  function load(): void {
    core = createApi("/api/v1");
    const engine = createAuth(core);
    auth = { ...engine, ...routesOf(core, engine) };
  }

  const signedIn = (expires = 900): Response => {
    tokens += 1;
    return Response.json({ access_token: `token-${tokens}`, expires_in: expires, user: ADA });
  };
  const refused = (): Response =>
    Response.json({ error: "You are not signed in.", code: "not_signed_in" }, { status: 401 });
  const empty = (): Response => new Response(null, { status: 204 });
  const asked = (): string[] =>
    fetched.mock.calls.map(([url, { method }]) => `${method} ${new URL(url).pathname.slice(7)}`);
  const status = (): string => auth.getSnapshot().status;

  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    tokens = 0;
    fetched.mockReset().mockImplementation(() => Promise.resolve(signedIn()));
    vi.stubGlobal("fetch", fetched);
    load();
  });
  afterEach(() => {
    core.setTokenProvider(null);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("sends no request for a visitor without an account", async () => {
    expect(status()).toBe("starting");
    await auth.start();
    expect(status()).toBe("signedOut");
    await expect(core.token()).resolves.toBeNull();
    expect(asked()).toEqual([]);
  });

  it("keeps the access token in memory only", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    expect(auth.getSnapshot()).toMatchObject({ status: "signedIn", user: { name: "Ada" } });
    await expect(core.token()).resolves.toBe("token-1");
    for (const place of [localStorage, sessionStorage]) {
      const values = Object.keys(place).map((key) => place.getItem(key));
      expect(values.join()).not.toContain("token-1");
    }
    expect(document.cookie).not.toContain("token-1");
  });

  it("survives a reload through one refresh", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    load();
    fetched.mockClear();
    await Promise.all([auth.start(), auth.start()]);
    expect(status()).toBe("signedIn");
    expect(asked()).toEqual(["POST /auth/refresh"]);
  });

  it("detects after a reload that the user was signed out meanwhile", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    load();
    fetched.mockImplementation(() => Promise.resolve(refused()));
    await auth.start();
    expect(status()).toBe("signedOut");
    fetched.mockClear();
    await expect(core.token()).resolves.toBeNull();
    expect(asked()).toEqual([]);
  });

  it("keeps the sign-in while the server is unreachable, and tries again", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    load();
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await auth.start();
    await expect(core.token()).resolves.toBe("token-2");
    expect(status()).toBe("signedIn");
  });

  it("signs in as soon as a server that was unreachable at the start answers", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    load();
    fetched.mockClear();
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    fetched.mockResolvedValueOnce(new Response("Bad gateway", { status: 502 }));
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    await auth.start();
    expect(status()).toBe("signedOut");
    expect(toasts.getSnapshot().map(({ text }) => text)).toEqual([
      "The server cannot be reached. Try again in a moment.",
    ]);
    // Half of the longest waits, which begin with one second and double.
    await vi.advanceTimersByTimeAsync(500);
    expect(asked()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(999);
    expect(status()).toBe("signedOut");
    await vi.advanceTimersByTimeAsync(1);
    expect(status()).toBe("signedIn");
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked()).toHaveLength(3);
  });

  it("renews a token shortly before it ends, and not sooner", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockClear();
    vi.advanceTimersByTime(869_000);
    await expect(core.token()).resolves.toBe("token-1");
    vi.advanceTimersByTime(2_000);
    await expect(core.token()).resolves.toBe("token-2");
    expect(asked()).toEqual(["POST /auth/refresh"]);
  });

  it("rotates the cookie once for simultaneous requests", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockClear();
    const asking = [1, 2, 3].map(() => core.token({ refresh: true }));
    await expect(Promise.all(asking)).resolves.toEqual(["token-2", "token-2", "token-2"]);
    expect(asked()).toEqual(["POST /auth/refresh"]);
  });

  it("gives up a request that the server never answers", async () => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
      const controller = new AbortController();
      setTimeout(() => {
        controller.abort(new DOMException("It took too long.", "TimeoutError"));
      }, milliseconds);
      return controller.signal;
    });
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockImplementationOnce(
      (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => {
            reject(signal.reason as DOMException);
          });
        }),
    );
    const asking = expect(core.token({ refresh: true })).rejects.toMatchObject({
      name: "ApiError",
      status: 0,
    });
    await vi.advanceTimersByTimeAsync(15_000);
    await asking;
    await expect(core.token({ refresh: true })).resolves.toBe("token-2");
    expect(status()).toBe("signedIn");
  });

  it("rotates in one tab at a time where the browser has locks", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockClear();
    let free: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => (free = resolve));
    const request = vi.fn((_name: string, work: () => Promise<unknown>) => turn.then(work));
    vi.stubGlobal("navigator", { onLine: true, locks: { request } });
    const refreshing = auth.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked()).toEqual([]);
    free();
    await expect(refreshing).resolves.toBe("token-2");
  });

  it("forgets everything when the user signs out, including a late response", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    let answer: (response: Response) => void = () => undefined;
    fetched.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const late = auth.refresh();
    fetched.mockImplementation(() => Promise.resolve(empty()));
    await auth.signOut();
    answer(signedIn());
    await expect(late).resolves.toBeNull();
    expect(auth.getSnapshot()).toEqual({ status: "signedOut", user: null, expired: false });
    await expect(core.token()).resolves.toBeNull();
  });

  it("stays signed in when signing out did not reach the server", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(auth.signOut()).rejects.toMatchObject({ status: 0 });
    expect(status()).toBe("signedIn");
  });

  it("does not refresh tokens while signing out, also in other tabs", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    let answer: (response: Response) => void = () => undefined;
    fetched.mockClear();
    fetched.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const leaving = auth.signOut();
    await expect(core.token({ refresh: true })).resolves.toBeNull();
    const newValue = localStorage.getItem("signed-in");
    answer(empty());
    await leaving;
    expect(asked()).toEqual(["POST /auth/sign-out"]);

    fetched.mockImplementation(() => Promise.resolve(signedIn()));
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockClear();
    window.dispatchEvent(new StorageEvent("storage", { key: "signed-in", newValue }));
    await expect(core.token({ refresh: true })).resolves.toBeNull();
    expect(asked()).toEqual([]);
    window.dispatchEvent(new StorageEvent("storage", { key: "signed-in", newValue: "yes" }));
    await expect(core.token({ refresh: true })).resolves.not.toBeNull();
  });

  it("distinguishes an expired sign-in from signing out, also in other tabs", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockImplementation(() => Promise.resolve(refused()));
    await expect(core.token({ refresh: true })).resolves.toBeNull();
    expect(auth.getSnapshot()).toMatchObject({ status: "signedOut", expired: true });
    const newValue = localStorage.getItem("signed-in");

    fetched.mockImplementation(() => Promise.resolve(signedIn()));
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    localStorage.setItem("signed-in", String(newValue));
    window.dispatchEvent(new StorageEvent("storage", { key: "signed-in", newValue }));
    expect(auth.getSnapshot()).toMatchObject({ status: "signedOut", expired: true });
    fetched.mockClear();
    load();
    await auth.start();
    expect(asked()).toEqual([]);
  });

  it("does not take another tab's signing out for an expiry, whatever it learns first", async () => {
    const tell = (newValue: string | null): void => {
      window.dispatchEvent(new StorageEvent("storage", { key: "signed-in", newValue }));
    };
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    let answer: (response: Response) => void = () => undefined;
    fetched.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const renewing = core.token({ refresh: true });
    tell("leaving");
    answer(refused());
    await expect(renewing).resolves.toBeNull();
    expect(auth.getSnapshot()).toMatchObject({ status: "signedOut", expired: false });

    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockImplementation(() => Promise.resolve(refused()));
    await expect(core.token({ refresh: true })).resolves.toBeNull();
    expect(auth.getSnapshot()).toMatchObject({ status: "signedOut", expired: true });
    const stored = localStorage.getItem("signed-in");
    const left = vi.fn<() => void>();
    followAccount(auth, left);
    tell("leaving");
    tell(null);
    expect(auth.getSnapshot()).toMatchObject({ status: "signedOut", expired: false });
    expect(left).toHaveBeenCalledOnce();
    // It comes last, and tabs do not answer one another's changes with their own.
    tell("expired");
    expect(auth.getSnapshot()).toMatchObject({ status: "signedOut", expired: false });
    expect(localStorage.getItem("signed-in")).toBe(stored);
  });

  it("follows another tab that signs out or in", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    const tell = (newValue: string | null): void => {
      window.dispatchEvent(new StorageEvent("storage", { key: "signed-in", newValue }));
    };
    tell(null);
    expect(status()).toBe("signedOut");
    tell("yes");
    await vi.advanceTimersByTimeAsync(0);
    expect(status()).toBe("signedIn");
  });

  it("uses the new token after a change of the password", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    await auth.changePassword({ current_password: "a long secret", new_password: "another one" });
    await expect(core.token()).resolves.toBe("token-2");
  });

  it("shows the changed profile", async () => {
    await auth.signIn({ email: ADA.email, password: "a long secret" });
    fetched.mockImplementationOnce(() => Promise.resolve(Response.json({ ...ADA, name: "Grace" })));
    await auth.updateProfile({ name: "Grace" });
    expect(auth.getSnapshot().user?.name).toBe("Grace");
    expect(asked().at(-1)).toBe("PATCH /users/me");
  });

  it("explains a failed sign-in, after which nobody is signed in", async () => {
    await auth.start();
    fetched.mockImplementationOnce(() => Promise.resolve(refused()));
    await expect(auth.signIn({ email: ADA.email, password: "wrong" })).rejects.toMatchObject({
      message: "You are not signed in.",
    });
    expect(status()).toBe("signedOut");
    expect(asked()).toEqual(["POST /auth/sign-in"]);
  });

  it("signs out everywhere with the token of this page", async () => {
    await auth.signUp({ email: ADA.email, name: "Ada", password: "a long secret" });
    fetched.mockImplementation(() => Promise.resolve(empty()));
    await auth.signOutEverywhere();
    const [, init] = fetched.mock.calls.at(-1) ?? [];
    expect(new Headers(init?.headers).get("Authorization")).toBe("Bearer token-1");
    expect(status()).toBe("signedOut");
  });
});
