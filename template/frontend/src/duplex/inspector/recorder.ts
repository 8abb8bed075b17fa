/** Records the frames of the page's sockets, and finds them again. */
import { CLIENT_STATES, SERVER_STATES } from "../client/protocol.generated";
import { createStore, type Readable } from "../client/stores";
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
function nameOf(frame: Frame): string {
  return typeof frame["state"] === "string" ? frame["state"] : "hello";
}

function kindOf(direction: WireEvent["direction"], frame: Frame): FrameKind {
  const name = nameOf(frame);
  if (direction === "sent") return SENT_CONTROLS.includes(name) ? "control" : "request";
  if (name === "error") return "error";
  if (["joined", "left", "presence"].includes(name)) return "presence";
  if (RECEIVED_CONTROLS.includes(name)) return "control";
  if (frame["from"] !== undefined && frame["id"] === undefined) return "update";
  return frame["more"] === true ? "stream part" : "reply";
}

/** The frame without its data. */
function envelopeOf(frame: Frame): Frame {
  return Object.fromEntries(Object.entries(frame).filter(([field]) => field !== "data"));
}

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

/** Limits of the recording; the oldest frames are dropped. Sizes in bytes on the wire. */
export interface RecorderLimits {
  readonly count: number;
  readonly bytes: number;
  /** Of a bigger frame only the envelope is kept. */
  readonly frame: number;
}

const LIMITS: RecorderLimits = { count: 1_000, bytes: 4 * 1024 * 1024, frame: 256 * 1024 };

/** How many unanswered requests are kept for measuring; the oldest is dropped. */
const REQUESTS_KEPT = 1_000;

/** The shortest time between two notifications of subscribers. Milliseconds. */
const NOTIFY_EVERY = 100;

/** The recording; a new object after each change. */
export interface Recording {
  /** The newest last. */
  readonly records: readonly FrameRecord[];
  /** The session's first hello with its `initialised`, also when `records` no longer has them. */
  readonly opening: readonly FrameRecord[];
  /** How many of the session's frames after its opening were dropped. */
  readonly omitted: number;
}

export interface Recorder extends Readable<Recording> {
  add(event: WireEvent): void;
  /** The recording up to now; `getSnapshot` may be a moment behind. */
  read(): Recording;
  /** Removes the frames; the session's opening is kept for an export. */
  clear(): void;
}

export function createRecorder(limits: Partial<RecorderLimits> = {}): Recorder {
  const most = { ...LIMITS, ...limits };
  const store = createStore<Recording>({ records: [], opening: [], omitted: 0 });
  const kept: FrameRecord[] = [];
  let opening: FrameRecord[] = [];
  let omitted = 0;
  let bytes = 0;
  let lastId = 0;
  let changed = false;
  let listeners = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When each request went out, by its id; `ping` has none. */
  const asked = new Map<string, number>();

  function latencyOf(event: WireEvent, time: number): number | null {
    const name = nameOf(event.frame);
    const isPing = name === "ping" || name === "pong";
    const id = isPing ? name.replace("pong", "ping") : event.frame["id"];
    if (typeof id !== "string" || name === "cancel") return null;
    if (event.direction === "sent") {
      // Sent again after a lost connection: the waiting began with the first time.
      if (isPing || !asked.has(id)) asked.set(id, time);
      if (asked.size > REQUESTS_KEPT) asked.delete(asked.keys().next().value ?? "");
      return null;
    }
    const since = asked.get(id);
    if (event.frame["more"] !== true) asked.delete(id);
    return since === undefined ? null : Math.max(0, time - since);
  }

  function recordOf(event: WireEvent): FrameRecord {
    const time = Date.now();
    const { direction, frame, size } = event;
    const cut = size > most.frame;
    lastId += 1;
    return {
      id: lastId,
      time,
      direction,
      kind: kindOf(direction, frame),
      name: nameOf(frame),
      frame: cut ? envelopeOf(frame) : frame,
      size,
      seq: typeof frame["seq"] === "number" ? frame["seq"] : null,
      latency: latencyOf(event, time),
      cut,
    };
  }

  /** The bytes that a record counts for; a cut one is small. */
  const weight = ({ cut, size }: FrameRecord): number => (cut ? 0 : size);

  function forgetOldest(): void {
    const oldest = kept.shift();
    if (oldest === undefined) return;
    bytes -= weight(oldest);
    if (oldest.id > (opening.at(-1)?.id ?? 0)) omitted += 1;
  }

  // Without subscribers a frame costs no more than its record.
  function change(): void {
    changed = true;
    if (listeners > 0) timer ??= setTimeout(notify, NOTIFY_EVERY);
  }

  function notify(): void {
    timer = undefined;
    read();
  }

  function read(): Recording {
    if (changed) {
      changed = false;
      store.set({ records: [...kept], opening, omitted });
    }
    return store.getSnapshot();
  }

  return {
    read,
    subscribe(listener) {
      read();
      listeners += 1;
      const unsubscribe = store.subscribe(listener);
      return () => {
        listeners -= 1;
        unsubscribe();
      };
    },
    // Without subscribers nothing updates the store, so reading does.
    getSnapshot: () => (listeners === 0 ? read() : store.getSnapshot()),
    add(event) {
      const record = recordOf(event);
      // A hello that resumes continues the session, unless the recording began after the session.
      const resumes = record.frame["resume"] !== undefined && opening.length > 0;
      if (record.name === "hello" && !resumes) {
        opening = [record];
        omitted = 0;
        asked.clear();
      } else if (record.name === "initialised" && opening.length === 1) {
        opening = [...opening, record];
      }
      kept.push(record);
      bytes += weight(record);
      while (kept.length > most.count || bytes > most.bytes) forgetOldest();
      change();
    },
    clear() {
      while (kept.length > 0) forgetOldest();
      change();
      notify();
    },
  };
}
