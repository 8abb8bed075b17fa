import { NAME_LENGTH } from "../client/protocol.generated";
import { storage } from "../ui/storage";
import { createStore, type Readable } from "../ui/store";

const KEY = "name";
/** The `pattern` of a field that must hold more than spaces. */
export const NOT_BLANK = ".*\\S.*";

export interface DisplayName extends Readable<string> {
  /** Stores the name on this device; an empty one removes it. */
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

/** The name that others in a session see; empty until the user has entered one. */
export const displayName = createDisplayName();
