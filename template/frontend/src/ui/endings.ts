import type { SessionState } from "../session/sessionStore";
import type { IconName } from "./icons";

/**
 * What the page offers next: `start` another session, `join` this one again, go `home`, `reload`
 * the page, or `signIn` and come back.
 */
export type WayOn = "start" | "join" | "home" | "reload" | "signIn";

export interface Ending {
  readonly icon: IconName;
  readonly wayOn: WayOn;
}

const ENDINGS: Readonly<Record<number, Ending>> = {
  1000: { icon: "check", wayOn: "start" },
  1009: { icon: "alert", wayOn: "join" },
  4400: { icon: "reload", wayOn: "reload" },
  4401: { icon: "lock", wayOn: "signIn" },
  4403: { icon: "lock", wayOn: "home" },
  4408: { icon: "clock", wayOn: "join" },
  4409: { icon: "reload", wayOn: "reload" },
  4410: { icon: "duplex", wayOn: "join" },
  4429: { icon: "alert", wayOn: "join" },
};

const OTHER: Ending = { icon: "alert", wayOn: "join" };

/** Why a session ended, as a picture, and the way on from there: for one code always the same object. */
export function ending({ code }: Pick<SessionState, "code">): Ending {
  return ENDINGS[code ?? 1000] ?? OTHER;
}

/** What the buttons say. */
export const WAY_ON_LABELS: Readonly<Record<WayOn, string>> = {
  start: "Start a new session",
  join: "Join again",
  home: "Go to the home page",
  reload: "Reload",
  signIn: "Sign in",
};
