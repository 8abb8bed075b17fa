import { storage } from "./storage";
import { createStore, type Readable } from "./store";

const KEY = "name";
/** The longest display name, in characters. */
export const NAME_LENGTH = 60;
/** For the `pattern` of a field that must hold more than spaces. */
export const NOT_BLANK = ".*\\S.*";

export interface DisplayName extends Readable<string> {
  /** Remembers the name on this device; an empty one is forgotten. */
  set(name: string): void;
}

function createDisplayName(): DisplayName {
  const store = createStore(storage.read(KEY) ?? "");
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    set(name) {
      const tidy = name.trim().slice(0, NAME_LENGTH);
      storage.write(KEY, tidy === "" ? null : tidy);
      store.set(tidy);
    },
  };
}

/** How the others in a session see the user of this browser; empty until they say. */
export const displayName = createDisplayName();
