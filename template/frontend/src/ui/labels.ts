import { type StateName, type StateOptions, STATES } from "../api/contract";
import type { SessionState } from "../session/sessionStore";
import { watchers } from "../states";
import { formatBytes, formatCount, formatLatency } from "./format";

/** The connection in words, always on the page. */
export const CONNECTION_WORDS: Readonly<Record<SessionState["status"], string>> = {
  idle: "No session",
  connecting: "Connecting",
  open: "Connected",
  recovering: "Reconnecting",
  offline: "Offline",
  ended: "Session ended",
};

/** Every state, in the order of the project's list. */
export const STATE_NAMES = Object.keys(watchers) as readonly StateName[];

/** What people read for a state; its name when this page does not know it (a newer server). */
export function stateLabel(state: string): string {
  return Object.hasOwn(watchers, state) ? watchers[state as StateName].label : state;
}

/** Whether a state saves the session and ends it for everybody. */
export function closesSession(state: StateName): boolean {
  // Not the narrow type of this project's own list: it may know that no state closes, or every one.
  const options: StateOptions = STATES[state];
  return options.closes;
}

/** The labels of the states that save the session and end it for everybody. */
export const CLOSING_LABELS: readonly string[] = STATE_NAMES.filter(closesSession).map(stateLabel);

/** What the page says while nothing is saved. */
export const SAVED_EMPTY =
  CLOSING_LABELS.length === 0
    ? "No state of this project saves its session yet."
    : `Send “${CLOSING_LABELS.join("” or “")}” in a session, and it is kept here to be opened again.`;

/** The longest title of a saved session, in characters. */
export const TITLE_LENGTH = 200;

export function savedTitle(session: { title: string }): string {
  return session.title === "" ? "Untitled session" : session.title;
}

/** Says which message was too big, and by how much; `details` as the server's refusal has them. */
export function tooBigWords(state: StateName, details: unknown): string {
  const about = typeof details === "object" && details !== null ? details : {};
  const size = "size" in about && typeof about.size === "number" ? about.size : null;
  const limit = "limit" in about && typeof about.limit === "number" ? about.limit : null;
  const has = size === null ? "" : ` It has ${formatBytes(size)}.`;
  const most = limit === null ? "" : ` At most ${formatBytes(limit)} can be sent at once.`;
  return `Your message “${stateLabel(state)}” was too big and was not sent.${has}${most}`;
}

/** The line below a live session's name. */
export function sessionSummary({ status, participants, latency }: SessionState): string {
  if (status === "ended") return "Ended";
  const here = `${formatCount(participants.length, "person", "people")} here`;
  return latency === null ? here : `${here} · answers in ${formatLatency(latency)}`;
}
