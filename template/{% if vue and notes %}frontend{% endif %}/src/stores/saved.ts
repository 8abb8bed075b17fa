import { defineStore } from "pinia";

import { savedList } from "../api/saved";
import { useReadable } from "../duplex";

/** One page of the saved sessions, and what can be done with them. */
export const useSaved = defineStore("saved", () => {
  const { load, forget, rename, remove } = savedList;
  return { list: useReadable(savedList), load, forget, rename, remove };
});
