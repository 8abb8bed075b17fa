import { create } from "zustand";

import { savedSessions, type SavedSession } from "../api/saved";
import { attempt, problemOf } from "../ui/problem";

interface Saved {
  /** Null until the first answer. */
  readonly sessions: readonly SavedSession[] | null;
  /** Why there is no list, as a sentence. */
  readonly problem: string | null;
  readonly load: () => Promise<void>;
  /** Answers whether it worked; what went wrong is said in a toast. */
  readonly rename: (id: string, title: string) => Promise<boolean>;
  /** Answers whether it worked; what went wrong is said in a toast. */
  readonly remove: (id: string) => Promise<boolean>;
}

/** The saved sessions, as they were when last asked for. */
export const useSaved = create<Saved>()((set) => {
  async function load(): Promise<void> {
    set({ problem: null });
    try {
      set({ sessions: await savedSessions.list() });
    } catch (error) {
      set({ sessions: null, problem: problemOf(error) });
    }
  }

  /** Does it and asks for the list again; answers whether it worked. */
  async function change(action: () => Promise<unknown>, done: string): Promise<boolean> {
    const worked = await attempt(action, done);
    if (worked) await load();
    return worked;
  }

  return {
    sessions: null,
    problem: null,
    load,
    rename: (id, title) => change(() => savedSessions.rename(id, title), "Session renamed."),
    remove: (id) => change(() => savedSessions.remove(id), "Session deleted."),
  };
});
