import { defineStore } from "pinia";
import { shallowRef } from "vue";

import { savedSessions, type SavedSession } from "../api/saved";
import { attempt, problemOf } from "../ui/problem";

/** The saved sessions, as they were when last asked for. */
export const useSaved = defineStore("saved", () => {
  /** Null until the first answer. */
  const sessions = shallowRef<readonly SavedSession[] | null>(null);
  /** Why there is no list, as a sentence. */
  const problem = shallowRef<string | null>(null);

  async function load(): Promise<void> {
    problem.value = null;
    try {
      sessions.value = await savedSessions.list();
    } catch (error) {
      sessions.value = null;
      problem.value = problemOf(error);
    }
  }

  /** Does it and asks for the list again; answers whether it worked. */
  async function change(action: () => Promise<unknown>, done: string): Promise<boolean> {
    const worked = await attempt(action, done);
    if (worked) await load();
    return worked;
  }

  return {
    sessions,
    problem,
    load,
    rename: (id: string, title: string) =>
      change(() => savedSessions.rename(id, title), "Session renamed."),
    remove: (id: string) => change(() => savedSessions.remove(id), "Session deleted."),
  };
});
