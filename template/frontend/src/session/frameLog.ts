import type { WireEvent } from "../api/websocketAPI";

/** How many of the last frames are kept. */
export const FRAMES_KEPT = 200;

/** One frame that went over the wire. `time` in milliseconds since 1970, `size` in bytes. */
export interface FrameRecord extends WireEvent {
  /** Counts up, so that a list on the page knows its rows again. */
  readonly id: number;
  readonly time: number;
}

/** The log with one more frame; the oldest one leaves when there are too many. */
export function addFrame(log: readonly FrameRecord[], event: WireEvent): readonly FrameRecord[] {
  const id = (log.at(-1)?.id ?? 0) + 1;
  return [...log, { ...event, id, time: Date.now() }].slice(-FRAMES_KEPT);
}
