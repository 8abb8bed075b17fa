import { storage } from "../ui/storage";
import { createStore, type Readable } from "../ui/store";

const KEY = "inspector";

/** Whether the page has an inspector; this much of it is in the page's first script. */
export interface InspectorSwitch extends Readable<boolean> {
  /** Remembered on this device. */
  turn(on: boolean): void;
}

/** What `?inspect` (or `?inspect=off`) in an address wishes; null when it says nothing. */
export function wishOf(search: string): boolean | null {
  const wish = new URLSearchParams(search).get("inspect");
  return wish === null ? null : wish !== "off";
}

/** On in development, off in a built page, until somebody says otherwise. */
export function createInspectorSwitch(search: string, development: boolean): InspectorSwitch {
  const wish = wishOf(search);
  if (wish !== null) storage.write(KEY, wish ? "on" : "off");
  const stored = storage.read(KEY);
  const store = createStore(wish ?? (stored === null ? development : stored === "on"));
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    turn(on) {
      storage.write(KEY, on ? "on" : "off");
      store.set(on);
    },
  };
}

export const inspectorSwitch = createInspectorSwitch(location.search, import.meta.env.DEV);

/**
 * Loads the recorder before the page's first socket, where the inspector is on. The page does not
 * depend on it: without it (no connection, an old deployment) there is only no inspector.
 */
export async function prepareInspector(): Promise<void> {
  if (inspectorSwitch.getSnapshot()) await import("./inspector").catch(() => undefined);
}
