import { create } from "zustand";

import type { SavedSession } from "../api/saved";
import type { PagedState } from "../ui/paging";
import { savedList } from "../ui/savedList";

/** The saved sessions, as they were when last asked for. What one does with them is in `savedList`. */
export const useSaved = create<PagedState<SavedSession>>()(() => savedList.getSnapshot());

savedList.subscribe(() => {
  useSaved.setState(savedList.getSnapshot(), true);
});
