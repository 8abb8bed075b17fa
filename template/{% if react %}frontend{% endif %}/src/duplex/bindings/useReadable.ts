import { useSyncExternalStore } from "react";

import type { Readable } from "../ui/store";

/** The current value of a framework-free store; the component renders again when it changes. */
export function useReadable<T>(source: Readable<T>): T {
  return useSyncExternalStore(source.subscribe, source.getSnapshot);
}
