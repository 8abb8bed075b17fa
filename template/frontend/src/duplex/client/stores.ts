/** Values that change: listeners, stores, and what this device remembers. */

/** A function that receives every value. */
export type Listener<T> = (value: T) => void;

/**
 * A set of listeners. The same function added twice is called once, a removed one is never called
 * again, and one that throws stops neither the others nor the socket: its error is reported as uncaught.
 */
export class Listeners<T> {
  readonly #listeners = new Set<Listener<T>>();

  /** Adds a listener and returns the function that removes it. */
  addListener(listener: Listener<T>): () => void {
    this.#listeners.add(listener);
    return () => {
      this.removeListener(listener);
    };
  }

  removeListener(listener: Listener<T>): void {
    this.#listeners.delete(listener);
  }

  /** Whether there are listeners, so that a value is needed. */
  get observed(): boolean {
    return this.#listeners.size > 0;
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) {
      // One listener may have removed another while this value is going round.
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(value);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

/** A value that changes, and can be subscribed to; `useReadable` binds it to the framework. */
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
  const listeners = new Listeners<undefined>();
  return {
    // A wrapper of its own, so that subscribing one function twice is two subscriptions.
    subscribe: (listener) =>
      listeners.addListener(() => {
        listener();
      }),
    getSnapshot: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      listeners.emit(undefined);
    },
  };
}

/** Emits when a user signs out: lists that were shown to them must not be shown to the next user. */
export const forgetting = new Listeners<undefined>();

/** localStorage that may be switched off or full: then nothing is remembered and nothing breaks. */
export const storage = {
  read(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },

  /** Remembers `value`, or forgets the key when it is null. */
  write(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // The page works without; only the next visit starts with the defaults.
    }
  },
};
