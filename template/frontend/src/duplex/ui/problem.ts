import { ApiError } from "../client/rest";
import { SessionError } from "../client/types";
import { toasts } from "./toasts";

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
