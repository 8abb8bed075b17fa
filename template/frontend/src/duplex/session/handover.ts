/** Keeps this page's place in a session while the page reloads. */
import type { Resume } from "../client/types";

/** In this tab's own storage, from the reload to the start of the next page. */
const KEY = "session-place";

interface Place extends Resume {
  session: string;
}

/** Stores the place for the next page. Without storage, that page joins as a new participant. */
export function leavePlace(session: string, resume: Resume): void {
  const place: Place = { ...resume, session };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // Switched off or full.
  }
}

/** Reads and removes the place that the previous page stored: it is a secret, and valid once. */
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
