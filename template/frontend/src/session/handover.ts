/** Brings one's place in a session over a reload of the page, which forgets everything else. */
import type { Resume } from "../api/websocketAPI";

/** Of this tab alone, and only from the reload to the page that it brings. */
const KEY = "session-place";

interface Place extends Resume {
  session: string;
}

/** Keeps the place for the page that comes next. Without storage that page simply joins anew. */
export function leavePlace(session: string, resume: Resume): void {
  const place: Place = { ...resume, session };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // Switched off or full.
  }
}

/** The place that the page before left, taken away: it is a secret, and good once. */
export function takePlace(): Place | null {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const place: unknown = JSON.parse(text ?? "null");
    return isPlace(place) ? place : null;
  } catch {
    return null;
  }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  const { session, token, epoch, seq } = value as Readonly<Record<string, unknown>>;
  return (
    typeof session === "string" &&
    typeof token === "string" &&
    typeof epoch === "string" &&
    typeof seq === "number"
  );
}
