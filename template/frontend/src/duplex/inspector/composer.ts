import { currentApp } from "../app";
import type { Requests, StateName } from "../client/contract";
import { createStore, type Readable } from "../client/stores";
import { SessionError } from "../client/types";
import { liveSession, stateNames } from "../session/live";
import type { SessionStore } from "../session/store";
import { problemOf } from "../ui/toasts";
import {
  check,
  type ContractDocument,
  fetchDocument,
  isRecord,
  type Problem,
  type RequestSchema,
} from "./asyncapi";
import { asJson, type Draft, draftOf, type Field, fieldOf, parse, pathsOf, valueOf } from "./form";

/** The form that sends one request. */
export interface Composition {
  /** The server's contract was loaded, or is not available. */
  readonly ready: boolean;
  /** The server's states; the page's own when the contract is not available. */
  readonly states: readonly string[];
  readonly state: string;
  /** The form of the state's schema; null when there is only JSON. */
  readonly field: Field | null;
  readonly draft: Draft | null;
  /** The data as text, while `field` is not used. */
  readonly json: string;
  readonly asJson: boolean;
  /** Problems of the data, found by the page or by the server. */
  readonly problems: readonly Problem[];
  /** The server's error, or why the data cannot be sent. */
  readonly error: string | null;
  /** The data does not fit the schema, but can be sent anyway. */
  readonly sendable: boolean;
  readonly sending: boolean;
  /** The reply to the last request. */
  readonly reply: string | null;
}

const NOTHING: Composition = {
  ready: false,
  states: [],
  state: "",
  field: null,
  draft: null,
  json: "{}",
  asJson: false,
  problems: [],
  error: null,
  sendable: false,
  sending: false,
  reply: null,
};

/** Clears the messages about data that was edited since. */
const CLEARED = { problems: [], error: null, sendable: false, reply: null } as const;

export interface Composer extends Readable<Composition> {
  /** Loads the server's contract. */
  load(): Promise<void>;
  choose(state: string): void;
  readonly edit: (draft: Draft) => void;
  editJson(text: string): void;
  /** Switches to JSON, or back to the form when the JSON can be read. */
  writeJson(on: boolean): void;
  /** Sends the data. `anyway`: even if it does not fit the schema. */
  send(anyway?: boolean): Promise<void>;
}

export function createComposer(
  session: Pick<SessionStore, "sendSocketRequest" | "getSnapshot">,
  fetchContract: () => Promise<ContractDocument>,
  fallback: () => readonly string[],
): Composer {
  const store = createStore<Composition>(NOTHING);
  let contract: ContractDocument | null = null;

  function patch(changes: Partial<Composition>): void {
    store.set({ ...store.getSnapshot(), ...changes });
  }

  function requestSchema(state: string): RequestSchema | null {
    return contract?.states.get(state) ?? null;
  }

  function choose(state: string): void {
    const request = requestSchema(state);
    const schema = request?.schema ?? null;
    const field = contract && schema ? fieldOf(schema, contract.root) : null;
    const example = request?.example;
    patch({
      ...CLEARED,
      state,
      field,
      draft: field && draftOf(field, undefined, example),
      json: asJson(request === null ? {} : example),
      asJson: false,
    });
  }

  /** The present data and its problems. */
  function read(): { data: unknown; problems: Problem[]; readable: boolean } {
    const { field, draft, json, asJson, state } = store.getSnapshot();
    const unread: Problem[] = [];
    let data: unknown;
    if (field && draft && !asJson) data = valueOf(field, draft, unread);
    else {
      const { value, problem } = parse(json);
      data = value;
      if (problem !== null) unread.push({ path: "", text: problem });
    }
    if (unread.length > 0) return { data, problems: unread, readable: false };
    const schema = requestSchema(state)?.schema;
    const problems = contract && schema ? check(data, schema, contract.root) : [];
    return { data, problems, readable: true };
  }

  async function send(anyway = false): Promise<void> {
    const { state, sending } = store.getSnapshot();
    if (sending || state === "") return;
    const { data, problems, readable } = read();
    if (!readable || (problems.length > 0 && !anyway)) {
      patch({ ...CLEARED, problems, sendable: readable });
      return;
    }
    if (session.getSnapshot().participant === null) {
      patch({ ...CLEARED, error: "There is no session on this page: start one first." });
      return;
    }
    patch({ ...CLEARED, sending: true });
    try {
      // Typed by the server's contract, which may be newer than the page's types.
      const reply: unknown = await session.sendSocketRequest(
        state as StateName,
        data as Requests[StateName],
      );
      patch({ sending: false, reply: asJson(reply) });
    } catch (error) {
      const details = error instanceof SessionError ? error.details : null;
      patch({ sending: false, error: problemOf(error), problems: problemsOf(details) });
    }
  }

  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    choose,
    send,
    async load() {
      if (contract !== null) return;
      try {
        contract = await fetchContract();
        patch({ ready: true, states: [...contract.states.keys()] });
      } catch {
        // Data can still be written as JSON, and the server validates it.
        patch({ ready: true, states: fallback() });
      }
      const { state, states } = store.getSnapshot();
      // In the order of the page: the server lists its states alphabetically.
      const first = fallback().find((name) => states.includes(name)) ?? states[0] ?? "";
      choose(states.includes(state) ? state : first);
    },
    edit(draft) {
      patch({ ...CLEARED, draft });
    },
    editJson(json) {
      patch({ ...CLEARED, json });
    },
    writeJson(on) {
      const { field, json } = store.getSnapshot();
      if (field === null) return;
      const { data, problems, readable } = read();
      if (on) patch({ ...CLEARED, asJson: true, json: asJson(data ?? null) });
      else if (!readable) patch({ ...CLEARED, problems });
      else patch({ ...CLEARED, asJson: false, draft: draftOf(field, parse(json).value) });
    },
  };
}

/** A form for the requests of the page's session, built from the server's contract. */
export const createContractComposer = (): Composer =>
  createComposer(liveSession, () => fetchDocument(currentApp().api), stateNames);

/** The problems that the server lists in an error's details. */
function problemsOf(details: unknown): Problem[] {
  const listed = isRecord(details) ? details["problems"] : null;
  if (!Array.isArray(listed)) return [];
  return (listed as unknown[]).filter(isRecord).map(({ field, problem }) => ({
    path: String(field),
    text: String(problem),
  }));
}

/** The problems that are not shown at a field or in the error, each with its path. */
export function elsewhere({ field, draft, asJson, problems, error }: Composition): string[] {
  const paths = new Set(field && draft && !asJson ? pathsOf(field, draft, "") : []);
  return problems
    .filter(({ path, text }) => !paths.has(path) && error?.includes(text) !== true)
    .map(({ path, text }) => (path === "" ? text : `${path}: ${text}`));
}
