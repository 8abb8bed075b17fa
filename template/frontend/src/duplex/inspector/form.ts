import { isRecord, type Problem, resolve, type Schema } from "./asyncapi";

/** How a field is edited. `json`: types without a form, such as unions and dictionaries. */
type FieldKind =
  | { readonly kind: "text" | "number" | "integer" | "boolean" | "json" }
  | { readonly kind: "choice"; readonly options: readonly unknown[] }
  | { readonly kind: "object"; readonly fields: readonly Field[] }
  | { readonly kind: "list"; readonly item: Field };

/** One field of a form, built from a schema. */
export type Field = FieldKind & {
  /** Empty for the whole data and for a list's items. */
  readonly name: string;
  readonly description: string | null;
  /** May be left out. */
  readonly optional: boolean;
  readonly nullable: boolean;
  readonly schema: Schema;
};

/** The input so far. Immutable. */
export interface Draft {
  readonly mode: "value" | "null" | "out";
  /** The typed text; for a choice the number of its option, for a boolean "true" or "false". */
  readonly text: string;
  readonly fields: Readonly<Record<string, Draft>>;
  readonly items: readonly Draft[];
}

/** How deep types are nested as fields; deeper ones are edited as JSON. */
const DEEPEST = 6;

/** The form of a schema. `root` is the document that references refer to. */
export function fieldOf(schema: Schema, root: Schema): Field {
  return build({ schema, root, name: "", optional: false, depth: 0 });
}

interface Building {
  schema: Schema;
  root: Schema;
  name: string;
  optional: boolean;
  depth: number;
}

function build({ schema: given, root, name, optional, depth }: Building): Field {
  const { schema, nullable } = plain(given, root);
  const description = schema["description"];
  return {
    ...kindOf(schema, root, depth),
    name,
    optional,
    nullable,
    description: typeof description === "string" ? description : null,
    schema: given,
  };
}

/** Resolves references, and takes `null` out of a choice of two. */
function plain(given: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  let schema = given;
  let nullable = false;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const { $ref, allOf, anyOf, oneOf, ...beside } = schema;
    const choices = anyOf ?? oneOf;
    let inner: unknown;
    if (typeof $ref === "string") inner = resolve(root, $ref);
    else if (Array.isArray(allOf) && allOf.length === 1) inner = allOf[0];
    else if (Array.isArray(choices)) {
      const others = choices.filter((one) => !isRecord(one) || one["type"] !== "null") as unknown[];
      if (others.length === choices.length || others.length !== 1) break;
      nullable = true;
      inner = others[0];
    }
    if (!isRecord(inner)) break;
    schema = { ...inner, ...beside };
  }
  return { schema, nullable };
}

function kindOf(schema: Schema, root: Schema, depth: number): FieldKind {
  if ("const" in schema) return { kind: "choice", options: [schema["const"]] };
  if (Array.isArray(schema["enum"])) return { kind: "choice", options: schema["enum"] };
  switch (schema["type"]) {
    case "string":
      return { kind: "text" };
    case "number":
    case "integer":
    case "boolean":
      return { kind: schema["type"] };
    case "array":
      if (!isRecord(schema["items"]) || depth >= DEEPEST) return { kind: "json" };
      return { kind: "list", item: part(schema["items"], root, "", false, depth) };
    case "object":
      return objectOf(schema, root, depth);
    default:
      return { kind: "json" };
  }
}

function objectOf(schema: Schema, root: Schema, depth: number): FieldKind {
  const { properties, additionalProperties } = schema;
  if (!isRecord(properties) || isRecord(additionalProperties) || depth >= DEEPEST) {
    const empty = additionalProperties === false && properties === undefined;
    return empty ? { kind: "object", fields: [] } : { kind: "json" };
  }
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  const fields = Object.entries(properties)
    .filter((entry): entry is [string, Schema] => isRecord(entry[1]))
    .map(([name, inner]) => part(inner, root, name, !required.includes(name), depth));
  return { kind: "object", fields };
}

const part = (
  schema: Schema,
  root: Schema,
  name: string,
  optional: boolean,
  depth: number,
): Field => build({ schema, root, name, optional, depth: depth + 1 });

const EMPTY: Draft = { mode: "value", text: "", fields: {}, items: [] };

/**
 * A draft that holds `value`; without one, the schema's default, or as little as is allowed.
 * `example` fills required fields without a default, and fields that are edited as JSON.
 */
export function draftOf(field: Field, value?: unknown, example?: unknown): Draft {
  const given = value === undefined ? initial(field, example) : value;
  if (given === null && field.nullable)
    return { ...startOf(field, undefined, example), mode: "null" };
  const start = startOf(field, given, example);
  return given === undefined && field.optional ? { ...start, mode: "out" } : start;
}

