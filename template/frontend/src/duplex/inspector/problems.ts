import { type OutputUnit, Validator } from "@cfworker/json-schema";

import type { Schema } from "./asyncapi";
import { type Draft, type Field, join, type Problem } from "./form";

/** Errors of these keywords repeat an error of something inside, which is listed too. */
const OUTER: readonly string[] = ["properties", "items", "$ref", "allOf", "additionalProperties"];

/** The parts of `data` that do not fit the schema; `root` is the document that references refer to. */
export function check(data: unknown, schema: Schema, root: Schema): Problem[] {
  // The document as a whole is no schema: the validator gets only its named types.
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
  const told = inner.length > 0 ? inner : errors;
  return told.map(({ instanceLocation, error }) => ({
    path: pathOf(instanceLocation),
    text: error,
  }));
}

/** "#/address/0" as "address.0". */
function pathOf(pointer: string): string {
  return pointer
    .replace(/^#\/?/u, "")
    .split("/")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}

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
