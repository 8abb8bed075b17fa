import { CLIENT_STATES, SERVER_STATES } from "../client/protocol.generated";
import type { WireEvent } from "../client/types";

/** The purpose of a frame. `update`: the reply to another participant's request. */
export type FrameKind =
  "request" | "reply" | "stream part" | "update" | "presence" | "error" | "control";

/** One frame that went over the wire. */
export interface FrameRecord {
  /** Counts up. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly direction: WireEvent["direction"];
  readonly kind: FrameKind;
  /** Its state; `hello` for the first frame of a connection. */
  readonly name: string;
  readonly frame: WireEvent["frame"];
  /** Bytes on the wire. */
  readonly size: number;
  /** Its place in the session's one order of messages. */
  readonly seq: number | null;
  /** Milliseconds since the request that it answers. */
  readonly latency: number | null;
  /** Its data was too big to be kept: `frame` holds the envelope only. */
  readonly cut: boolean;
}

const SENT_CONTROLS: readonly string[] = ["hello", ...CLIENT_STATES];
/** The server confirms some of the client's controls under the same name. */
const RECEIVED_CONTROLS: readonly string[] = [...SERVER_STATES, ...CLIENT_STATES];

type Frame = WireEvent["frame"];

/** A frame's state; only the hello has none. */
export function nameOf(frame: Frame): string {
  return typeof frame["state"] === "string" ? frame["state"] : "hello";
}

export function kindOf(direction: WireEvent["direction"], frame: Frame): FrameKind {
  const name = nameOf(frame);
  if (direction === "sent") return SENT_CONTROLS.includes(name) ? "control" : "request";
  if (name === "error") return "error";
  if (["joined", "left", "presence"].includes(name)) return "presence";
  if (RECEIVED_CONTROLS.includes(name)) return "control";
  if (frame["from"] !== undefined && frame["id"] === undefined) return "update";
  return frame["more"] === true ? "stream part" : "reply";
}

/** The frame without its data. */
export function envelopeOf(frame: Frame): Frame {
  return Object.fromEntries(Object.entries(frame).filter(([field]) => field !== "data"));
}
