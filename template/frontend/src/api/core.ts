/** The REST API of this application's server. */
import { createApi } from "../duplex";

export const apiCore = createApi("/api/v1");

/** Sends `body` as JSON. Rejects with ApiError. */
export const post = <T>(path: string, body?: unknown): Promise<T> =>
  apiCore.request(path, { method: "POST", body });
