import { type OutputUnit, Validator } from "@cfworker/json-schema";

import type { Api } from "../client/rest";

/** A JSON Schema as in a document. */
export type Schema = Readonly<Record<string, unknown>>;

/** The requests of one state. */
export interface RequestSchema {
  /** Of the request's data; null when the state takes none. */
  readonly schema: Schema | null;
  /** Example data; null when there is none. */
  readonly example: unknown;
}

/** The server's contract: its states, and the document that `$ref`s refer to. */
export interface ContractDocument {
  readonly states: ReadonlyMap<string, RequestSchema>;
  readonly root: Schema;
}

/** A problem of the data. `path`: "address.0.street", or "" for the data as a whole. */
export interface Problem {
  readonly path: string;
  readonly text: string;
}

const RECEIVE = "receive-";

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys in a JSON pointer such as `#/components/schemas/Point`. */
function keysOf(pointer: string): string[] {
  const path = pointer.replace(/^#\/?/u, "");
  const keys = path === "" ? [] : path.split("/");
  return keys.map((key) => decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The target of a `$ref`, which is a JSON pointer; undefined when there is none. */
export function resolve(root: unknown, reference: string): unknown {
  return keysOf(reference).reduce(
    (at, key) => (isRecord(at) || Array.isArray(at) ? Reflect.get(at, key) : undefined) as unknown,
    root,
  );
}

/** Follows references to their target. */
function follow(root: unknown, value: unknown): unknown {
  let at = value;
  for (let depth = 0; depth < 10 && isRecord(at) && typeof at["$ref"] === "string"; depth += 1) {
    at = resolve(root, at["$ref"]);
  }
  return at;
}

/** Reads the server's AsyncAPI 3 document. */
export function readDocument(root: Schema): ContractDocument {
  const operations = isRecord(root["operations"]) ? root["operations"] : {};
  const states = new Map<string, RequestSchema>();
  for (const [name, operation] of Object.entries(operations)) {
    if (!name.startsWith(RECEIVE) || !isRecord(operation)) continue;
    const messages = Array.isArray(operation["messages"])
      ? (operation["messages"] as unknown[])
      : [];
    const message = follow(root, messages[0]);
    if (!isRecord(message)) continue;
    const schema = resolve(message, "#/payload/properties/data");
    states.set(name.slice(RECEIVE.length), {
      schema: isRecord(schema) ? schema : null,
      example: resolve(message, "#/examples/0/payload/data") ?? null,
    });
  }
  return { states, root };
}

/**
 * Fetches the server's contract.
 * @throws {ApiError} when the server does not publish it, or cannot be reached
 */
export async function fetchDocument(api: Api): Promise<ContractDocument> {
  return readDocument(await api.request<Schema>("/asyncapi.json", { token: false }));
}

/** Errors of these keywords repeat an error of something inside, which is listed too. */
const OUTER: readonly string[] = ["properties", "items", "$ref", "allOf", "additionalProperties"];

/** The parts of `data` that do not fit the schema; `root` is the document that references refer to. */
export function check(data: unknown, schema: Schema, root: Schema): Problem[] {
  // The document as a whole is not a schema: the validator gets only its named types.
  const whole = { ...schema, components: root["components"] };
  let errors: OutputUnit[];
  try {
    // All problems, not only the first.
    ({ errors } = new Validator(whole, "7", false).validate(data));
  } catch {
    // A pattern that JavaScript does not understand. The server validates the data anyway.
    return [];
  }
  const inner = errors.filter(({ keyword }) => !OUTER.includes(keyword));
  const listed = inner.length > 0 ? inner : errors;
  return listed.map(({ instanceLocation, error }) => ({
    path: keysOf(instanceLocation).join("."),
    text: error,
  }));
}
