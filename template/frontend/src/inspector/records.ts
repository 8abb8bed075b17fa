import type { WireEvent } from "../api/websocketAPI";

/** What a frame is for. `update`: somebody else's request was handled. */
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
  /** Its data was too big to be kept: `frame` has the envelope only. */
  readonly cut: boolean;
}

/** What a page sends for the connection's sake. */
const SENT_CONTROLS: readonly string[] = ["hello", "ping", "authenticate", "cancel", "leave"];
/** What a server sends for the connection's sake. */
const RECEIVED_CONTROLS: readonly string[] = [
  "initialised",
  "pong",
  "authenticate",
  "expiring",
  "draining",
  "skipped",
];

type Frame = WireEvent["frame"];

/** A frame's state, which every frame of the protocol but the first one sent has. */
export function nameOf(frame: Frame): string {
  return typeof frame["state"] === "string" ? frame["state"] : "hello";
}

export function kindOf(direction: WireEvent["direction"], frame: Frame): FrameKind {
  const name = nameOf(frame);
  if (direction === "sent") return SENT_CONTROLS.includes(name) ? "control" : "request";
  if (name === "error") return "error";
  if (name === "joined" || name === "left") return "presence";
  if (RECEIVED_CONTROLS.includes(name)) return "control";
  if (frame["from"] !== undefined && frame["id"] === undefined) return "update";
  return frame["more"] === true ? "stream part" : "reply";
}

/** The frame without its data. */
export function envelopeOf(frame: Frame): Frame {
  return Object.fromEntries(Object.entries(frame).filter(([field]) => field !== "data"));
}
