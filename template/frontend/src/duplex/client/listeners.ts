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
