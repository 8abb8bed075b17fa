import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError, createApi } from "@duplex/client/rest";
import type { TokenProvider } from "@duplex/client/types";
import { setOnline } from "@duplex/testing";

const apiCore = createApi("/api/v1");

describe("the REST core", () => {
  const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();

  beforeEach(() => {
    fetched.mockReset().mockImplementation(() => Promise.resolve(Response.json({ ok: true })));
    vi.stubGlobal("fetch", fetched);
  });
  afterEach(() => {
    apiCore.setTokenProvider(null);
    vi.unstubAllGlobals();
  });

  const sent = (n = 0): Headers => new Headers(fetched.mock.calls[n]?.[1].headers);
  const problem = (status: number, body: unknown): void => {
    fetched.mockImplementationOnce(() => Promise.resolve(Response.json(body, { status })));
  };

  /** A provider that has "old" until it is asked to refresh. */
  function provider(refreshed: string | null): ReturnType<typeof vi.fn<TokenProvider>> {
    let token: string | null = "old";
    const provide = vi.fn<TokenProvider>(({ refresh }) => {
      if (refresh) token = refreshed;
      return Promise.resolve(token);
    });
    apiCore.setTokenProvider(provide);
    return provide;
  }

  it("uses the page's own server, with wss on a secure page", () => {
    expect(apiCore.url("/sessions")).toBe(`${location.origin}/api/v1/sessions`);
    vi.stubGlobal("location", { origin: "https://example.org" });
    expect(apiCore.wsurl()).toBe("wss://example.org/api/v1/socket");
    vi.stubGlobal("location", { origin: "http://127.0.0.1:8000" });
    expect(apiCore.wsurl()).toBe("ws://127.0.0.1:8000/api/v1/socket");
  });

  it("sends JSON and returns the parsed JSON", async () => {
    await expect(apiCore.request("/x", { method: "POST", body: { a: 0 } })).resolves.toEqual({
      ok: true,
    });
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: "POST", body: '{"a":0}' });
    expect(sent().get("Content-Type")).toBe("application/json");
    expect(sent().has("Authorization")).toBe(false);
  });

  it("returns undefined for an empty response", async () => {
    fetched.mockImplementationOnce(() => Promise.resolve(new Response(null, { status: 204 })));
    await expect(apiCore.request("/x", { method: "DELETE" })).resolves.toBeUndefined();
  });

  it("sends the token, refreshes it once after a 401 and tries again", async () => {
    const provide = provider("new");
    problem(401, { error: "Expired.", code: "not_signed_in" });
    await expect(apiCore.request("/x")).resolves.toEqual({ ok: true });
    expect(sent(0).get("Authorization")).toBe("Bearer old");
    expect(sent(1).get("Authorization")).toBe("Bearer new");
    expect(provide).toHaveBeenCalledWith({ refresh: true });
  });

  it("does not refresh a token that another call has just renewed", async () => {
    const provide = provider("new");
    problem(401, { error: "Expired.", code: "not_signed_in" });
    const answering = apiCore.request("/x");
    await provide({ refresh: true });
    provide.mockClear();
    await answering;
    expect(provide).not.toHaveBeenCalledWith({ refresh: true });
    expect(sent(1).get("Authorization")).toBe("Bearer new");
  });

  it("gives up after one retry, and at once when nobody is signed in", async () => {
    provider("new");
    for (let n = 0; n < 2; n += 1) problem(401, { error: "No.", code: "not_signed_in" });
    await expect(apiCore.request("/x")).rejects.toMatchObject({ status: 401 });
    expect(fetched).toHaveBeenCalledTimes(2);

    fetched.mockClear();
    provider(null);
    problem(401, { error: "No.", code: "not_signed_in" });
    await expect(apiCore.request("/x")).rejects.toMatchObject({ status: 401 });
    expect(fetched).toHaveBeenCalledOnce();
  });

  it("rejects with the server's own sentence and code", async () => {
    problem(409, { error: "This name is taken.", code: "conflict" });
    const failed = apiCore.request("/x");
    await expect(failed).rejects.toBeInstanceOf(ApiError);
    await expect(failed).rejects.toMatchObject({
      status: 409,
      code: "conflict",
      message: "This name is taken.",
    });
  });

  it("has its own sentence for a response that is not the server's", async () => {
    fetched.mockImplementationOnce(() =>
      Promise.resolve(new Response("<h1>Bad Gateway</h1>", { status: 502 })),
    );
    await expect(apiCore.request("/x")).rejects.toMatchObject({
      status: 502,
      message: "The server failed to answer. Try again in a moment.",
    });
  });

  it("distinguishes an offline page from an unreachable server", async () => {
    fetched.mockRejectedValue(new TypeError("Failed to fetch"));
    setOnline(false);
    await expect(apiCore.request("/x")).rejects.toMatchObject({
      status: 0,
      code: "offline",
      message: "You are offline. Check your connection and try again.",
    });
    setOnline(true);
    await expect(apiCore.request("/x")).rejects.toMatchObject({
      message: "The server cannot be reached. Try again in a moment.",
    });
  });
});
