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

const RECEIVE = "receive-";

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The target of a `$ref` such as `#/components/schemas/Point`; undefined when there is none. */
export function resolve(root: unknown, reference: string): unknown {
  return reference
    .replace(/^#\/?/u, "")
    .split("/")
    .filter((part) => part !== "")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce(
      (at, part) =>
        (isRecord(at) || Array.isArray(at) ? Reflect.get(at, part) : undefined) as unknown,
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
