import { apiCore } from "../api/core";
import type { SessionState } from "../session/sessionStore";
import { formatLatency } from "./format";
import { CONNECTION_WORDS } from "./labels";
import type { ThemeChoice } from "./theme";

export const THEME_CHOICES: readonly { value: ThemeChoice; label: string }[] = [
  { value: "system", label: "Like the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** The connection's details as pairs of a term and its text. */
export function connectionDetails(state: SessionState): readonly { term: string; text: string }[] {
  const { latency, reason, session } = state;
  const words = CONNECTION_WORDS[state.status];
  return [
    { term: "Status", text: reason === null ? words : `${words}: ${reason}` },
    { term: "Session", text: session ?? "None" },
    { term: "Server", text: apiCore.wsurl() },
    { term: "Answers in", text: latency === null ? "Not measured yet" : formatLatency(latency) },
  ];
}
