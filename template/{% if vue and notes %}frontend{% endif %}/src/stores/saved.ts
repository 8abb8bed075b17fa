import { defineStore } from "pinia";

import { savedSessions } from "../api/saved";
import { createPagedList, useReadable } from "../duplex";

const list = createPagedList((slice) => savedSessions.list(slice));

/** One page of the saved sessions, and what can be done with them. */
export const useSaved = defineStore("saved", () => ({
  list: useReadable(list),
  load: list.load,
  forget: list.forget,
  rename: (id: string, title: string): Promise<boolean> =>
    list.change(() => savedSessions.rename(id, title), "Session renamed."),
  remove: (id: string): Promise<boolean> =>
    list.change(() => savedSessions.remove(id), "Session deleted."),
}));
