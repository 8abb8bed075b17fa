import type { WireEvent } from "../api/websocketAPI";
import { createStore, type Readable } from "../ui/store";
import { envelopeOf, type FrameRecord, kindOf, nameOf } from "./records";

/** What is kept at most; the oldest frames leave. Sizes in bytes on the wire. */
export interface RecorderLimits {
  readonly count: number;
  readonly bytes: number;
  /** Of a bigger frame only the envelope is kept. */
  readonly frame: number;
}

const LIMITS: RecorderLimits = { count: 1_000, bytes: 4 * 1024 * 1024, frame: 256 * 1024 };

/** Requests whose answers are waited for; the oldest is forgotten. */
const ASKED_KEPT = 1_000;

/** Subscribers are told at most so often. Milliseconds. */
const TELL_EVERY = 100;

/** What was recorded; a new object after each change. */
export interface Recording {
  /** The newest last. */
  readonly records: readonly FrameRecord[];
  /** The session's first hello with its `initialised`, also when `records` no longer has them. */
  readonly opening: readonly FrameRecord[];
  /** How many of the session's frames after its opening are not kept any more. */
  readonly omitted: number;
}

export interface Recorder extends Readable<Recording> {
  add(event: WireEvent): void;
  /** What was recorded until now; `getSnapshot` is a moment behind. */
  read(): Recording;
  /** Forgets the frames; how the session was opened is kept for an export. */
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
      // Sent again after a lost connection: whoever waits has waited since the first time.
      if (isPing || !asked.has(id)) asked.set(id, time);
      if (asked.size > ASKED_KEPT) asked.delete(asked.keys().next().value ?? "");
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

  /** What the record takes of the room; a cut one is small. */
  const weight = ({ cut, size }: FrameRecord): number => (cut ? 0 : size);

  function forgetOldest(): void {
    const oldest = kept.shift();
    if (oldest === undefined) return;
    bytes -= weight(oldest);
    if (oldest.id > (opening.at(-1)?.id ?? 0)) omitted += 1;
  }

  // Nobody looks most of the time: then a frame costs no more than its record.
  function change(): void {
    changed = true;
    if (listeners > 0) timer ??= setTimeout(tell, TELL_EVERY);
  }

  function tell(): void {
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
    // While nobody listens nobody is told either: then asking brings it up to date.
    getSnapshot: () => (listeners === 0 ? read() : store.getSnapshot()),
    add(event) {
      const record = recordOf(event);
      // A hello that resumes goes on with the session, unless that was begun before the recording.
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
      tell();
    },
  };
}
