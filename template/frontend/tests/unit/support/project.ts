/**
 * The session of this project as the tests need it: they hold for whatever states and documents a
 * team has, so its own types are stood in for here, in one place.
 */
import { STATES, type Requests, type Snapshot, type StateName } from "../../../src/api/contract";
import type { Watcher, Watchers } from "../../../src/session/watchers";

/** Some state of this project. */
export const STATE = Object.keys(STATES)[0] as StateName;

/** A request's data. */
export function data(text: string): Requests[StateName] {
  return JSON.parse(JSON.stringify({ text })) as Requests[StateName];
}

/** A snapshot that lists texts. */
export function texts(...list: string[]): Snapshot {
  return JSON.parse(JSON.stringify({ texts: list })) as Snapshot;
}

export function textsOf(snapshot: Snapshot): string[] {
  const made: object = snapshot;
  return "texts" in made ? (made.texts as string[]) : [];
}

/** A watcher for every state: each response's text goes to the end of the list. */
export const watchers: Watchers = Object.fromEntries(
  Object.keys(STATES).map((state) => {
    const watcher: Pick<Watcher<StateName>, "label" | "request"> & {
      response(snapshot: Snapshot, data: object, from: string | null): Snapshot;
    } = {
      label: state,
      request: ({ text }) => data(text),
      response: (snapshot, reply, from) => {
        const { text } = reply as { text: string };
        return texts(...textsOf(snapshot), from === null ? text : `${from}: ${text}`);
      },
    };
    return [state, watcher];
  }),
) as unknown as Watchers;