/** The value that a field begins with; the fields of an object, and JSON, find theirs themselves. */
function initial(field: Field, example: unknown): unknown {
  const { kind, optional, schema } = field;
  if ("default" in schema) return schema["default"];
  return kind === "object" || kind === "json" || optional ? undefined : example;
}

function startOf(field: Field, given: unknown, example: unknown): Draft {
  switch (field.kind) {
    case "text":
    case "number":
    case "integer":
      return { ...EMPTY, text: given === undefined ? "" : asText(given) };
    case "boolean":
      return { ...EMPTY, text: given === true ? "true" : "false" };
    case "choice":
      return {
        ...EMPTY,
        text: String(
          Math.max(
            0,
            field.options.findIndex((one) => same(one, given)),
          ),
        ),
      };
    case "json":
      return { ...EMPTY, text: asJson(given === undefined ? (example ?? null) : given) };
    case "list": {
      const items = Array.isArray(given) ? (given as unknown[]) : [];
      return { ...EMPTY, items: items.map((item) => draftOf(field.item, item)) };
    }
    case "object": {
      const [values, examples] = [given, example].map((one) => (isRecord(one) ? one : {}));
      // A field that the given object does not have is left out.
      const fields = field.fields.map((inner) => {
        const draft = draftOf(inner, own(values, inner.name), own(examples, inner.name));
        const left = isRecord(given) && inner.optional && !Object.hasOwn(given, inner.name);
        return [inner.name, left ? { ...draft, mode: "out" as const } : draft] as const;
      });
      return { ...EMPTY, fields: Object.fromEntries(fields) };
    }
  }
}

/**
 * The data of a draft; undefined when it is left out. Input that cannot be read is reported in
 * `problems`.
 */
export function valueOf(field: Field, draft: Draft, problems: Problem[], path = ""): unknown {
  if (draft.mode === "out") return undefined;
  if (draft.mode === "null") return null;
  switch (field.kind) {
    case "text":
      return draft.text;
    case "boolean":
      return draft.text === "true";
    case "choice":
      return field.options[Number(draft.text)];
    case "number":
    case "integer": {
      const number = draft.text.trim() === "" ? NaN : Number(draft.text);
      if (!Number.isFinite(number)) problems.push({ path, text: "Enter a number." });
      else if (field.kind === "integer" && !Number.isInteger(number)) {
        problems.push({ path, text: "Enter a whole number." });
      }
      return number;
    }
    case "json": {
      const { value, problem } = parse(draft.text);
      if (problem !== null) problems.push({ path, text: problem });
      return value;
    }
    case "list":
      return draft.items.map((item, index) =>
        valueOf(field.item, item, problems, join(path, index)),
      );
    case "object":
      return Object.fromEntries(
        field.fields.flatMap((inner) => {
          const value = valueOf(
            inner,
            draft.fields[inner.name] ?? EMPTY,
            problems,
            join(path, inner.name),
          );
          return value === undefined ? [] : [[inner.name, value]];
        }),
      );
  }
}

/** Parses JSON; `problem` is a sentence about a syntax error. */
export function parse(text: string): { value: unknown; problem: string | null } {
  try {
    return { value: JSON.parse(text) as unknown, problem: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { value: undefined, problem: `This is not JSON: ${why}.` };
  }
}

/** A value as indented JSON. */
export const asJson = (value: unknown): string => JSON.stringify(value, null, 2);

/** The path of `key` inside `path`. */
export const join = (path: string, key: string | number): string =>
  path === "" ? String(key) : `${path}.${key}`;

/** An object's own value at `name`: a field may have the name of an inherited method. */
const own = (values: Schema | undefined, name: string): unknown =>
  values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;

const asText = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** The problems of the field at `path` itself, as sentences. */
export function problemsAt(problems: readonly Problem[], path: string): string[] {
  return problems.filter((problem) => problem.path === path).map(({ text }) => text);
}

/** The paths of a form's fields: of the form itself (""), and of all that it shows. */
export function pathsOf(field: Field, draft: Draft, path: string): string[] {
  if (draft.mode !== "value") return [path];
  if (field.kind === "list") {
    const inner = draft.items.flatMap((item, index) =>
      pathsOf(field.item, item, join(path, index)),
    );
    return [path, ...inner];
  }
  if (field.kind !== "object") return [path];
  const inner = field.fields.flatMap((one) => {
    const its = draft.fields[one.name];
    return its === undefined ? [] : pathsOf(one, its, join(path, one.name));
  });
  return [path, ...inner];
}
