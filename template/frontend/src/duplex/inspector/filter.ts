import type { FrameRecord } from "./records";

export interface FrameFilter {
  /** Found anywhere in the frame, ignoring case; "" finds all. */
  readonly text: string;
  readonly direction: FrameRecord["direction"] | "all";
  /** A state, or "" for all. */
  readonly name: string;
}

export const NO_FILTER: FrameFilter = { text: "", direction: "all", name: "" };

/** The most frames that are shown at once. */
export const SHOWN = 200;

// Made for a search only, and collected together with its frame.
const texts = new WeakMap<FrameRecord, string>();

function textOf(record: FrameRecord): string {
  let text = texts.get(record);
  if (text === undefined) {
    text = `${record.kind} ${JSON.stringify(record.frame)}`.toLowerCase();
    texts.set(record, text);
  }
  return text;
}

export function matches(record: FrameRecord, { text, direction, name }: FrameFilter): boolean {
  return (
    (direction === "all" || record.direction === direction) &&
    (name === "" || record.name === name) &&
    (text.trim() === "" || textOf(record).includes(text.trim().toLowerCase()))
  );
}

/** The states of these frames, in alphabetical order. */
export function namesOf(records: readonly FrameRecord[]): string[] {
  return [...new Set(records.map(({ name }) => name))].sort();
}
