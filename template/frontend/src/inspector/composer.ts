import type { Requests, StateName } from "../api/contract";
import { SessionError } from "../api/websocketAPI";
import type { SessionStore } from "../session/sessionStore";
import { problemOf } from "../ui/problem";
import { createStore, type Readable } from "../ui/store";
import { check } from "./check";
import { type ContractDocument, isRecord, type RequestSchema } from "./document";
import {
  asJson,
  type Draft,
  draftOf,
  type Field,
  fieldOf,
  parse,
  type Problem,
  valueOf,
} from "./form";

/** The form that sends one request. */
export interface Composition {
  /** The server has been asked for its states: what is filled in now stays. */
  readonly ready: boolean;
  /** The states that the server has, or those of the page when it does not say. */
  readonly states: readonly string[];
  readonly state: string;
  /** Made of the state's schema; null when only JSON can be written. */
  readonly field: Field | null;
  readonly draft: Draft | null;
  /** The data as text, while `field` is not used. */
  readonly json: string;
  readonly asJson: boolean;
  /** What is wrong with the data, found here or by the server. */
  readonly problems: readonly Problem[];
  /** What the server said of all of it, or why it cannot be sent. */
  readonly error: string | null;
  /** The data does not fit the schema, but could be sent to see what the server says. */
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

/** Something that was said about data that is edited now. */
const UNSAID = { problems: [], error: null, sendable: false, reply: null } as const;

export interface Composer extends Readable<Composition> {
  /** Asks the server which states there are and what they take. */
  load(): Promise<void>;
  choose(state: string): void;
  readonly edit: (draft: Draft) => void;
  editJson(text: string): void;
  /** Goes over to JSON, or back to the form when the JSON is one. */
  writeJson(on: boolean): void;
  /** Sends what is filled in. `anyway`: also what does not fit the schema. */
  send(anyway?: boolean): Promise<void>;
}

export function createComposer(
  session: Pick<SessionStore, "sendSocketRequest" | "getSnapshot">,
  fetchDocument: () => Promise<ContractDocument>,
  fallback: readonly string[],
): Composer {
  const store = createStore<Composition>({ ...NOTHING, states: fallback });
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
      ...UNSAID,
      state,
      field,
      draft: field && draftOf(field, undefined, example),
      json: asJson(request === null ? {} : example),
      asJson: false,
    });
  }

  /** The data that is filled in, with what is wrong with it. */
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
      patch({ ...UNSAID, problems, sendable: readable });
      return;
    }
    if (session.getSnapshot().participant === null) {
      patch({ ...UNSAID, error: "There is no session on this page: start one first." });
      return;
    }
    patch({ ...UNSAID, sending: true });
    try {
      // The state and its data are what the server's contract says; the page's own may be older.
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
        contract = await fetchDocument();
        patch({ ready: true, states: [...contract.states.keys()] });
      } catch {
        // Data can still be written as JSON, and the server checks it.
        patch({ ready: true });
      }
      const { state, states } = store.getSnapshot();
      choose(states.includes(state) ? state : (states[0] ?? ""));
    },
    edit(draft) {
      patch({ ...UNSAID, draft });
    },
    editJson(json) {
      patch({ ...UNSAID, json });
    },
    writeJson(on) {
      const { field, json } = store.getSnapshot();
      if (field === null) return;
      const { data, problems, readable } = read();
      if (on) patch({ ...UNSAID, asJson: true, json: asJson(data ?? null) });
      else if (!readable) patch({ ...UNSAID, problems });
      else patch({ ...UNSAID, asJson: false, draft: draftOf(field, parse(json).value) });
    },
  };
}

/** The fields that the server did not like, as it lists them in an error's details. */
function problemsOf(details: unknown): Problem[] {
  const listed = isRecord(details) ? details["problems"] : null;
  if (!Array.isArray(listed)) return [];
  return (listed as unknown[]).filter(isRecord).map(({ field, problem }) => ({
    path: String(field),
    text: String(problem),
  }));
}
