// The page's watchers, right and wrong; the line of each fault ends with the error expected there.
import type { Requests } from "../api/contract";
import type { Watcher, Watchers } from "../session/watchers";
import { save } from "../states/save";

const startThings = {
  label: "Start",
  request: ({ text }) => ({ words: text }),
  response: (snapshot) => snapshot,
} satisfies Watcher<"startThings">;

const pauseThings = {
  label: "Pause",
  request: () => null,
  response: (snapshot) => snapshot,
} satisfies Watcher<"pauseThings">;

export const right = { startThings, pauseThings, save } satisfies Watchers;
export const missing = { startThings, save } satisfies Watchers; // error TS1360
export const gone = { ...right, somethingHappened: save } satisfies Watchers; // error TS2353
export type OfNothing = Watcher<"somethingHappened">; // error TS2344

export const wrongFields = {
  label: "Save",
  request: ({ text }): Requests["save"] => ({ title: text, name: text }), // error TS2353
  response: (snapshot, saved) => ({ ...snapshot, owner: saved.owner }), // error TS2339
} satisfies Watcher<"save">;
