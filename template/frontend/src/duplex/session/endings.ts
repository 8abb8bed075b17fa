import { CLOSE } from "../client/protocol.generated";
import type { EngineIcon } from "../ui/icons";
import type { SessionState } from "./state";

/**
 * What the page offers after a session has ended: `start` another one, `join` this one again, go
 * `home`, `reload` the page, or `signIn` and come back.
 */
export type NextStep = "start" | "join" | "home" | "reload" | "signIn";

export interface Ending {
  readonly icon: EngineIcon;
  readonly next: NextStep;
}

const ENDINGS: Readonly<Record<number, Ending>> = {
  [CLOSE.ended]: { icon: "check", next: "start" },
  [CLOSE.tooBig]: { icon: "alert", next: "join" },
  [CLOSE.badHello]: { icon: "reload", next: "reload" },
  [CLOSE.notSignedIn]: { icon: "lock", next: "signIn" },
  [CLOSE.forbidden]: { icon: "lock", next: "home" },
  [CLOSE.idle]: { icon: "clock", next: "join" },
  [CLOSE.contractChanged]: { icon: "reload", next: "reload" },
  [CLOSE.replaced]: { icon: "duplex", next: "join" },
  [CLOSE.tooFast]: { icon: "alert", next: "join" },
};

const OTHER: Ending = { icon: "alert", next: "join" };

/** The icon and the next step for a session that has ended; always the same object for one code. */
export function ending({ code }: Pick<SessionState, "code">): Ending {
  return ENDINGS[code ?? CLOSE.ended] ?? OTHER;
}

/** The texts of the buttons. */
export const NEXT_STEP_LABELS: Readonly<Record<NextStep, string>> = {
  start: "Start a new session",
  join: "Join again",
  home: "Go to the home page",
  reload: "Reload",
  signIn: "Sign in",
};
