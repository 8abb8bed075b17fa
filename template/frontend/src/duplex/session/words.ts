import { formatBytes, formatCount, formatLatency } from "../ui/format";
import type { SessionState } from "./state";

/** The connection's status in words. */
export const CONNECTION_WORDS: Readonly<Record<SessionState["status"], string>> = {
  idle: "No session",
  connecting: "Connecting",
  open: "Connected",
  recovering: "Reconnecting",
  offline: "Offline",
  ended: "Session ended",
};

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

/** Which message was too big, its size and the limit; `details` are those of the server's error. */
export function tooBigWords(label: string, details: unknown): string {
  const about = typeof details === "object" && details !== null ? details : {};
  const size = "size" in about && typeof about.size === "number" ? about.size : null;
  const limit = "limit" in about && typeof about.limit === "number" ? about.limit : null;
  const has = size === null ? "" : ` It has ${formatBytes(size)}.`;
  const most = limit === null ? "" : ` The limit is ${formatBytes(limit)}.`;
  return `Your message “${label}” was too big and was not sent.${has}${most}`;
}
