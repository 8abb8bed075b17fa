import { createStore, currentApp, forgetting } from "../../duplex";

/** Where to go after signing in: to `next` if it is a path of this site, else to start a session. */
export function nextPath(next: unknown): string {
  const safe = typeof next === "string" && /^\/(?![/\\])/u.test(next);
  return safe ? next : currentApp().paths.start;
}

/** The shortest password of an account without a second step. The server has the last word. */
export const PASSWORD_LENGTH = 15;
export const passwordHint = (length: number): string =>
  `At least ${length} characters; a few words make a good one.`;

/** The e-mail address that was typed last: the other forms for signing in begin with it. */
export const typedAddress = createStore("");
forgetting.addListener(() => {
  typedAddress.set("");
});
