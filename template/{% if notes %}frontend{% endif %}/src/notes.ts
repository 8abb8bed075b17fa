/** YOURS: the example's document (a list of notes, as in `backend/app/document.py`) and the texts of its home page. */
import { closesSession, type Document, type IconName, stateLabel, stateNames } from "./duplex";

export type Entry = Document["entries"][number];

/** The form of the session page, from which a watcher builds its request. */
export interface NoteForm {
  text: string;
}

/** The same limit as on the server. */
const ENTRIES_KEPT = 50;

/** The document with one more entry; the oldest one is dropped when there are too many. */
export function addEntry(document: Document, entry: Entry): Document {
  return { ...document, entries: [...document.entries, entry].slice(-ENTRIES_KEPT) };
}

/**
 * The labels of the states that end the session for everybody. Those of the example save it first, as the
 * texts say that use this list: leave out a state of yours that does not.
 */
export const closingLabels = (): readonly string[] =>
  stateNames().filter(closesSession).map(stateLabel);

export interface Step {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
}

/** The three cards of the home page. */
export function steps(): readonly Step[] {
  const closing = closingLabels()[0];
  return [
    {
      icon: "duplex",
      title: "Open a session",
      text: "Enter your name and start. Name the session to find it again, or leave it private.",
    },
    {
      icon: "users",
      title: "Invite others",
      text: "Send the invite link. Everybody in the session sees each update at once, in the same order.",
    },
    closing === undefined
      ? {
          icon: "link",
          title: "Come back",
          text: "Lost the connection? The page reconnects by itself and shows what you missed.",
        }
      : {
          icon: "saved",
          title: "Keep the result",
          text: `“${closing}” ends the session for everybody and keeps it under Saved, where you can open it again.`,
        },
  ];
}

export interface PreviewLine {
  readonly own: boolean;
  readonly label: string;
  readonly text: string;
}

/** A short conversation with this project's own states. */
export function preview(): readonly PreviewLine[] {
  const names = stateNames();
  const label = (index: number): string => stateLabel(names[index % names.length] ?? "");
  return [
    { own: true, label: label(0), text: "Good morning, shall we?" },
    { own: false, label: label(0), text: "Here, and ready" },
    { own: false, label: label(1), text: "That was quick" },
    { own: true, label: label(2), text: "See you tomorrow" },
  ];
}
