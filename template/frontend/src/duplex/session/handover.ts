/** Keeps this page's place in a session while the page reloads. */
import type { Resume, RunningStream } from "../client/types";
import type { Streaming } from "./state";

/** In this tab's own storage, from the reload to the start of the next page. */
const KEY = "session-place";

interface Place extends Resume {
  session: string;
  /** This page's own streams, which the reloaded page continues to read. */
  streams: readonly RunningStream[];
  /** All streams that run in the session. */
  streaming: readonly Streaming[];
}

/** Stores the place for the next page. Without storage, that page joins as a new participant. */
export function leavePlace(place: Place): void {
  for (const streams of [place.streams, []]) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...place, streams }));
      return;
    } catch {
      // Switched off, or full: then without the streams.
    }
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
  const place = value as Readonly<Record<string, unknown>>;
  return (
    ["session", "token", "epoch"].every((name) => typeof place[name] === "string") &&
    typeof place["seq"] === "number" &&
    Array.isArray(place["streams"]) &&
    Array.isArray(place["streaming"])
  );
}
