/** The saved sessions: `/api/v1/sessions`. To open one again, join a session with its id. */
import { createPagedList, type Part, type Slice, sliceQuery } from "../duplex";
import { apiCore } from "./core";
import type { components } from "./generated/rest";

type Schemas = components["schemas"];
export type SavedSession = Schemas["SavedItem"];

/** The longest title, in characters, as on the server. */
export const TITLE_LENGTH = 200;

export const savedTitle = ({ title }: Pick<SavedSession, "title">): string =>
  title === "" ? "Untitled session" : title;

const path = (id = ""): string => `/sessions${id === "" ? "" : `/${encodeURIComponent(id)}`}`;

export const savedSessions = {
  /** The most recently saved first. */
  async list(slice: Slice): Promise<Part<SavedSession>> {
    const answer = await apiCore.request<Schemas["SavedPage"]>(path() + sliceQuery(slice));
    return { items: answer.sessions, total: answer.total };
  },

  rename: (id: string, title: string): Promise<SavedSession> =>
    apiCore.request(path(id), { method: "PATCH", body: { title } }),

  /** Also ends the session for everybody if it is open. */
  remove: (id: string): Promise<void> => apiCore.request(path(id), { method: "DELETE" }),
};

const list = createPagedList((slice) => savedSessions.list(slice));

/** One page of the saved sessions, and what can be done with them. */
export const savedList = {
  subscribe: list.subscribe,
  getSnapshot: list.getSnapshot,
  load: list.load,
  forget: list.forget,
  rename: (id: string, title: string): Promise<boolean> =>
    list.change(() => savedSessions.rename(id, title), "Session renamed."),
  remove: (id: string): Promise<boolean> =>
    list.change(() => savedSessions.remove(id), "Session deleted."),
};
