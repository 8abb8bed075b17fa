/** A small application for the tests: its contract, its watchers and its sockets. */
import type { StateOptions, Watcher, Watchers } from "@duplex/client/contract";
import { SessionSocket } from "@duplex/client/sessionSocket";
import type { SocketClient, SocketOptions } from "@duplex/client/types";
import type { SessionParts } from "@duplex/session/store";

interface Text {
  text: string;
}

interface Texts {
  texts: string[];
}

declare module "@duplex/client/contract" {
  interface Register {
    contract: {
      requests: { say: Text; count: Text; finish: Text; tick: null };
      responses: { say: Text; count: Text | null; finish: Text; tick: Text };
      states: typeof STATES;
      events: { bell: { by: string } };
      document: Texts;
    };
    watchers: typeof watchers;
  }
}

const usual = {
  closes: false,
  to: "everybody",
  streams: false,
  retain: "all",
  admin: false,
} as const satisfies StateOptions;

export const STATES = {
  say: usual,
  count: { ...usual, streams: true },
  finish: { ...usual, closes: true },
  tick: usual,
} as const;

/** An ordinary state; a stream; an event; and the fingerprint of the contract. */
export const STATE = "say";
export const STREAM = "count";
export const EVENT = "bell";
export const CONTRACT = "test-contract";

export const data = (text: string): Text => ({ text });

/** A document that lists texts. */
export const texts = (...list: string[]): Texts => ({ texts: list });

export const textsOf = (document: Texts | null): string[] => document?.texts ?? [];

/** The document with a response's text at its end, after the name of the participant it is from. */
function add(document: Texts, { text }: Text, from: string | null): Texts {
  return texts(...document.texts, from === null ? text : `${from}: ${text}`);
}

export const watchers = {
  say: {
    label: "Say something",
    request: ({ text }: Text) => ({ text }),
    response: add,
  } satisfies Watcher<"say">,
  count: {
    label: "Count",
    request: data,
    response: add,
    ended: (document, how, from) => texts(...document.texts, `${from ?? "own"} ${how}`),
  } satisfies Watcher<"count">,
  finish: { label: "Finish", request: data, response: add },
  // A state that the page never sends.
  tick: { label: "Tick", response: add },
  bell: {
    label: "Bell",
    response: (document, { by }) => texts(...document.texts, `bell by ${by}`),
  },
} satisfies Watchers;

/** A socket to the page's own server. */
export function socketRequest(options: Partial<SocketOptions> = {}): SocketClient {
  return new SessionSocket({
    url: `${location.origin.replace("http", "ws")}/api/v1/socket`,
    token: () => Promise.resolve(null),
    contract: CONTRACT,
    ...options,
  });
}

export const PARTS = {
  contract: { fingerprint: CONTRACT, states: STATES },
  watchers,
  load: () => Promise.resolve({ apiSockets: { socketRequest } }),
} satisfies SessionParts;
