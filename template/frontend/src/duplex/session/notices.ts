import { formatCount } from "../ui/format";
import type { SessionState } from "./state";

/** A notice to the users of a live session, and what they can do about it. */
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
      : "The server restarted this session: everything that was not saved is gone. This is the current state.";
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
