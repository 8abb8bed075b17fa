/**
 * Some changes need a recent sign-in. The page asks the user to sign in once more, and then repeats
 * the request.
 */
import { ApiError } from "../client/rest";
import { createStore } from "../client/stores";

const waiting = createStore<((confirmed: boolean) => void) | null>(null);

/** The question whether it is still the same user. Its state: not null while the page has to ask. */
export const confirmation = {
  subscribe: waiting.subscribe,
  getSnapshot: waiting.getSnapshot,

  answer(confirmed: boolean): void {
    const resolve = waiting.getSnapshot();
    waiting.set(null);
    resolve?.(confirmed);
  },
};

const ask = (): Promise<boolean> =>
  new Promise((resolve) => {
    confirmation.answer(false);
    waiting.set(resolve);
  });

/** Sends a request that needs a recent sign-in; asks for one where the server wants it. */
export async function confirmed<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "not_fresh") throw error;
  }
  if (await ask()) return request();
  throw new ApiError(403, "not_fresh", "Nothing was changed, because you did not confirm it.");
}
