/** The saved sessions: `/api/v1/sessions`. Opening one again is a session hello with its id. */
import { apiCore } from "./core";
import type { components } from "./rest";

export type SavedSession = components["schemas"]["SavedItem"];

const path = (id = ""): string => `/sessions${id === "" ? "" : `/${encodeURIComponent(id)}`}`;

export const savedSessions = {
  /** The last saved first. */
  list: (): Promise<SavedSession[]> => apiCore.request(path()),

  rename: (id: string, title: string): Promise<SavedSession> =>
    apiCore.request(path(id), { method: "PATCH", body: { title } }),

  /** A session that is open right now goes on. */
  remove: (id: string): Promise<void> => apiCore.request(path(id), { method: "DELETE" }),
};
