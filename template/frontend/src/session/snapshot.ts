/** YOURS: the document that everybody in a session shares; the mirror of `backend/app/document.py`. */
import type { Snapshot } from "../api/contract";

/** As many as the server keeps (`ENTRIES_KEPT`). */
const ENTRIES_KEPT = 50;

/** What the page shows before the server has said anything. */
export const EMPTY: Snapshot = { entries: [] };

/** The snapshot with one more entry; the oldest one leaves when there are too many. */
export function addEntry(snapshot: Snapshot, entry: Snapshot["entries"][number]): Snapshot {
  return { ...snapshot, entries: [...snapshot.entries, entry].slice(-ENTRIES_KEPT) };
}
