import { savedSessions } from "../api/saved";
import { createPagedList } from "./paging";

const list = createPagedList((slice) => savedSessions.list(slice));

/** The saved sessions on the page, and what can be done with one. */
export const savedList = {
  ...list,

  rename: (id: string, title: string): Promise<boolean> =>
    list.change(() => savedSessions.rename(id, title), "Session renamed."),

  remove: (id: string): Promise<boolean> =>
    list.change(() => savedSessions.remove(id), "Session deleted."),
};
