import { ApiError } from "../api/core";
import { SessionError } from "../api/websocketAPI";
import { toasts } from "./toasts";

/** What went wrong as a sentence; anything but our own errors is a bug and told to the console too. */
export function problemOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof SessionError) return error.message;
  console.error(error);
  return "Something went wrong on this page. Reload it and try again.";
}

/** Does something and says in a toast how it went; answers whether it worked. */
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
