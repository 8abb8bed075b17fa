import { ApiError } from "../client/rest";
import { createStore, type Readable } from "../client/stores";
import { SessionError } from "../client/types";

export type ToastKind = "error" | "success";

export interface Toast {
  id: number;
  kind: ToastKind;
  text: string;
}

export interface Toasts extends Readable<readonly Toast[]> {
  /** Shows a sentence; a sentence is never shown twice at the same time. */
  show(kind: ToastKind, text: string): void;
  dismiss(id: number): void;
  /** Removes all errors, for example when the user tries again. */
  dismissErrors(): void;
}

/** How long a toast stays, in ms: an error long enough to be read twice. */
export const TOAST_TIME: Readonly<Record<ToastKind, number>> = { error: 10_000, success: 4_000 };
const AT_MOST = 4;

function createToasts(): Toasts {
  const store = createStore<readonly Toast[]>([]);
  let lastId = 0;

  const dismiss = (id: number): void => {
    store.set(store.getSnapshot().filter((toast) => toast.id !== id));
  };

  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    dismiss,
    dismissErrors() {
      store.set(store.getSnapshot().filter(({ kind }) => kind !== "error"));
    },
    show(kind, text) {
      lastId += 1;
      const id = lastId;
      const others = store.getSnapshot().filter((toast) => toast.text !== text);
      store.set([...others, { id, kind, text }].slice(-AT_MOST));
      setTimeout(() => {
        dismiss(id);
      }, TOAST_TIME[kind]);
    },
  };
}

/** The page's toasts. */
export const toasts = createToasts();

/** An error as a sentence for the user. An unexpected error is a bug, so it also goes to the console. */
export function problemOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof SessionError) return error.message;
  console.error(error);
  return "Something went wrong on this page. Reload it and try again.";
}

/** Runs an action and reports its outcome in a toast. Resolves to whether it succeeded. */
export async function attempt(action: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await action();
  } catch (error) {
    toasts.show("error", problemOf(error));
    return false;
  }
  if (done !== undefined) toasts.show("success", done);
  return true;
}

/** Copies a text and reports the outcome in a toast. `otherwise`: a sentence for browsers that refuse. */
export async function copyText(text: string, done: string, otherwise: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.show("success", done);
  } catch {
    // Browsers refuse without https, or when the user does not allow it.
    toasts.show("error", `The browser did not allow copying. ${otherwise}`);
  }
}
