/** What a page can read and be told about; `useReadable` binds it to the framework. */
export interface Readable<T> {
  /** Calls `listener` after each change until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The current value: the same object until something changes. */
  readonly getSnapshot: () => T;
}

/** A `Readable` whose owner replaces the value. */
export interface Store<T> extends Readable<T> {
  readonly set: (next: T) => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    subscribe(listener) {
      // A wrapper of its own, so that subscribing one function twice is two subscriptions.
      const entry = (): void => {
        listener();
      };
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
      };
    },
    getSnapshot: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
  };
}
