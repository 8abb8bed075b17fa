import { create } from "zustand";

import { savedSessions, type SavedSession } from "../api/saved";
import { createPagedList, type PagedState } from "../duplex";

const list = createPagedList((slice) => savedSessions.list(slice));

/** One page of the saved sessions. `savedList` has what can be done with them. */
export const useSaved = create<PagedState<SavedSession>>()(() => list.getSnapshot());

list.subscribe(() => {
  useSaved.setState(list.getSnapshot(), true);
});

export const savedList = {
  load: list.load,
  forget: list.forget,
  rename: (id: string, title: string): Promise<boolean> =>
    list.change(() => savedSessions.rename(id, title), "Session renamed."),
  remove: (id: string): Promise<boolean> =>
    list.change(() => savedSessions.remove(id), "Session deleted."),
};
