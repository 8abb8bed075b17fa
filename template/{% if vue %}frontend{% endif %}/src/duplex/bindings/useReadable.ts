import { onScopeDispose, type ShallowRef, shallowRef } from "vue";

import type { Readable } from "../ui/store";

/** A framework-free store as a ref; the listener leaves with the component. */
export function useReadable<T>(source: Readable<T>): Readonly<ShallowRef<T>> {
  const value = shallowRef(source.getSnapshot());
  onScopeDispose(
    source.subscribe(() => {
      value.value = source.getSnapshot();
    }),
  );
  return value;
}
