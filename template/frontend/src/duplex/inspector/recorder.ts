import type { WireEvent } from "../client/types";
import { createStore, type Readable } from "../ui/store";
import { envelopeOf, type FrameRecord, kindOf, nameOf } from "./records";

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

/** What was recorded; a new object after each change. */
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
