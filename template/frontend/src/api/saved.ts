/** The saved sessions: `/api/v1/sessions`. Opening one again is a session hello with its id. */
import { apiCore } from "./core";
import type { components } from "./rest";
import { type Part, type Slice, sliceQuery } from "./slices";

type Schemas = components["schemas"];
export type SavedSession = Schemas["SavedItem"];

const path = (id = ""): string => `/sessions${id === "" ? "" : `/${encodeURIComponent(id)}`}`;

export const savedSessions = {
  /** The last saved first. */
  async list(slice: Slice): Promise<Part<SavedSession>> {
    const answer = await apiCore.request<Schemas["SavedPage"]>(path() + sliceQuery(slice));
    return { items: answer.sessions, total: answer.total };
  },

  rename: (id: string, title: string): Promise<SavedSession> =>
    apiCore.request(path(id), { method: "PATCH", body: { title } }),

  /** A session that is open right now goes on. */
  remove: (id: string): Promise<void> => apiCore.request(path(id), { method: "DELETE" }),
};
