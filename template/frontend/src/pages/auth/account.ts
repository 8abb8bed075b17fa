import { currentApp } from "../../duplex";

/** Where to go after signing in: to `next` if it is a path of this site, else to start a session. */
export function nextPath(next: unknown): string {
  const safe = typeof next === "string" && /^\/(?![/\\])/u.test(next);
  return safe ? next : currentApp().paths.start;
}

/** The shortest password, as in the server's settings. */
export const PASSWORD_LENGTH = 10;
export const PASSWORD_HINT = `At least ${PASSWORD_LENGTH} characters; a few words make a good one.`;
