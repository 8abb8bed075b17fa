import { createStore, type Readable, storage } from "../client/stores";

const KEY = "inspector";

/** Whether the page has an inspector. Only this module is part of the first script. */
export interface InspectorSwitch extends Readable<boolean> {
  /** Remembered on this device. */
  turn(on: boolean): void;
}

/** The value of `?inspect` (or `?inspect=off`) in an address; null without it. */
function requestedBy(search: string): boolean | null {
  const requested = new URLSearchParams(search).get("inspect");
  return requested === null ? null : requested !== "off";
}

/** On in development and off in a built page, until the user switches it. */
export function createInspectorSwitch(search: string, development: boolean): InspectorSwitch {
  const requested = requestedBy(search);
  if (requested !== null) storage.write(KEY, requested ? "on" : "off");
  const stored = storage.read(KEY);
  const store = createStore(requested ?? (stored === null ? development : stored === "on"));
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
 * Loads the recorder before the first socket, if the inspector is on. The page does not depend on
 * it: if the module cannot be loaded, only the inspector is missing.
 */
export async function prepareInspector(): Promise<void> {
  if (inspectorSwitch.getSnapshot()) await import("./inspector").catch(() => undefined);
}
