// The page's watchers, right and wrong; the line of each fault ends with the error expected there.
import type { Requests, Watcher, Watchers } from "../duplex";
import type { NoteForm } from "../notes";
import { save } from "../states/save";

const startThings = {
  label: "Start",
  request: ({ text }: NoteForm) => ({ words: text }),
  response: (document) => document,
} satisfies Watcher<"startThings">;

const pauseThings = {
  label: "Pause",
  request: () => null,
  response: (document) => document,
} satisfies Watcher<"pauseThings">;

export const right = { startThings, pauseThings, save } satisfies Watchers;
export const missing = { startThings, save } satisfies Watchers; // error TS1360
export const gone = { ...right, somethingHappened: save } satisfies Watchers; // error TS2353
export type OfNothing = Watcher<"somethingHappened">; // error TS2344

export const wrongFields = {
  label: "Save",
  request: ({ text }: NoteForm): Requests["save"] => ({ title: text, name: text }), // error TS2353
  response: (document, saved) => ({ ...document, owner: saved.owner }), // error TS2339
} satisfies Watcher<"save">;
