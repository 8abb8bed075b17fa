import { defineStore } from "pinia";

import { useReadable } from "../composables/useReadable";
import { savedList } from "../ui/savedList";

/** The saved sessions, as they were when last asked for, and what one does with them. */
export const useSaved = defineStore("saved", () => ({
  list: useReadable(savedList),
  load: savedList.load,
  rename: savedList.rename,
  remove: savedList.remove,
}));
