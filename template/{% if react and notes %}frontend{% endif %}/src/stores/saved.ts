import { create } from "zustand";

import { savedList, type SavedSession } from "../api/saved";
import type { PagedState } from "../duplex";

/** One page of the saved sessions. `savedList` has what can be done with them. */
export const useSaved = create<PagedState<SavedSession>>()(() => savedList.getSnapshot());

savedList.subscribe(() => {
  useSaved.setState(savedList.getSnapshot(), true);
});
