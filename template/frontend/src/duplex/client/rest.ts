/** REST calls to the page's own server: addresses, JSON over fetch, and one kind of error. */
import { pack } from "./wire";
import type { TokenProvider } from "./types";

/** A REST call that failed. `message` is a sentence for the user; `status` is 0 without an answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * `body` is sent as JSON. `token: false` sends the request without the access token. `retry: false`
 * sends it once: a 401 is an answer to `body`, such as a refused sign-in, and not to the token.
 */
export interface ApiRequest {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  body?: unknown;
  token?: boolean;
  retry?: boolean;
  signal?: AbortSignal;
}

/** The server's REST API. */
export interface Api {
  /** The address of a path of the API. */
  url(path?: string): string;
  /** The address of the server's socket. */
  wsurl(): string;
  /** Registers where access tokens come from; `null` makes every request anonymous. */
  setTokenProvider(next: TokenProvider | null): void;
  /** The current access token; null when nobody is signed in. */
  readonly token: (options?: { refresh: boolean }) => Promise<string | null>;
  /**
   * One REST call. Resolves to the parsed JSON (undefined for an empty response).
   * A 401 refreshes the access token once and tries again.
   * @throws {ApiError} with a sentence, also when the server cannot be reached
   */
  request<T>(path: string, options?: ApiRequest): Promise<T>;
}

/** The REST API below `base`, a path of the page's own server. */
export function createApi(base: string): Api {
  let provider: TokenProvider | null = null;

  const url = (path = ""): string => `${location.origin}${base}${path}`;

  const token = async (options = { refresh: false }): Promise<string | null> =>
    provider === null ? null : provider(options);

  return {
    url,
    wsurl: () => `${url().replace(/^http/, "ws")}/socket`,
    setTokenProvider(next) {
      provider = next;
    },
    token,
    async request<T>(path: string, options: ApiRequest = {}): Promise<T> {
      const address = url(path);
      const withToken = options.token !== false;
      const first = withToken ? await token() : null;
      let response = await call(address, options, first);
      const retry = withToken && options.retry !== false;
      if (response.status === 401 && retry && provider !== null) {
        // Another call may have had it renewed in the meantime.
        const current = await token();
        const second = current === first ? await token({ refresh: true }) : current;
        if (second !== null) response = await call(address, options, second);
      }
      if (!response.ok) throw await failure(response);
      const text = await response.text();
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
  };
}

async function call(
  address: string,
  options: ApiRequest,
  bearer: string | null,
): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (bearer !== null) headers.set("Authorization", `Bearer ${bearer}`);
  const init: RequestInit = { method: options.method ?? "GET", headers };
  if (options.body !== undefined) {
    headers.set("Content-Type", "application/json");
    init.body = pack(options.body);
  }
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(address, init);
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    if (options.signal?.aborted && !timedOut) throw error;
    throw new ApiError(
      0,
      "offline",
      navigator.onLine
        ? "The server cannot be reached. Try again in a moment."
        : "You are offline. Check your connection and try again.",
    );
  }
}

/** Reads the server's error format, `{error, code}`; a proxy's error page has neither. */
async function failure(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const problem = typeof body === "object" && body !== null ? body : {};
  const code = "code" in problem && typeof problem.code === "string" ? problem.code : "http";
  if ("error" in problem && typeof problem.error === "string") {
    return new ApiError(response.status, code, problem.error);
  }
  return new ApiError(
    response.status,
    code,
    response.status >= 500
      ? "The server failed to answer. Try again in a moment."
      : "The server refused this request.",
  );
}
