/** YOURS: the example's document, a list of notes; the mirror of `backend/app/document.py`. */
import { closesSession, type Document, stateLabel, stateNames } from "./duplex";

export type Entry = Document["entries"][number];

/** What the form of the session page hands to a watcher. */
export interface NoteForm {
  text: string;
}

/** The same limit as on the server. */
const ENTRIES_KEPT = 50;

/** The document with one more entry; the oldest one is dropped when there are too many. */
export function addEntry(document: Document, entry: Entry): Document {
  return { ...document, entries: [...document.entries, entry].slice(-ENTRIES_KEPT) };
}

/** The labels of the states that save the session and end it for everybody. */
export const closingLabels = (): readonly string[] =>
  stateNames().filter(closesSession).map(stateLabel);
