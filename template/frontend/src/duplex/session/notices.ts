/** The session in words: its summary, the notices to its users, and the next step after its end. */
import { CLOSE } from "../client/protocol.generated";
import type { IconName } from "../ui/appearance";
import { formatBytes, formatCount, formatLatency } from "../ui/format";
import { CONNECTION_WORDS, type SessionState } from "./state";

/** The connection's details as pairs of a term and its text; `server` is the socket's address. */
export function connectionDetails(
  state: SessionState,
  server: string,
): readonly { term: string; text: string }[] {
  const { latency, reason, session } = state;
  const words = CONNECTION_WORDS[state.status];
  return [
    { term: "Status", text: reason === null ? words : `${words}: ${reason}` },
    { term: "Session", text: session ?? "None" },
    { term: "Server", text: server },
    { term: "Response time", text: latency === null ? "Not measured yet" : formatLatency(latency) },
  ];
}

/** How many participants there are, and how fast the server responds. */
export function sessionSummary({ status, total, latency }: SessionState): string {
  if (status === "ended") return "Ended";
  const here = `${formatCount(total, "person", "people")} here`;
  return latency === null ? here : `${here} · responds in ${formatLatency(latency)}`;
}

/** A notice to the users of a live session, and the action that it offers. */
export interface Notice {
  readonly kind: "connection" | "loss" | "contract";
  readonly text: string;
  readonly action: "reload" | "dismiss" | null;
}

type Known = Pick<
  SessionState,
  "status" | "reason" | "draining" | "loss" | "contractChanged" | "pending"
>;

/** All notices, the most urgent first. */
export function notices(state: Known): readonly Notice[] {
  return [connection(state), loss(state), contract(state)].filter((notice) => notice !== null);
}

function connection({ status, reason, draining }: Known): Notice | null {
  const away = status === "recovering" || status === "offline";
  if (!away && !draining) return null;
  const why = draining ? "The server is being updated; reconnecting…" : reason;
  const text = away
    ? `${why ?? "The connection was lost."} What you send now is delivered when the connection is back.`
    : "The server is being updated. The page reconnects by itself.";
  return { kind: "connection", text, action: null };
}

function loss(state: Known): Notice | null {
  if (state.loss === null) return null;
  const text =
    state.loss === "messages"
      ? "Some messages were missed while you were away; this is the current state."
      : "The server restarted this session: unsaved changes are lost. This is the current state.";
  return { kind: "loss", text, action: "dismiss" };
}

function contract({ contractChanged, pending }: Known): Notice | null {
  if (!contractChanged) return null;
  const waiting = formatCount(
    pending,
    "message without an answer is",
    "messages without an answer are",
  );
  const cost = pending === 0 ? "you stay in the session." : `${waiting} given up.`;
  const text = `This page is older than the server, so some things may not work. When you reload it, ${cost}`;
  return { kind: "contract", text, action: "reload" };
}

/**
 * The next step after the end of a session: `start` another one, `join` this one again, go `home`,
 * `reload` the page, or `signIn` and return.
 */
export type NextStep = "start" | "join" | "home" | "reload" | "signIn";

export interface Ending {
  readonly icon: IconName;
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

/** Which message was too big, its size and the limit; `details` are those of the server's error. */
export function tooBigWords(label: string, details: unknown): string {
  const about = typeof details === "object" && details !== null ? details : {};
  const size = "size" in about && typeof about.size === "number" ? about.size : null;
  const limit = "limit" in about && typeof about.limit === "number" ? about.limit : null;
  const has = size === null ? "" : ` It has ${formatBytes(size)}.`;
  const most = limit === null ? "" : ` The limit is ${formatBytes(limit)}.`;
  return `Your message “${label}” was too big and was not sent.${has}${most}`;
}
