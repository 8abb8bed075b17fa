import { createStore, type Readable } from "../client/stores";
import { contractFingerprint, liveSession } from "../session/live";
import { formatBytes, formatLatency } from "../ui/format";
import { toasts } from "../ui/toasts";
import { createContractComposer } from "./composer";
import { conversationOf, fileName } from "./conversation";
import {
  createRecorder,
  type FrameFilter,
  type FrameRecord,
  matches,
  namesOf,
  NO_FILTER,
  type Recording,
  SHOWN,
} from "./recorder";

export type InspectorTab = "frames" | "send";

/** The state of the drawer, which is kept while it is closed. */
export interface InspectorView {
  readonly open: boolean;
  readonly tab: InspectorTab;
  readonly filter: FrameFilter;
  /** The recording that is shown while the list is paused. */
  readonly paused: Recording | null;
}

const recorder = createRecorder();
const view = createStore<InspectorView>({
  open: false,
  tab: "frames",
  filter: NO_FILTER,
  paused: null,
});

// Records while the page is open: this module is loaded only if the inspector is on.
liveSession.onWire.addListener((event) => {
  recorder.add(event);
});

export const recording: Readable<Recording> = recorder;
export const composer = createContractComposer();

function patch(changes: Partial<InspectorView>): void {
  view.set({ ...view.getSnapshot(), ...changes });
}

export interface Inspector extends Readable<InspectorView> {
  readonly show: (open: boolean) => void;
  readonly choose: (tab: InspectorTab) => void;
  readonly filter: (changes: Partial<FrameFilter>) => void;
  /** Pauses the list; recording continues. */
  readonly pause: (on: boolean) => void;
  readonly clear: () => void;
  /** Saves the session's conversation as a file. */
  readonly exportConversation: () => void;
}

export const inspector: Inspector = {
  subscribe: view.subscribe,
  getSnapshot: view.getSnapshot,

  show(open) {
    patch({ open });
  },
  choose(tab) {
    patch({ tab });
  },
  filter(changes) {
    patch({ filter: { ...view.getSnapshot().filter, ...changes } });
  },
  pause(on) {
    patch({ paused: on ? recorder.read() : null });
  },
  clear() {
    recorder.clear();
    if (view.getSnapshot().paused !== null) patch({ paused: recorder.read() });
  },
  exportConversation() {
    const conversation = conversationOf(recorder.read(), contractFingerprint());
    if (conversation === null) {
      toasts.show("error", "There is no conversation yet: start a session first.");
      return;
    }
    const text = JSON.stringify(conversation, null, 2);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = fileName(conversation);
    link.click();
    URL.revokeObjectURL(link.href);
  },
};

/** The part of a recording that the drawer lists. */
export interface FrameList {
  /** The newest first, at most `SHOWN`. */
  readonly shown: readonly FrameRecord[];
  /** How many match the filter. */
  readonly found: number;
  readonly all: number;
  /** The states that can be filtered for. */
  readonly names: readonly string[];
  /** How many were recorded since the list was paused. */
  readonly waiting: number;
}

export function listOf({ filter, paused }: InspectorView, now: Recording): FrameList {
  const { records } = paused ?? now;
  const found = records.filter((record) => matches(record, filter));
  const lastSeen = paused?.records.at(-1)?.id ?? 0;
  return {
    shown: found.slice(-SHOWN).reverse(),
    found: found.length,
    all: records.length,
    names: namesOf(records),
    waiting: paused === null ? 0 : now.records.filter(({ id }) => id > lastSeen).length,
  };
}

/** The longest JSON that is shown of one frame, in characters. */
const JSON_SHOWN = 20_000;

/** A frame as indented JSON. */
export function frameText({ frame }: FrameRecord): string {
  const text = JSON.stringify(frame, null, 2);
  return text.length <= JSON_SHOWN ? text : `${text.slice(0, JSON_SHOWN)}\n… (too long to show)`;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

/** Its time, size, number in the session and response time. */
export function frameFacts({ time, size, seq, latency, cut }: FrameRecord): string {
  return [
    clock.format(time),
    formatBytes(size),
    ...(seq === null ? [] : [`seq ${seq}`]),
    ...(latency === null ? [] : [formatLatency(latency)]),
    ...(cut ? ["too big: its data was not kept"] : []),
  ].join(" · ");
}
